/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sender: options in, datagrams out, each burst from the next exporter.
 *
 * A burst is one sendmmsg(): a datagram a message, or with UDP_SEGMENT one message that
 * the kernel cuts into datagrams. Falling behind a rate is not made good later: what
 * a burst would then show is the receiver's buffer, not its speed.
 */
#include "flowsend.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "fence.h"

#define BURST            32
#define BURST_NS         500000ULL   /* of time that one burst stands for, at low rates */
#define FORGIVEN_NS      20000000ULL /* behind by more than this is given up */
#define REFUSALS_AT_MOST 1000
#define BOOTED_BEFORE_NS (3600 * NS_PER_S)

struct lane {
	int fd;
	uint32_t group;
	uint64_t announce_due_ns;
	struct wire_source source;
	struct flowsend_counts *counts;
	uint8_t *slots; /* laid out for this exporter */
};

struct sender {
	const struct flowsend_options *options;
	struct flowsend_result *result;
	struct feed feed;
	struct lane lanes[EXPORTERS_MAX];
	uint32_t burst;    /* datagrams */
	uint64_t made;     /* records, withheld ones included */
	uint64_t start_ns; /* monotonic; moves forward when it falls behind */
	uint64_t began_ns;
	uint64_t restart_due_ns;
	struct mmsghdr messages[GSO_MAX];
	struct iovec vectors[GSO_MAX];
};

static uint64_t wall_ns(void)
{
	return clock_wall_ns();
}

static void boot(struct sender *s, uint64_t before_ns)
{
	for (uint32_t i = 0; i < s->options->exporters; i++) {
		struct wire_source *source = &s->lanes[i].source;
		source->sequence = 0;
		source->samples = 0;
		/* Each at its own time, as routers are. */
		source->boot_ns = wall_ns() - before_ns - i * 977 * NS_PER_MS;
		s->lanes[i].announce_due_ns = 0;
	}
}

static int open_lane(struct sender *s, uint32_t index)
{
	const struct flowsend_options *o = s->options;
	struct lane *lane = &s->lanes[index];
	struct sockaddr_in from = o->from;

	from.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + index);
	lane->source = (struct wire_source){ .address = ntohl(from.sin_addr.s_addr),
					     .number = index + 1,
					     .sampling = o->sampling,
					     .packets = o->packets };
	lane->counts = &s->result->exporter[index];
	lane->group = index % (o->feed.groups ? o->feed.groups : 1);
	lane->slots = calloc(s->burst, o->wire->len);
	if (!lane->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->burst; i++)
		o->wire->lay(lane->slots + (size_t)i * o->wire->len, &lane->source);
	lane->fd = fence_socket(&from, &o->to);
	return lane->fd < 0 ? lane->fd : 0;
}

/* One send on the lane, which may take fewer messages than asked. Return: messages, or negative. */
static int send_messages(struct sender *s, struct lane *lane, unsigned count)
{
	unsigned done = 0;

	while (done < count) {
		int sent = sendmmsg(lane->fd, s->messages + done, count - done, 0);
		if (sent > 0) {
			done += (unsigned)sent;
			continue;
		}
		if (errno == EINTR || errno == ENOBUFS || errno == EAGAIN)
			continue;
		if (errno != ECONNREFUSED || ++s->result->refused > REFUSALS_AT_MOST)
			return -errno;
	}
	return (int)done;
}

static void count_sent(struct lane *lane, uint64_t datagrams, uint64_t records, uint64_t bytes)
{
	lane->counts->datagrams += datagrams;
	lane->counts->records += records;
	lane->counts->bytes += bytes;
}

static int announce(struct sender *s, struct lane *lane, uint64_t mono_ns)
{
	uint8_t datagram[WIRE_LEN_MAX];

	if (!s->options->wire->announce || mono_ns < lane->announce_due_ns)
		return 0;
	lane->announce_due_ns = mono_ns + s->options->announce_ns;
	size_t len = s->options->wire->announce(datagram, &lane->source);
	s->vectors[0] = (struct iovec){ .iov_base = datagram, .iov_len = len };
	s->messages[0].msg_hdr = (struct msghdr){ .msg_iov = &s->vectors[0], .msg_iovlen = 1 };
	int sent = send_messages(s, lane, 1);
	if (sent < 0)
		return sent;
	lane->counts->announced++;
	count_sent(lane, 1, 0, len);
	return 0;
}

static bool is_withheld(struct sender *s)
{
	uint32_t permille = s->options->withhold_permille;

	return permille && hash_words(s->made, 7, s->options->feed.seed) % 1000 < permille;
}

/* Make up to @wanted datagrams. Return: how many of them are to be sent. */
static unsigned make(struct sender *s, struct lane *lane, unsigned wanted)
{
	const struct wire *wire = s->options->wire;
	struct sight sights[WIRE_RECORDS_MAX];
	unsigned kept = 0;

	for (unsigned i = 0; i < wanted; i++) {
		feed_next(&s->feed, lane->group, sights, wire->records);
		wire->fill(lane->slots + (size_t)kept * wire->len, &lane->source, sights);
		s->made += wire->records;
		if (is_withheld(s)) {
			lane->counts->withheld_datagrams++;
			lane->counts->withheld_records += wire->records;
		} else {
			kept++;
		}
	}
	return kept;
}

