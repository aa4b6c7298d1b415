/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_read: the packets of a capture file become flows, either through the
 * decoders (telemetry) or one for each IP packet.
 *
 * A capture has no exporter: flows of packets belong to one with address zero.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "ingest/capture.h"
#include "ingest/batch.h"

/** Packets between two calls of the progress hook. */
#define PROGRESS_PACKETS 4096

/** One run over one file. */
struct reading {
	const struct capture_request *request;
	struct capture *capture;
	struct decode_state *state;
	const struct flow_sink *sink;
	struct capture_stats *stats;
	enum capture_kind kind;
	const struct decoder *decoder; /**< NULL: recognise each datagram */
	uint64_t now_ns;
};

int capture_datagram(const struct capture_packet *packet, struct datagram *ret_datagram)
{
	struct packet_udp udp;
	int r = packet_udp(&packet->view, &udp);

	if (r < 0)
		return r;
	if (udp.fragment)
		return -(int)REASON_FRAGMENT - 1;
	*ret_datagram = (struct datagram){
		.data = udp.data,
		.len = udp.len,
		.src = udp.src,
		.sport = udp.sport,
		.dport = udp.dport,
		.received_ns = packet->time_ns,
	};
	return 0;
}

static void use_datagram(struct reading *reading, const struct capture_packet *packet)
{
	struct capture_stats *stats = reading->stats;
	struct datagram datagram;
	int r = capture_datagram(packet, &datagram);

	if (r == -(int)REASON_FRAGMENT - 1) {
		reading->state->undecodable[REASON_FRAGMENT]++;
		stats->fragments++;
	} else if (r < 0) {
		stats->others++;
	} else {
		stats->datagrams++;
		stats->flows += (unsigned)decode_datagram(reading->state, reading->decoder,
							  &datagram, reading->sink);
	}
}

static void use_packet(struct reading *reading, const struct capture_packet *packet)
{
	const struct datagram none = { .received_ns = packet->time_ns };
	struct exporter *exporter = exporter_of(reading->state, &none, FLOW_PACKET, 0);

	if (!exporter)
		return;
	struct flow *flow = flow_begin(reading->state, exporter, &none);
	int r = packet_parse(&packet->view, flow);
	if (r < 0) {
		exporter->stats.undecodable[-r - 1]++;
		return;
	}
	flow->start_ns = packet->time_ns;
	flow->end_ns = packet->time_ns;
	flow->has |= FLOW_HAS_START | FLOW_HAS_END;
	flow_commit(reading->state, exporter, 1, SAMPLING_HEADER);
	reading->stats->flows++;
}

static void tell_progress(const struct reading *reading)
{
	const struct capture_hooks *hooks = &reading->request->hooks;
	uint64_t done, total;

	if (!hooks->progress)
		return;
	capture_progress(reading->capture, &done, &total);
	hooks->progress(hooks->self, done, total);
}

/** The clock goes on; what was found before it must be with the sink. */
static void tell_time(struct reading *reading, uint64_t time_ns)
{
	const struct capture_hooks *hooks = &reading->request->hooks;
	struct capture_stats *stats = reading->stats;

	if (stats->packets == 0 || time_ns < stats->first_ns)
		stats->first_ns = time_ns;
	if (time_ns + NS_PER_S < stats->last_ns)
		stats->late++;
	if (time_ns > stats->last_ns)
		stats->last_ns = time_ns;
	if (!hooks->time)
		return;
	flow_flush(reading->state);
	if (time_ns > reading->now_ns)
		reading->now_ns = time_ns;
	hooks->time(hooks->self, reading->now_ns);
}

static bool is_stopped(const struct reading *reading)
{
	const struct capture_hooks *hooks = &reading->request->hooks;

	return hooks->stop && hooks->stop(hooks->self);
}

static int read_all(struct reading *reading, struct text *error)
{
	struct capture_packet packet;
	int r = -EINTR;

	while (!is_stopped(reading) && (r = capture_next(reading->capture, &packet, error)) > 0) {
		tell_time(reading, packet.time_ns);
		reading->stats->packets++;
		/* decode_datagram() sets and clears the sink by itself. */
		reading->state->sink = reading->sink;
		if (reading->kind == CAPTURE_TELEMETRY)
			use_datagram(reading, &packet);
		else
			use_packet(reading, &packet);
		if (reading->stats->packets % PROGRESS_PACKETS == 0)
			tell_progress(reading);
	}
	flow_flush(reading->state);
	reading->state->sink = NULL;
	tell_progress(reading);
	return r > 0 || is_stopped(reading) ? -EINTR : r;
}

/** What the caller wants; -EINVAL with the names there are. */
static int choose(struct reading *reading, struct text *error)
{
	const char *as = reading->request->as;

	if (!as || strcmp(as, CAPTURE_AS_PACKETS) == 0)
		return 0;
	reading->decoder = decoder_find(as);
	if (reading->decoder)
		return 0;
	text_addf(error, "there is no decoder '%s'; there are: %s", as, CAPTURE_AS_PACKETS);
	for (const struct decoder *const *d = decoder_registry; *d; d++)
		text_addf(error, ", %s", (*d)->name);
	return -EINVAL;
}

int capture_read(const struct capture_request *request, struct decode_state *state,
		 const struct flow_sink *sink, struct capture_stats *stats, struct text *error)
{
	struct reading reading = {
		.request = request,
		.state = state,
		.sink = sink,
		.stats = stats,
		.now_ns = stats->last_ns,
	};
	int r = choose(&reading, error);

	if (r < 0) {
		if (request->stream)
			fclose(request->stream);
		return r;
	}
	r = capture_open(request->path, request->stream, error, &reading.capture);
	if (r < 0)
		return r;
	if (reading.decoder)
		reading.kind = CAPTURE_TELEMETRY;
	else
		reading.kind = request->as ? CAPTURE_PACKETS : capture_kind(reading.capture);
	stats->kind = reading.kind;
	r = read_all(&reading, error);
	capture_close(reading.capture);
	return r;
}
