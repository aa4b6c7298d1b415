/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowlog: pieces of a log in, records to the parser they belong to, flows to the sink.
 *
 * What is common to all clouds: lines, counting, the clock of a log, ages of flows, exporters.
 */
#include "ingest/flowlog/flowlog.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "ingest/flowlog/parse.h"

/** Ages are believed up to a day. */
#define AGE_MAX_NS    (86400 * NS_PER_S)
/** A flow of a whole day is a mistake; this is the longest interval any cloud has. */
#define IMPOSSIBLE_NS (600 * NS_PER_S)
/** What is over so lately, and lasted no longer, is traffic of now. */
#define PROMPT_NS     NS_PER_S
/** Fixed: the number of an exporter must be the same in each run. */
#define IDENTITY_SEED 0x666c6f776c6f6773U

struct flowlog *flowlog_new(void)
{
	return calloc(1, sizeof(struct flowlog)); /* banned-ok: taken once at open */
}

void flowlog_free(struct flowlog *log)
{
	free(log);
}

void flowlog_begin(struct flowlog *log, const struct flowlog_input *input)
{
	log->input = *input;
	log->layout = (struct aws_layout){ 0 };
	log->json = (struct json_place){ 0 };
	log->newest_ns = 0;
	log->line = 0;
	log->whole = 0;
	log->exporter = NULL;
}

void flowlog_clock(struct flowlog *log, uint64_t now_ns, uint64_t lag_ns)
{
	log->input.now_ns = now_ns;
	log->input.lag_ns = lag_ns;
}

void flowlog_refuse(struct flowlog *log, enum reason reason)
{
	struct flowlog_counts *counts = &log->counts;

	if (log->input.dry)
		return;
	log->input.state->undecodable[reason]++;
	if (counts->undecodable++ == 0) {
		counts->first_bad_line = log->line + 1;
		counts->first_bad_reason = reason;
	}
}

struct flow *record_begin(struct flowlog *log, enum flow_source source)
{
	log->record.flow = (struct flow){ .source = (uint8_t)source };
	log->record.identity_len = 0;
	log->record.least_ns = 0;
	return &log->record.flow;
}

void record_identity(struct flowlog *log, struct span identity)
{
	struct record *r = &log->record;

	r->identity_len = identity.len < IDENTITY_MAX ? identity.len : IDENTITY_MAX;
	if (r->identity_len)
		memcpy(r->identity, identity.at, r->identity_len);
}

void record_view(struct flowlog *log, const char *view)
{
	struct record *r = &log->record;
	size_t room = IDENTITY_MAX - r->identity_len;
	size_t len = strlen(view) < room ? strlen(view) : room;

	memcpy(r->identity + r->identity_len, view, len);
	r->identity_len += len;
}

/* The log's own clock: where the newest flow ended. Flows of before go first. */
static void advance(struct flowlog *log, uint64_t end_ns)
{
	uint64_t now_ns = log->input.now_ns;

	/* Nothing is believed that ends after it came. */
	if (now_ns && end_ns > now_ns + PROMPT_NS)
		return;
	if (end_ns > log->newest_ns)
		log->newest_ns = end_ns;
	if (now_ns) {
		uint64_t lag_ns = now_ns > end_ns ? now_ns - end_ns : 0;
		log->input.lag_ns = lag_ns < log->input.lag_ns ? lag_ns : log->input.lag_ns;
	}
	if (now_ns || log->input.dry || end_ns <= log->clock_ns)
		return;
	log->clock_ns = end_ns;
	if (!log->input.time)
		return;
	flow_flush(log->input.state);
	log->input.time(log->input.self, end_ns);
}

static uint32_t age_ms(uint64_t from_ns, uint64_t to_ns)
{
	uint64_t age_ns = to_ns > from_ns ? to_ns - from_ns : 0;

	return (uint32_t)((age_ns < AGE_MAX_NS ? age_ns : AGE_MAX_NS) / NS_PER_MS);
}

/*
 * How old it is on the log's clock. A start that cannot be is not believed, but a long flow is
 * never made a short one: that would be a burst.
 */
static void set_ages(const struct record *r, uint64_t clock_ns, struct flow *flow)
{
	uint64_t end_ns = flow->has & FLOW_HAS_END ? flow->end_ns : clock_ns;
	uint64_t lasted_ns = r->least_ns;

	if (flow->has & FLOW_HAS_START) {
		lasted_ns = end_ns - flow->start_ns;
		if (flow->start_ns > end_ns || lasted_ns > AGE_MAX_NS)
			lasted_ns = IMPOSSIBLE_NS;
	}
	uint64_t start_ns = end_ns > lasted_ns ? end_ns - lasted_ns : 0;
	flow->begin_age_ms = age_ms(start_ns, clock_ns);
	flow->end_age_ms = age_ms(end_ns, clock_ns);
	if (flow->begin_age_ms * NS_PER_MS <= 2 * PROMPT_NS && lasted_ns <= PROMPT_NS &&
	    flow->end_age_ms * NS_PER_MS <= PROMPT_NS) {
		flow->begin_age_ms = 0;
		flow->end_age_ms = 0;
	}
}

/* Exporters of logs have no address: the number, made of the name, tells them apart. */
static struct exporter *find_exporter(struct flowlog *log, uint64_t now_ns)
{
	const struct record *r = &log->record;
	uint64_t hash = hash_bytes(r->identity, r->identity_len, IDENTITY_SEED);
	uint32_t odid = (uint32_t)(hash ^ hash >> 32);
	struct exporter *known = log->exporter;

