/* SPDX-License-Identifier: Apache-2.0 */
/* flow_export: see flow_export.h. */
#include "lab/flow_export.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "lab/put.h"

#define HOLD_NS NS_PER_S
/* Of a set that is padded to whole words. */
#define PADDING 3

uint8_t *flow_export_fields(uint8_t *at, const uint16_t (*fields)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		at = put16(put16(at, fields[i][0]), fields[i][1]);
	return at;
}

uint8_t *flow_export_set_end(uint8_t *set, uint8_t *at)
{
	at = put_zeros(at, (size_t)(set - at) & 3);
	put16(set + 2, (uint16_t)(at - set));
	return at;
}

static void flush(struct flow_export *export)
{
	if (export->records == 0)
		return;
	if (export->set)
		export->at = flow_export_set_end(export->set, export->at);
	size_t len = (size_t)(export->at - export->data);

	export->format->header(export, export->now_ns, len);
	const struct lab_datagram datagram = { .time_ns = export->now_ns,
					       .exporter = &export->exporter.address,
					       .data = export->data,
					       .len = len,
					       .wire_len = len,
					       .port = export->format->port };
	export->sink.datagram(export->sink.self, &datagram);
	export->sequence += export->format->counts_records ? export->units : 1;
	export->at = export->data + export->format->header_len;
	export->set = NULL;
	export->records = 0;
	export->units = 0;
}

/* Templates and rate, in a datagram of their own, if it is time for them. */
static void announce_if_due(struct flow_export *export)
{
	const struct lab_exporter *exporter = &export->exporter;
	uint64_t now_ns = export->now_ns;
	uint32_t rate = lab_exporter_announced(exporter, now_ns);
	bool withheld = now_ns >= exporter->templates_off_ns && now_ns < exporter->templates_on_ns;

	if (withheld || (now_ns < export->announce_ns && rate == export->announced))
		return;
	flush(export);
	export->at = export->format->announce(export, export->at, rate);
	flush(export);
	export->announced = rate;
	export->announce_ns =
		exporter->template_every_ns ? now_ns + exporter->template_every_ns : UINT64_MAX;
}

/* What a router forgets when it is switched on again. */
static void restart_if_due(struct flow_export *export)
{
	struct lab_exporter *exporter = &export->exporter;

	if (export->restarted || exporter->restart_ns == 0 || export->now_ns < exporter->restart_ns)
		return;
	lab_flow_cache_forget(export->cache);
	export->restarted = true;
	export->records = 0;
	export->units = 0;
	export->set = NULL;
	export->at = export->data + export->format->header_len;
	export->sequence = 0;
	export->ids = EXPORT_RESTARTED;
	export->announce_ns = 0;
	exporter->boot_ns = exporter->restart_ns;
}

static void go_on(struct flow_export *export, uint64_t now_ns)
{
	export->now_ns = now_ns;
	restart_if_due(export);
	if (export->records && now_ns - export->first_ns >= HOLD_NS)
		flush(export);
	announce_if_due(export);
}

/* A set of records with @id has to be open. */
static void set_begin(struct flow_export *export, uint16_t id)
{
	if (export->set && export->set_id == id)
		return;
	if (export->set)
		export->at = flow_export_set_end(export->set, export->at);
	export->set = export->at;
	export->set_id = id;
	export->at = put16(put16(export->at, id), 0);
}

static void take_flow(void *self, const struct lab_flow *flow, uint64_t now_ns)
{
	struct flow_export *export = self;
	bool v4 = ip_is_v4(&flow->src) && ip_is_v4(&flow->dst);
	size_t len = PADDING + EXPORT_SET_HEADER + export->format->record_len[!v4] + PADDING;

	export->now_ns = now_ns;
	if (export->at + len > export->data + sizeof(export->data))
		flush(export);
	if (export->records == 0)
		export->first_ns = now_ns;
	set_begin(export, (uint16_t)((v4 ? EXPORT_TEMPLATE_V4 : EXPORT_TEMPLATE_V6) + export->ids));
	export->at = export->format->record(export, export->at, flow);
	export->records++;
	export->units++;
}

void flow_export_flow(void *state, const struct lab_flow *flow, uint64_t now_ns)
{
	go_on(state, now_ns);
	take_flow(state, flow, now_ns);
}

void flow_export_packet(void *state, const struct lab_packet *packet)
{
	struct flow_export *export = state;

	go_on(export, packet->time_ns);
	lab_flow_cache_packet(export->cache, packet);
}

void flow_export_time(void *state, uint64_t now_ns, uint64_t pool, uint64_t octets)
{
	struct flow_export *export = state;

	(void)pool;
	(void)octets;
	go_on(export, now_ns);
	lab_flow_cache_time(export->cache, now_ns);
}

int flow_export_open(const struct flow_format *format, const struct lab_exporter *exporter,
		     const struct lab_sink *sink, void **ret_state)
{
	struct flow_export *export = exporter->sampling ? calloc(1, sizeof(*export)) : NULL;

	if (!export)
		return exporter->sampling ? -ENOMEM : -EINVAL;
	export->format = format;
	export->exporter = *exporter;
	export->sink = *sink;
	export->at = export->data + format->header_len;
	const struct lab_flow_sink flows = { .flow = take_flow, .self = export };
	int r = lab_flow_cache_new(exporter, &flows, &export->cache);
	if (r < 0) {
		free(export);
		return r;
	}
	*ret_state = export;
	return 0;
}

void flow_export_close(void *state)
{
	struct flow_export *export = state;

	if (!export)
		return;
	if (export->now_ns)
		lab_flow_cache_flush(export->cache, export->now_ns);
	flush(export);
	lab_flow_cache_free(export->cache);
	free(export);
}
