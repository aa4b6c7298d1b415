/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aws: a line of an AWS VPC flow log in, a flow out ("Flow log records", Amazon VPC User Guide).
 *
 * Without a header line the layout is the default one of version 2. A header line, as S3 files
 * have it, gives any other; names may have `_` for `-` and commas between them, as tables that
 * were exported from Athena or Parquet have. A field that is `-` is absent.
 *
 * What the fields of a flow are:
 *  - src and dst are pkt-srcaddr and pkt-dstaddr where they are there: the ends of the traffic.
 *    Where they differ from srcaddr and dstaddr the interface passes traffic on (NAT gateway, load
 *    balancer, pods): it sees again what others saw, so it is an exporter of its own.
 *  - The exporter is the account: each packet leaves and enters just one interface, so the
 *    interfaces of an account are disjoint; ingress and egress (flow-direction) are not.
 *  - Traffic of a REJECT was dropped; what is counted is what came.
 */
#include "base/clock.h"
#include "ingest/flowlog/parse.h"

/** The longest aggregation interval, for records without a start. */
#define INTERVAL_NS (600 * NS_PER_S)

static const struct {
	const char *name;
	enum aws_field field;
} names[] = {
	/* Version 2, in the order of the default format. */
	{ "version", AWS_OTHER },
	{ "account-id", AWS_ACCOUNT },
	{ "interface-id", AWS_INTERFACE },
	{ "srcaddr", AWS_SRCADDR },
	{ "dstaddr", AWS_DSTADDR },
	{ "srcport", AWS_SRCPORT },
	{ "dstport", AWS_DSTPORT },
	{ "protocol", AWS_PROTOCOL },
	{ "packets", AWS_PACKETS },
	{ "bytes", AWS_BYTES },
	{ "start", AWS_START },
	{ "end", AWS_END },
	{ "action", AWS_ACTION },
	{ "log-status", AWS_STATUS },
	/* Version 3. */
	{ "vpc-id", AWS_VPC },
	{ "subnet-id", AWS_OTHER },
	{ "instance-id", AWS_OTHER },
	{ "tcp-flags", AWS_TCP_FLAGS },
	{ "type", AWS_OTHER },
	{ "pkt-srcaddr", AWS_PKT_SRCADDR },
	{ "pkt-dstaddr", AWS_PKT_DSTADDR },
	/* Version 4. */
	{ "region", AWS_OTHER },
	{ "az-id", AWS_OTHER },
	{ "sublocation-type", AWS_OTHER },
	{ "sublocation-id", AWS_OTHER },
	/* Version 5. */
	{ "pkt-src-aws-service", AWS_OTHER },
	{ "pkt-dst-aws-service", AWS_OTHER },
	{ "flow-direction", AWS_DIRECTION },
	{ "traffic-path", AWS_OTHER },
	/* Version 7. */
	{ "ecs-cluster-arn", AWS_OTHER },
	{ "ecs-cluster-name", AWS_OTHER },
	{ "ecs-container-instance-arn", AWS_OTHER },
	{ "ecs-container-instance-id", AWS_OTHER },
	{ "ecs-container-id", AWS_OTHER },
	{ "ecs-second-container-id", AWS_OTHER },
	{ "ecs-service-name", AWS_OTHER },
	{ "ecs-task-definition-arn", AWS_OTHER },
	{ "ecs-task-arn", AWS_OTHER },
	{ "ecs-task-id", AWS_OTHER },
	/* Version 8, and after. */
	{ "reject-reason", AWS_OTHER },
	{ "resource-id", AWS_OTHER },
	{ "encryption-status", AWS_OTHER },
};

#define NAME_COUNT      (sizeof(names) / sizeof(names[0]))
#define DEFAULT_COLUMNS 14
#define NAME_MAX_LEN    40

/** The values of one line, by field; those that are not there have no length. */
struct values {
	struct span of[AWS_FIELD_COUNT];
};

static int find_name(struct span name)
{
	char plain[NAME_MAX_LEN];

	if (name.len == 0 || name.len >= sizeof(plain))
		return -1;
	for (size_t i = 0; i < name.len; i++)
		plain[i] = (char)(name.at[i] == '_' ? '-' : name.at[i]);
	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (span_is((struct span){ plain, name.len }, names[i].name))
			return (int)i;
	}
	return -1;
}

