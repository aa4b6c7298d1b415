/* SPDX-License-Identifier: Apache-2.0 */
/* lab: rules and packets in, verdicts of the program in the kernel out. */
#include "lab.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

void lab_skip(const char *why)
{
	const char *format = getenv("CMOCKA_MESSAGE_OUTPUT");

	printf("1..0 # SKIP %s\n", why);
	fflush(stdout);
	/* Whoever reads TAP takes any other code for a failure. */
	_Exit(format && strcmp(format, "TAP") == 0 ? 0 : 77);
}

void lab_need_bpf(void)
{
	struct xdp_engine *engine = NULL;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));
	const struct xdp_engine_config config = { .blocks_max = 1, .hosts_max = 1 };
	int err = xdp_engine_open(&config, &engine, &error);

	if (err == -EPERM || err == -ENOSYS)
		lab_skip(why);
	xdp_engine_close(engine);
}

/* Counters and buckets are per CPU. */
static void stay_here(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET((size_t)(cpu < 0 ? 0 : cpu), &set);
	assert_int_equal(sched_setaffinity(0, sizeof(set), &set), 0);
}

void lab_open(struct lab *lab, const struct xdp_engine_config *config)
{
	struct xdp_engine_config with_clock = *config;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	*lab = (struct lab){ .now_ns = LAB_NOW_NS };
	stay_here();
	with_clock.test_clock = true;
	int err = xdp_engine_open(&with_clock, &lab->engine, &error);
	if (err)
		print_error("# %s\n", why);
	assert_int_equal(err, 0);
	xdp_engine_test_clock(lab->engine, lab->now_ns);
}

void lab_close(struct lab *lab)
{
	xdp_engine_close(lab->engine);
	lab->engine = NULL;
}

void lab_protect(struct lab *lab, const char *prefix, uint16_t group)
{
	assert_in_range(lab->protect_count, 0, 63);
	lab->protect[lab->protect_count++] =
		(struct xdp_protected){ .prefix = prefix_of(prefix), .group = group };
}

struct xdp_rule *lab_rule(struct lab *lab, const char *dst)
{
	struct prefix prefix = prefix_of(dst);

	assert_in_range(lab->rule_count, 0, 63);
	struct xdp_rule *rule = &lab->rules[lab->rule_count++];
	xdp_rule_init(rule, &prefix);
	rule->id = lab->rule_count;
	rule->priority = (uint32_t)lab->rule_count;
	rule->action = FILTER_DROP;
	return rule;
}

void lab_set(struct lab *lab)
{
	const struct xdp_wanted wanted = { lab->protect, lab->protect_count, lab->rules,
					   lab->rule_count };
	char why[256];
	struct text error = text_fixed(why, sizeof(why));
	int err = xdp_engine_set(lab->engine, &wanted, &error);

	if (err)
		print_error("# %s\n", why);
	assert_int_equal(err, 0);
}

bool lab_run(struct lab *lab, const uint8_t *frame, size_t len, struct xdp_told *ret_told)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = (uint32_t)len,
		    .repeat = 1);

	xdp_engine_test_clock(lab->engine, lab->now_ns);
	assert_int_equal(bpf_prog_test_run_opts(xdp_engine_fd(lab->engine), &options), 0);
	assert_true(options.retval == XDP_PASS || options.retval == XDP_DROP);
	*ret_told = xdp_engine_test_told(lab->engine);
	return options.retval == XDP_DROP;
}

uint32_t lab_send(struct lab *lab, const struct frame_spec *spec)
{
	uint8_t frame[FRAME_MAX];
	struct xdp_told told;
	bool dropped = lab_run(lab, frame, frame_make(spec, frame), &told);

	assert_int_equal(dropped,
			 told.reason == FILTER_BY_DROP || told.reason == FILTER_ABOVE_RATE);
	return told.reason;
}

uint64_t lab_counted(const struct lab *lab, uint32_t reason)
{
	struct xdp_engine_counters counters;

	assert_int_equal(xdp_engine_counters(lab->engine, &counters), 0);
	return counters.packets[reason];
}
