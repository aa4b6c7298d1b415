/* SPDX-License-Identifier: Apache-2.0 */
/* rate_guard: see rate_guard.h. One ingest thread. */
#include "ingest/rate_guard.h"

#include <math.h>

#include "base/clock.h"

/* A rate this many times another, or more, is a jump. */
#define JUMP            2.0
#define STEADY_S        ((double)RATE_STEADY_NS / NS_PER_S)
/* The mean before a jump is of about the last so many seconds. */
#define MEAN_S          20.0
#define SPAN_S          5.0
#define FIRST_SPAN_S    2.0
/* Packets times rate stayed if they are within this factor of before. */
#define STAYED          3.0
/* For that comparison: so many packets at the rate of before, and so long. */
#define COMPARE_PACKETS 20.0
#define COMPARE_S       2.0
/* Before packets contradict; whoever announces first and samples later needs a moment. */
#define CONTRADICT_S    10.0
/* What is measured in doubt is of so long at most, then of anew. */
#define WINDOW_S        60.0
/* Refused for so long, a rate is not believed for packets that changed: days have nights. */
#define REFUSED_S       3600.0
/* Samples with a pool that are enough to tell rates apart: by a lot, by a factor of 2. */
#define POOL_FEW        4
#define POOL_MANY       16
#define POOL_FEW_JUMP   8.0

/* What the measurements say of the announced rate. */
enum verdict { UNCLEAR, TRUE_RATE, FALSE_RATE };

static double seconds_since(uint64_t then_ns, uint64_t now_ns)
{
	return now_ns > then_ns ? (double)(now_ns - then_ns) / (double)NS_PER_S : 0;
}

static void new_span(struct rate_guard *guard, uint64_t now_ns)
{
	guard->packets = 0;
	guard->pool = 0;
	guard->pool_samples = 0;
	guard->span_ns = now_ns;
}

static void set_doubt(struct rate_guard *guard, bool doubted, bool refused,
		      struct exporter_stats *stats)
{
	stats->rate_doubts += (uint32_t)doubted - (uint32_t)guard->doubted;
	stats->rate_refused += (uint32_t)refused - (uint32_t)guard->refused;
	guard->doubted = doubted;
	guard->refused = refused;
}

static bool is_jump(uint32_t a, uint32_t b)
{
	return a >= b * JUMP || b >= a * JUMP;
}

/* The mean sampled packets a second at the trusted rate. */
static void learn_mean(struct rate_guard *guard, uint64_t now_ns)
{
	double over_s = seconds_since(guard->span_ns, now_ns);
	double pps = over_s > 0 ? (double)guard->packets / over_s : 0;
	double weight = over_s / (over_s + MEAN_S);

	guard->before_pps = guard->before_pps > 0
				    ? guard->before_pps + (pps - guard->before_pps) * weight
				    : pps;
	new_span(guard, now_ns);
}

uint32_t rate_announce(struct rate_guard *guard, uint32_t announced, uint64_t now_ns,
		       struct exporter_stats *stats)
{
	if (announced == guard->announced)
		return guard->rate;
	guard->announced = announced;
	guard->since_ns = now_ns;
	if (guard->trusted == 0) {
		guard->trusted = announced;
		guard->rate = announced;
		new_span(guard, now_ns);
		return announced;
	}
	bool jump = is_jump(announced, guard->trusted);
	if (jump && !guard->doubted && seconds_since(guard->span_ns, now_ns) >= 1)
		learn_mean(guard, now_ns);
	else if (jump || guard->doubted)
		new_span(guard, now_ns);
	stats->rate_doubted += jump && !guard->doubted;
	set_doubt(guard, jump, false, stats);
	guard->rate = jump && announced > guard->trusted ? guard->trusted : announced;
	return guard->rate;
}