/* The next piece that is not empty, where blanks separate; any other separator makes each count. */
static bool next_piece(struct span *rest, char separator, struct span *ret_piece)
{
	while (separator == ' ' && rest->len && *rest->at == ' ') {
		rest->at++;
		rest->len--;
	}
	if (rest->len == 0)
		return false;
	*ret_piece = span_cut(rest, separator);
	return true;
}

static char separator_of(struct span line)
{
	if (memchr(line.at, ',', line.len))
		return ',';
	return (char)(memchr(line.at, '\t', line.len) ? '\t' : ' ');
}

bool aws_is_header(struct flowlog *log, struct span line)
{
	struct aws_layout layout = { .separator = (char)(line.len ? separator_of(line) : ' ') };
	struct span rest = line;
	struct span piece;
	unsigned known = 0;

	while (layout.count < AWS_COLUMNS_MAX && next_piece(&rest, layout.separator, &piece)) {
		int name = find_name(piece);
		/* A record begins with a number, a time or an id, never with a name. */
		if (layout.count == 0 && name < 0)
			return false;
		known += name >= 0;
		layout.columns[layout.count++] = name >= 0 ? (uint8_t)names[name].field : AWS_OTHER;
	}
	if (known < 2 || known * 2 < layout.count)
		return false;
	log->layout = layout;
	return true;
}

static void use_default(struct aws_layout *layout)
{
	layout->separator = ' ';
	layout->count = DEFAULT_COLUMNS;
	for (unsigned i = 0; i < DEFAULT_COLUMNS; i++)
		layout->columns[i] = (uint8_t)names[i].field;
}

/* 2026-11-22T14:05:06.123Z, as CloudWatch Logs puts before each line. */
static bool is_time(struct span piece)
{
	return piece.len >= 20 && piece.len <= 35 && piece.at[4] == '-' && piece.at[7] == '-' &&
	       piece.at[10] == 'T';
}

bool aws_is_record(struct span line)
{
	struct span rest = line;
	struct span piece;
	unsigned pieces = 0;

	if (!next_piece(&rest, ' ', &piece))
		return false;
	bool begins = is_time(piece) || (piece.len && piece.at[0] >= '0' && piece.at[0] <= '9');
	while (next_piece(&rest, ' ', &piece))
		pieces++;
	return begins && pieces + 1 >= 8;
}

/* Return: false when the line has not as many columns as the layout; that is counted. */
static bool split(struct flowlog *log, struct span line, struct values *ret_values)
{
	const struct aws_layout *layout = &log->layout;
	struct span rest = line;
	struct span piece;
	unsigned column = 0;

	while (next_piece(&rest, layout->separator, &piece)) {
		if (column == layout->count) {
			flowlog_refuse(log, REASON_COUNT);
			return false;
		}
		if (piece.len != 1 || *piece.at != '-')
			ret_values->of[layout->columns[column]] = piece;
		column++;
	}
	if (column == layout->count)
		return true;
	flowlog_refuse(log, REASON_SHORT);
	return false;
}

/* A number into the flow, where it is there. Return: false if it is none. */
static bool number(struct flow *flow, struct span span, uint64_t most, uint32_t has,
		   uint64_t *ret_value)
{
	if (span.len == 0)
		return true;
	if (!span_u64(span, most, ret_value))
		return false;
	flow->has |= has;
	return true;
}

static bool take_numbers(struct flow *flow, const struct values *v)
{
	uint64_t sport = 0;
	uint64_t dport = 0;
	uint64_t proto = 0;
	uint64_t flags = 0;

	bool good =
		number(flow, v->of[AWS_SRCPORT], UINT16_MAX, FLOW_HAS_SPORT, &sport) &&
		number(flow, v->of[AWS_DSTPORT], UINT16_MAX, FLOW_HAS_DPORT, &dport) &&
		number(flow, v->of[AWS_PROTOCOL], UINT8_MAX, FLOW_HAS_PROTO, &proto) &&
		number(flow, v->of[AWS_TCP_FLAGS], UINT16_MAX, FLOW_HAS_TCP_FLAGS, &flags) &&
		number(flow, v->of[AWS_PACKETS], UINT64_MAX, FLOW_HAS_PACKETS, &flow->packets) &&
		number(flow, v->of[AWS_BYTES], UINT64_MAX, FLOW_HAS_BYTES, &flow->bytes);
	flow->sport = (uint16_t)sport;
	flow->dport = (uint16_t)dport;
	flow->proto = (uint8_t)proto;
	flow->tcp_flags = (uint8_t)flags;
	return good;
}