static int send_burst(struct sender *s, struct lane *lane, unsigned wanted)
{
	const struct wire *wire = s->options->wire;
	unsigned kept = make(s, lane, wanted);
	unsigned each = s->options->gso ? kept : 1;
	unsigned count = kept / (each ? each : 1);
	union {
		struct cmsghdr head;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
				.cmsg_level = SOL_UDP,
				.cmsg_type = UDP_SEGMENT } };

	memcpy(CMSG_DATA(&control.head), &wire->len, sizeof(wire->len));
	for (unsigned i = 0; i < count; i++) {
		s->vectors[i] = (struct iovec){ .iov_base = lane->slots + (size_t)i * wire->len,
						.iov_len = (size_t)each * wire->len };
		s->messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &s->vectors[i], .msg_iovlen = 1 };
		if (each > 1) {
			s->messages[i].msg_hdr.msg_control = &control;
			s->messages[i].msg_hdr.msg_controllen = sizeof(control);
		}
	}
	int sent = send_messages(s, lane, count);
	if (sent < 0)
		return sent;
	count_sent(lane, kept, (uint64_t)kept * wire->records, (uint64_t)kept * wire->len);
	return 0;
}

/* Wait until the next burst is due. Return: the time then. */
static uint64_t keep_pace(struct sender *s, unsigned datagrams)
{
	uint64_t now_ns = clock_mono_ns();
	uint64_t after = s->made + (uint64_t)datagrams * s->options->wire->records;

	if (!s->options->rate)
		return now_ns;
	uint64_t due_ns = s->start_ns + (uint64_t)((double)after * 1e9 / (double)s->options->rate);
	if (due_ns > now_ns) {
		struct timespec due = { .tv_sec = (time_t)(due_ns / NS_PER_S),
					.tv_nsec = (long)(due_ns % NS_PER_S) };
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		return clock_mono_ns();
	}
	if (now_ns - due_ns > FORGIVEN_NS) {
		s->result->late_ns += now_ns - due_ns;
		s->start_ns += now_ns - due_ns;
	}
	return now_ns;
}

/* Datagrams of the next burst: fewer at low rates, and no more than are left. */
static unsigned next_burst(const struct sender *s)
{
	uint64_t records = s->options->wire->records;
	uint64_t left = (s->options->records - s->made + records - 1) / records;
	uint64_t burst = s->burst;

	if (s->options->rate) {
		uint64_t paced = s->options->rate * BURST_NS / NS_PER_S / records + 1;
		burst = paced < burst ? paced : burst;
	}
	return (unsigned)(left < burst ? left : burst);
}

static int send_all(struct sender *s)
{
	uint32_t turn = 0;

	for (;;) {
		unsigned burst = next_burst(s);
		if (burst == 0)
			return 0;
		uint64_t now_ns = keep_pace(s, burst);
		if (now_ns - s->began_ns >= s->options->duration_ns)
			return 0;
		if (s->restart_due_ns && now_ns >= s->restart_due_ns) {
			s->restart_due_ns = 0;
			/* Their first records may tell of a whole active timeout. */
			boot(s, s->options->feed.active_timeout_ms * NS_PER_MS + NS_PER_S);
		}
		struct lane *lane = &s->lanes[turn++ % s->options->exporters];
		lane->source.now_ns = wall_ns();
		int err = announce(s, lane, now_ns);
		if (!err)
			err = send_burst(s, lane, burst);
		if (err)
			return err;
	}
}

static void add_up(struct flowsend_result *result, uint32_t exporters)
{
	for (uint32_t i = 0; i < exporters; i++) {
		const struct flowsend_counts *c = &result->exporter[i];
		result->total.datagrams += c->datagrams;
		result->total.records += c->records;
		result->total.bytes += c->bytes;
		result->total.announced += c->announced;
		result->total.withheld_datagrams += c->withheld_datagrams;
		result->total.withheld_records += c->withheld_records;
	}
}

static void close_all(struct sender *s)
{
	for (uint32_t i = 0; i < s->options->exporters; i++) {
		if (s->lanes[i].fd >= 0)
			close(s->lanes[i].fd);
		free(s->lanes[i].slots);
	}
	feed_close(&s->feed);
	free(s);
}

int flowsend_run(const struct flowsend_options *options, struct flowsend_result *ret_result)
{
	struct sender *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	if (err)
		return err;
	*ret_result = (struct flowsend_result){ 0 };
	s->options = options;
	s->result = ret_result;
	s->burst = options->gso ? options->gso : BURST;
	for (uint32_t i = 0; i < options->exporters; i++)
		s->lanes[i].fd = -1;
	for (uint32_t i = 0; i < options->exporters && !err; i++)
		err = open_lane(s, i);
	if (!err)
		err = feed_open(&s->feed, &options->feed);
	if (!err) {
		uint64_t cpu_ns = clock_cpu_ns();
		boot(s, BOOTED_BEFORE_NS);
		s->began_ns = clock_mono_ns();
		s->start_ns = s->began_ns;
		s->restart_due_ns = options->restart_ns ? s->began_ns + options->restart_ns : 0;
		err = send_all(s);
		ret_result->elapsed_ns = clock_mono_ns() - s->began_ns;
		ret_result->cpu_ns = clock_cpu_ns() - cpu_ns;
		add_up(ret_result, options->exporters);
	}
	close_all(s);
	return err;
}
