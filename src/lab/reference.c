/* SPDX-License-Identifier: Apache-2.0 */
/* reference: the moving average with fixed limits, and mean plus five sigma, a second at a time. */
#include "lab/reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"

#define LIMIT_PPS 20000.0
#define LIMIT_BPS 1e9
#define AVERAGE_S 5.0
#define SIGMAS    5.0
#define UNBAN_S   60
/* Any fixed number; no output depends on it: hosts are judged in the order of their coming. */
#define SEED      0x7265666572656e63U
/* A pause in the input longer than this says no more than this. */
#define SILENCE_S 600

/* One own host in one direction. */
struct host {
	struct ip ip;
	uint8_t direction;
	bool alarmed[REFERENCE_COUNT];
	uint8_t below_s[REFERENCE_COUNT]; /* since the last second above, while alarmed */
	double packets;                   /* of the running second */
	double bits;
	double average_pps;
	double average_bps;
	double sum; /* of the packets of seconds learned */
	double squares;
};

struct reference {
	struct reference_sink sink;
	struct host *hosts; /* in the order of their coming */
	uint32_t *table;    /* place in hosts plus one; 0: free */
	size_t mask;
	size_t count;
	size_t max;
	uint64_t turned_away;
	uint64_t learn_s;
	uint64_t seconds;   /* judged */
	uint64_t second_ns; /* end of the running one; 0 before the first tick */
	double gain;
};

const char *reference_name(enum reference_kind kind)
{
	return kind == REFERENCE_STATIC ? "static-ewma" : "mean-5-sigma";
}

struct reference *reference_new(const struct reference_options *options,
				const struct reference_sink *sink)
{
	struct reference *r = calloc(1, sizeof(*r));
	size_t slots = 16;

	if (!r)
		return NULL;
	while (slots < options->hosts_max * 2)
		slots *= 2;
	r->sink = *sink;
	r->max = options->hosts_max;
	r->mask = slots - 1;
	r->learn_s = options->learn_ns / NS_PER_S;
	r->gain = 1 - exp(-1 / AVERAGE_S);
	r->hosts = calloc(r->max, sizeof(*r->hosts));
	r->table = calloc(slots, sizeof(*r->table));
	if (!r->hosts || !r->table) {
		reference_free(r);
		return NULL;
	}
	return r;
}

void reference_free(struct reference *reference)
{
	if (!reference)
		return;
	free(reference->hosts);
	free(reference->table);
	free(reference);
}

uint64_t reference_turned_away(const struct reference *reference)
{
	return reference->turned_away;
}

/* NULL: it is new and there is no room. */
static struct host *host_of(struct reference *r, const struct ip *ip, uint8_t direction)
{
	size_t at = hash_ip(ip, SEED + direction) & r->mask;

	for (; r->table[at]; at = (at + 1) & r->mask) {
		struct host *host = &r->hosts[r->table[at] - 1];
		if (ip_equal(&host->ip, ip) && host->direction == direction)
			return host;
	}
	if (r->count == r->max)
		return NULL;
	struct host *host = &r->hosts[r->count++];
	*host = (struct host){ .ip = *ip, .direction = direction };
	r->table[at] = (uint32_t)r->count;
	return host;
}

static void add(struct reference *r, const struct flow *flow, const struct ip *ip,
		enum direction direction)
{
	struct host *host = host_of(r, ip, (uint8_t)direction);
	double scale = (double)flow_scale(flow);

	if (!host) {
		r->turned_away++;
		return;
	}
	host->packets += (double)flow->packets * scale;
	host->bits += (double)flow->bytes * scale * 8;
}

void reference_flows(struct reference *reference, const struct flow *flows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct flow *flow = &flows[i];
		/* Weir does not tally it either. */
		if (flow->late)
			continue;
		if (flow->direction == DIRECTION_INBOUND || flow->direction == DIRECTION_INTERNAL)
			add(reference, flow, &flow->dst, DIRECTION_INBOUND);
		if (flow->direction == DIRECTION_OUTBOUND || flow->direction == DIRECTION_INTERNAL)
			add(reference, flow, &flow->src, DIRECTION_OUTBOUND);
	}
}

static void judge(struct reference *r, struct host *host, enum reference_kind kind, bool above)
{
	if (above) {
		host->below_s[kind] = 0;
		if (host->alarmed[kind])
			return;
		host->alarmed[kind] = true;
		const struct reference_alarm alarm = { .kind = kind,
						       .time_ns = r->second_ns,
						       .host = host->ip,
						       .direction = host->direction };
		r->sink.alarm(r->sink.self, &alarm);
	} else if (host->alarmed[kind] && ++host->below_s[kind] >= UNBAN_S) {
		host->alarmed[kind] = false;
	}
}

static void end_second_of(struct reference *r, struct host *host)
{
	host->average_pps += r->gain * (host->packets - host->average_pps);
	host->average_bps += r->gain * (host->bits - host->average_bps);
	judge(r, host, REFERENCE_STATIC,
	      host->average_pps > LIMIT_PPS || host->average_bps > LIMIT_BPS);
	if (r->seconds < r->learn_s) {
		host->sum += host->packets;
		host->squares += host->packets * host->packets;
	} else if (r->learn_s) {
		double mean = host->sum / (double)r->learn_s;
		double variance = host->squares / (double)r->learn_s - mean * mean;
		judge(r, host, REFERENCE_SIGMA,
		      host->packets > mean + SIGMAS * sqrt(fmax(0, variance)));
	}
	host->packets = 0;
	host->bits = 0;
}

void reference_tick(struct reference *reference, uint64_t now_ns)
{
	struct reference *r = reference;

	if (r->second_ns == 0)
		r->second_ns = now_ns - now_ns % NS_PER_S + NS_PER_S;
	if (now_ns > r->second_ns + SILENCE_S * NS_PER_S)
		r->second_ns = now_ns - now_ns % NS_PER_S - SILENCE_S * NS_PER_S;
	for (; r->second_ns <= now_ns; r->second_ns += NS_PER_S) {
		for (size_t i = 0; i < r->count; i++)
			end_second_of(r, &r->hosts[i]);
		r->seconds++;
	}
}