/* sFlow's pool: packets behind a sample, nearer to the announced rate or to the trusted one? */
static enum verdict by_pool(const struct rate_guard *guard)
{
	double announced = guard->announced;
	double trusted = guard->trusted;
	double jump = fabs(log(announced / trusted));

	if (guard->pool == 0 ||
	    guard->pool_samples < (exp(jump) >= POOL_FEW_JUMP ? POOL_FEW : POOL_MANY))
		return UNCLEAR;
	double measured = (double)guard->pool / guard->pool_samples;
	double off = fabs(log(measured / announced));
	if (off < jump / 2 && off < log(STAYED))
		return TRUE_RATE;
	return off > jump / 2 && guard->pool_samples >= POOL_MANY ? FALSE_RATE : UNCLEAR;
}

/* True rates leave packets times rate as it was; false ones leave the packets. */
static enum verdict by_packets(const struct rate_guard *guard, double over_s)
{
	double jump = (double)guard->announced / guard->trusted;
	double expected = guard->before_pps * over_s;

	if (over_s < COMPARE_S || expected < COMPARE_PACKETS)
		return UNCLEAR;
	double moved = (double)guard->packets / expected;
	bool other_way = jump > 1 ? moved * moved * jump <= 1 : moved * moved * jump >= 1;
	if (!other_way)
		return over_s < CONTRADICT_S ? UNCLEAR : FALSE_RATE;
	return moved * jump <= STAYED && moved * jump * STAYED >= 1 ? TRUE_RATE : UNCLEAR;
}

static void believe(struct rate_guard *guard, uint64_t now_ns, struct exporter_stats *stats)
{
	double over_s = seconds_since(guard->span_ns, now_ns);

	stats->rate_changes += guard->doubted;
	set_doubt(guard, false, false, stats);
	guard->before_pps = over_s >= COMPARE_S
				    ? (double)guard->packets / over_s
				    : guard->before_pps * guard->trusted / guard->announced;
	guard->trusted = guard->announced;
	guard->rate = guard->announced;
	new_span(guard, now_ns);
}

static void judge_doubted(struct rate_guard *guard, uint64_t now_ns, struct exporter_stats *stats)
{
	double over_s = seconds_since(guard->span_ns, now_ns);
	double since_s = seconds_since(guard->since_ns, now_ns);
	enum verdict verdict = by_pool(guard);

	if (verdict == UNCLEAR && !(guard->refused && since_s > REFUSED_S))
		verdict = by_packets(guard, over_s);
	if (verdict == FALSE_RATE) {
		set_doubt(guard, true, true, stats);
	} else if (verdict == TRUE_RATE || (!guard->refused && since_s >= STEADY_S)) {
		believe(guard, now_ns, stats);
		return;
	}
	if (over_s >= WINDOW_S)
		new_span(guard, now_ns);
}

void rate_judge(struct rate_guard *guard, uint64_t now_ns, struct exporter_stats *stats)
{
	if (guard->trusted == 0)
		return;
	/* A clock that went back begins all anew. */
	if (now_ns < guard->span_ns || now_ns < guard->since_ns) {
		guard->since_ns = now_ns;
		new_span(guard, now_ns);
	}
	if (guard->doubted) {
		judge_doubted(guard, now_ns, stats);
		return;
	}
	if (seconds_since(guard->span_ns, now_ns) >=
	    (guard->before_pps > 0 ? SPAN_S : FIRST_SPAN_S))
		learn_mean(guard, now_ns);
	/* Small steps become the ground for the next only slowly, so that they do not add up. */
	if (guard->announced != guard->trusted && now_ns - guard->since_ns >= RATE_STEADY_NS)
		guard->trusted = guard->announced;
}

void rate_trust(struct rate_guard *guard, uint32_t announced, struct exporter_stats *stats)
{
	set_doubt(guard, false, false, stats);
	if (guard->trusted != announced)
		guard->before_pps = 0;
	guard->announced = announced;
	guard->trusted = announced;
	guard->rate = announced;
}