static bool take_times(struct flow *flow, const struct values *v)
{
	if (v->of[AWS_START].len) {
		if (!span_time(v->of[AWS_START], &flow->start_ns))
			return false;
		flow->has |= FLOW_HAS_START;
	}
	if (v->of[AWS_END].len) {
		if (!span_time(v->of[AWS_END], &flow->end_ns))
			return false;
		flow->has |= FLOW_HAS_END;
	}
	return true;
}

/* The address of the traffic's end if there is one, else of what the interface sees. */
static bool take_address(struct span seen, struct span real, struct ip *ret_ip, bool *ret_passed_on)
{
	if (!real.len)
		return span_ip(seen, ret_ip);
	*ret_passed_on |=
		seen.len && (seen.len != real.len || memcmp(seen.at, real.at, seen.len) != 0);
	return span_ip(real, ret_ip);
}

static bool take_addresses(struct flow *flow, const struct values *v, bool *ret_passed_on)
{
	if (!take_address(v->of[AWS_SRCADDR], v->of[AWS_PKT_SRCADDR], &flow->src, ret_passed_on) ||
	    !take_address(v->of[AWS_DSTADDR], v->of[AWS_PKT_DSTADDR], &flow->dst, ret_passed_on))
		return false;
	flow->has |= FLOW_HAS_SRC | FLOW_HAS_DST;
	return true;
}

/* Records that tell of no traffic. Return: false for any other. */
static bool is_status(struct flowlog *log, const struct values *v)
{
	bool nothing = !v->of[AWS_SRCADDR].len && !v->of[AWS_DSTADDR].len &&
		       !v->of[AWS_PKT_SRCADDR].len && !v->of[AWS_PKT_DSTADDR].len;

	if (span_is(v->of[AWS_STATUS], "SKIPDATA"))
		log->counts.skipdata++;
	else if (span_is(v->of[AWS_STATUS], "NODATA") ||
		 (nothing && !v->of[AWS_STATUS].len && !v->of[AWS_BYTES].len))
		log->counts.nodata++;
	else
		return false;
	return true;
}

static void take_identity(struct flowlog *log, const struct values *v, bool passed_on)
{
	static const enum aws_field best[] = { AWS_ACCOUNT, AWS_VPC, AWS_INTERFACE };

	for (size_t i = 0; i < sizeof(best) / sizeof(best[0]); i++) {
		if (v->of[best[i]].len) {
			record_identity(log, v->of[best[i]]);
			break;
		}
	}
	if (passed_on)
		record_view(log, " passed on");
}

static void use_values(struct flowlog *log, const struct values *v)
{
	struct flow *flow = record_begin(log, FLOW_AWS_VPC);
	bool passed_on = false;

	if (!take_addresses(flow, v, &passed_on)) {
		flowlog_refuse(log, REASON_FIELD);
		return;
	}
	if (!take_numbers(flow, v) || !take_times(flow, v)) {
		flowlog_refuse(log, REASON_VALUE);
		return;
	}
	if (span_is(v->of[AWS_ACTION], "REJECT"))
		flow->has |= FLOW_HAS_DROPPED;
	flow->egress = span_is(v->of[AWS_DIRECTION], "egress");
	log->record.least_ns = INTERVAL_NS;
	take_identity(log, v, passed_on);
	flowlog_emit(log);
}

/* CloudWatch Logs puts its own time before the line; `aws logs tail` the name of a stream too. */
static struct span without_prefix(struct flowlog *log, struct span line)
{
	struct span rest = line;
	struct span piece;

	if (!next_piece(&rest, ' ', &piece) || !is_time(piece))
		return line;
	struct span bare = rest;
	unsigned pieces = 0;
	while (next_piece(&rest, ' ', &piece))
		pieces++;
	if (pieces == log->layout.count + 1)
		(void)next_piece(&bare, ' ', &piece);
	return bare;
}

void aws_line(struct flowlog *log, struct span line)
{
	struct values values = { 0 };

	if (aws_is_header(log, line))
		return;
	if (log->layout.count == 0)
		use_default(&log->layout);
	/* A record of many years to come still begins with a shorter number. */
	if (line.len > 20 && line.at[4] == '-' && line.at[10] == 'T')
		line = without_prefix(log, line);
	if (split(log, line, &values) && !is_status(log, &values))
		use_values(log, &values);
}
