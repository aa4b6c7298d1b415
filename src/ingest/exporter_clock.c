/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_clock: export times in; how far the exporter's clock is from ours, and by that
 * the ages of flows out.
 *
 * What a datagram took on its way is never negative, so the least (received -
 * export time) of the last minutes is the difference of the clocks, and what a
 * datagram has more than that is its way. Export times of NetFlow v9 and IPFIX
 * are whole seconds; SysUptime, where there is one, tells the way to the
 * millisecond. Owned by one ingest thread.
 */
#include "base/clock.h"
#include "ingest/stamp.h"
#include "ingest/state.h"

/* The least is kept of this span and the one before. */
#define HALF_NS            (300 * NS_PER_S)
/* No datagram is on its way for so long: then a clock was set. */
#define WAY_MAX_NS         (10 * (int64_t)NS_PER_S)
/* So many datagrams in a row must say so; one may be an odd one. */
#define STEP_SURE          4
/* A clock so far off is a fault of its own (it is corrected all the same). */
#define WRONG_NS           (60 * (int64_t)NS_PER_S)
/* Beyond this a time of receipt is no time; keeps all sums in range. */
#define OFFSET_MAX_NS      ((int64_t)1 << 61)
/* Flows are believed to be so old at most; what ended before that tells nothing of now. */
#define AGE_MAX_NS         (86400 * (int64_t)NS_PER_S)
#define PROMPT_NS          ((int64_t)FLOW_PROMPT_NS)
/* Taken as the length of a flow with impossible times while no timeout was observed. */
#define DEFAULT_TIMEOUT_MS 60000U

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t bounded(int64_t offset_ns)
{
	if (offset_ns > OFFSET_MAX_NS)
		return OFFSET_MAX_NS;
	return offset_ns < -OFFSET_MAX_NS ? -OFFSET_MAX_NS : offset_ns;
}

static void start_anew(struct exporter_clock *clock, int64_t offset_ns, uint32_t boot_ms)
{
	for (int i = 0; i < 2; i++) {
		clock->least_ns[i] = offset_ns;
		clock->boot_ms[i] = boot_ms;
	}
	clock->steps = 0;
	clock->known = true;
}

static void turn(struct exporter_clock *clock, uint64_t received_ns, int64_t offset_ns,
		 uint32_t boot_ms)
{
	if (received_ns < clock->half_ns || received_ns - clock->half_ns < HALF_NS)
		return;
	clock->half_ns = received_ns;
	clock->least_ns[1] = clock->least_ns[0];
	clock->boot_ms[1] = clock->boot_ms[0];
	clock->least_ns[0] = offset_ns;
	clock->boot_ms[0] = boot_ms;
}

/* What the datagram took on its way, by SysUptime; modulo 2^32 ms, so its wrap is no matter. */
static int64_t way_by_uptime(struct exporter_clock *clock, uint32_t boot_ms)
{
	if ((int32_t)(boot_ms - clock->boot_ms[0]) < 0)
		clock->boot_ms[0] = boot_ms;
	/* Beyond: the exporter was started anew. */
	if ((int32_t)(boot_ms - clock->boot_ms[1]) > WAY_MAX_NS / (int64_t)NS_PER_MS) {
		clock->boot_ms[0] = boot_ms;
		clock->boot_ms[1] = boot_ms;
	}
	int64_t way0_ms = (int32_t)(boot_ms - clock->boot_ms[0]);
	int64_t way1_ms = (int32_t)(boot_ms - clock->boot_ms[1]);
	return (way0_ms > way1_ms ? way0_ms : way1_ms) * (int64_t)NS_PER_MS;
}

void exporter_clock(struct exporter *exporter, const struct stamp_base *base, uint64_t received_ns)
{
	struct exporter_clock *clock = &exporter->clock;
	int64_t offset_ns = bounded((int64_t)(received_ns - base->export_ns));
	uint32_t boot_ms = (uint32_t)(received_ns / NS_PER_MS) - base->uptime_ms;

	if (!clock->known) {
		clock->half_ns = received_ns;
		start_anew(clock, offset_ns, boot_ms);
	}
	turn(clock, received_ns, offset_ns, boot_ms);
	clock->least_ns[0] = lesser(clock->least_ns[0], offset_ns);
	int64_t least_ns = lesser(clock->least_ns[0], clock->least_ns[1]);
	bool stepped = offset_ns - least_ns > WAY_MAX_NS;
	clock->steps = stepped ? clock->steps + 1 : 0;
	if (clock->steps == STEP_SURE) {
		start_anew(clock, offset_ns, boot_ms);
		least_ns = offset_ns;
		exporter->stats.clock_steps++;
	}
	exporter->stats.clock_offset_ns = least_ns;
	exporter->stats.clock_wrong = least_ns > WRONG_NS || least_ns < -WRONG_NS;

	int64_t way_ns = base->has_uptime ? way_by_uptime(clock, boot_ms) : offset_ns - least_ns;
	clock->now_ns = way_ns <= WAY_MAX_NS ? offset_ns - way_ns : offset_ns;
}

/* Ages that cannot be: what is possible instead, never a shorter flow. */
static void mend(const struct exporter *exporter, int64_t *begin_ns, int64_t *end_ns)
{
	uint32_t timeout_ms = exporter->stats.active_timeout_ms;

	if (*end_ns < 0)
		*end_ns = 0;
	/* Rounded times of a short flow may be a little crossed, or ahead of now. */
	if (*begin_ns < *end_ns && *begin_ns >= *end_ns - PROMPT_NS)
		*begin_ns = *end_ns;
	if (*begin_ns < *end_ns || *begin_ns > AGE_MAX_NS)
		*begin_ns = *end_ns + (int64_t)(timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS) *
					      (int64_t)NS_PER_MS;
}

void flow_ages(struct flow *flow, const struct exporter *exporter)
{
	uint64_t there_ns = flow->received_ns - (uint64_t)exporter->clock.now_ns;
	/* Without sign as long as they may be nonsense. */
	uint64_t end = flow->has & FLOW_HAS_END ? there_ns - flow->end_ns : 0;
	uint64_t begin = flow->has & FLOW_HAS_START ? there_ns - flow->start_ns : end;

	if (flow_is_prompt_at(flow, there_ns))
		return;
	int64_t end_ns = (int64_t)end;
	int64_t begin_ns = (int64_t)begin;
	if (end_ns > AGE_MAX_NS) {
		flow->late = true;
		return;
	}
	if (end_ns < 0 || begin_ns < end_ns || begin_ns > AGE_MAX_NS)
		mend(exporter, &begin_ns, &end_ns);
	if (end_ns <= PROMPT_NS && begin_ns - end_ns <= PROMPT_NS)
		return;
	flow->begin_age_ms = (uint32_t)((uint64_t)begin_ns / NS_PER_MS);
	flow->end_age_ms = (uint32_t)((uint64_t)end_ns / NS_PER_MS);
}