	if (known && log->identity_hash == hash && known->stats.key.odid == odid &&
	    known->stats.key.source == r->flow.source && ip_is_zero(&known->stats.key.address)) {
		known->stats.datagrams++;
		known->stats.last_ns = now_ns;
		return known;
	}
	const struct datagram none = { .received_ns = now_ns };
	log->exporter = exporter_of(log->input.state, &none, r->flow.source, odid);
	log->identity_hash = hash;
	if (log->exporter)
		exporter_label(log->exporter, r->identity, r->identity_len);
	return log->exporter;
}

void flowlog_emit(struct flowlog *log)
{
	const struct flow *read = &log->record.flow;
	struct decode_state *state = log->input.state;

	if (read->has & FLOW_HAS_END)
		advance(log, read->end_ns);
	if (log->input.dry)
		return;
	uint64_t now_ns = log->input.now_ns ? log->input.now_ns : log->clock_ns;
	const struct datagram none = { .received_ns = now_ns };
	struct exporter *exporter = find_exporter(log, now_ns);
	if (!exporter) {
		/* Counted by exporter_of(). */
		return;
	}
	struct flow *flow = flow_begin(state, exporter, &none);
	const struct flow given = *flow;
	*flow = *read;
	flow->received_ns = given.received_ns;
	flow->odid = given.odid;
	uint64_t lag_ns = log->input.lag_ns < now_ns ? log->input.lag_ns : 0;
	set_ages(&log->record, now_ns - lag_ns, flow);
	flow_commit(state, exporter, log->input.sampling ? log->input.sampling : 1,
		    log->input.sampling ? SAMPLING_CONFIG : SAMPLING_HEADER);
	log->counts.flows++;
}

/* Use one line. Return: bytes; 0: its end is not there yet. */
static size_t take_line(struct flowlog *log, const char *data, size_t len, bool last)
{
	const char *end = memchr(data, '\n', len);
	size_t line = end ? (size_t)(end - data) : len;
	bool too_long = line > FLOWLOG_LINE_MAX;

	if (!end && !last && !too_long)
		return 0;
	if (log->json.dropped || too_long) {
		/* The rest of a long line that was counted when it began. */
		if (!log->json.dropped)
			flowlog_refuse(log, REASON_LENGTH);
		log->json.dropped = !end;
		log->line += end != NULL;
		return line + (end != NULL);
	}
	struct span text = { data, line };
	if (text.len && text.at[text.len - 1] == '\r')
		text.len--;
	if (text.len)
		aws_line(log, text);
	log->line++;
	return line + (end != NULL);
}

/* A log is JSON if it begins with a bracket. Return: bytes of blanks before it. */
static size_t look(struct flowlog *log, const char *data, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t at = 0;

	if (len >= 3 && memcmp(data, mark, 3) == 0)
		at = 3;
	for (; at < len && strchr(" \t\r\n", data[at]) && data[at]; at++)
		log->line += data[at] == '\n';
	if (at == len)
		return at;
	log->json.known = true;
	log->json.is_json = data[at] == '{' || data[at] == '[';
	return at;
}

size_t flowlog_take(struct flowlog *log, const char *data, size_t len, bool last,
		    unsigned records_max)
{
	const struct flowlog_counts before = log->counts;
	unsigned records = 0;
	size_t used = 0;

	log->whole = 0;
	log->input.state->sink = log->input.sink;
	if (!log->json.known)
		used = look(log, data, len);
	while (log->json.known && used < len && records < records_max) {
		bool value = !log->json.is_json;
		size_t n = value ? take_line(log, data + used, len - used, last)
				 : json_take(log, data + used, len - used, last, &value);
		if (n == 0)
			break;
		used += n;
		records += value;
		if (value)
			log->whole = used;
	}
	flow_flush(log->input.state);
	log->input.state->sink = NULL;
	if (log->input.dry)
		log->counts = before;
	return used;
}

void flowlog_learn(struct flowlog *log, const char *head, size_t len, uint64_t offset)
{
	size_t at = offset ? look(log, head, len) : 0;

	if (!log->json.known)
		return;
	if (log->json.is_json) {
		json_learn(log, head + at, len - at, offset - at);
		return;
	}
	const char *end = memchr(head + at, '\n', len - at);
	struct span line = { head + at, end ? (size_t)(end - head) - at : 0 };
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	(void)aws_is_header(log, line);
}

size_t flowlog_whole(const struct flowlog *log)
{
	return log->whole;
}

const struct flowlog_counts *flowlog_counts(const struct flowlog *log)
{
	return &log->counts;
}

uint64_t flowlog_newest_ns(const struct flowlog *log)
{
	return log->newest_ns;
}

uint64_t flowlog_lag_ns(const struct flowlog *log)
{
	return log->input.lag_ns;
}

uint64_t flowlog_line(const struct flowlog *log)
{
	return log->line;
}

bool flowlog_probe(const char *head, size_t len)
{
	struct flowlog probe = { 0 };
	size_t at = look(&probe, head, len);

	if (!probe.json.known)
		return false;
	if (probe.json.is_json)
		return true;
	const char *end = memchr(head + at, '\n', len - at);
	struct span line = { head + at, end ? (size_t)(end - head) - at : len - at };
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return aws_is_header(&probe, line) || aws_is_record(line);
}
