/* SPDX-License-Identifier: Apache-2.0 */
/* follow: drives the threshold detector tick by tick and keeps what it finds, for its tests. */
#pragma once

#include "check.h"

#include <string.h>

#include "detect/detector.h"
#include "own_space.h"

#define TICK_NS    (SECOND_NS / 10)
#define ALL        ((1U << CLASS_COUNT) - 1)
#define MAX_CAUGHT 256
#define FAR_TICK   1000 /* tests begin at a time that is not zero */

struct fixture {
	struct own_space space;
	void *state;
	uint64_t tick; /* number of the next one */
	struct finding caught[MAX_CAUGHT];
	unsigned count; /* findings of the last tick */
};

/** The detector under test, out of the registry. */
static inline const struct detector *detector(void)
{
	for (const struct detector *const *d = detector_registry; *d; d++) {
		if (strcmp((*d)->name, "threshold") == 0)
			return *d;
	}
	fail_msg("threshold is not in the registry");
	return NULL;
}

/** Keeps a finding. */
static inline void catch_finding(void *self, const struct finding *finding)
{
	struct fixture *f = self;

	assert_true(f->count < MAX_CAUGHT);
	f->caught[f->count++] = *finding;
}

/** One more threshold, on packets, both ways; the test may change it before start(). */
static inline struct config_threshold *threshold(struct fixture *f, uint32_t classes, uint64_t pps)
{
	struct config_threshold *t = &f->space.thresholds[f->space.config.threshold_count++];

	*t = (struct config_threshold){ .name = "",
					.any_network = true,
					.directions =
						1U << DIRECTION_INBOUND | 1U << DIRECTION_OUTBOUND,
					.classes = classes,
					.limit = { [METRIC_PPS] = pps },
					.severity = SEVERITY_WARNING };
	return t;
}

/** A configuration without thresholds; the test may change it before start(). */
static inline void prepare(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	own_space_init(&f->space);
	f->tick = FAR_TICK;
}

/** Open the detector. */
static inline void start(struct fixture *f)
{
	assert_int_equal(detector()->open(&f->space.config, 1, &f->state), 0);
}

/** Give all back. */
static inline void close_all(struct fixture *f)
{
	detector()->close(f->state);
	own_space_done(&f->space);
}

/** A row with packets of one class, 100 bytes each. */
static inline struct tally tally_of(const char *host, enum direction direction,
				    enum traffic_class class, uint64_t packets)
{
	return (struct tally){ .host = ip_of(host),
			       .packets = packets,
			       .bytes = packets * 100,
			       .flows = 1,
			       .sampled = packets > UINT32_MAX ? UINT32_MAX : (uint32_t)packets,
			       .direction = (uint8_t)direction,
			       .class = (uint8_t) class,
			       .len = 128,
			       .kind = TALLY_OWN };
}

/** Show a row of the tick that ends at @tick_ns, with a detail unless NULL. */
static inline void observe_at(struct fixture *f, uint64_t tick_ns, struct tally row,
			      const struct tally_detail *detail)
{
	const struct tally_set set = { &row, 1, detail, detail ? 1 : 0, tick_ns };

	row.detail = detail ? 1 : 0;
	detector()->observe(f->state, &set);
}

/** Show a row of the tick that comes next, with a detail. */
static inline void observe_with(struct fixture *f, struct tally row,
				const struct tally_detail *detail)
{
	observe_at(f, (f->tick + 1) * TICK_NS, row, detail);
}

/** Show a row of the tick that comes next. */
static inline void observe(struct fixture *f, struct tally row)
{
	observe_with(f, row, NULL);
}

/** End the tick. Return: number of findings, which are in f->caught. */
static inline unsigned tick(struct fixture *f)
{
	const struct finding_sink sink = { .finding = catch_finding, .self = f };

	f->count = 0;
	detector()->tick(f->state, ++f->tick * TICK_NS, &sink);
	return f->count;
}

/** Ticks with the same inbound traffic each. Return: number of findings in all of them. */
static inline unsigned send_ticks(struct fixture *f, const char *host, unsigned ticks,
				  uint64_t packets)
{
	unsigned findings = 0;

	for (unsigned i = 0; i < ticks; i++) {
		observe(f, tally_of(host, DIRECTION_INBOUND, CLASS_UDP, packets));
		findings += tick(f);
	}
	return findings;
}
