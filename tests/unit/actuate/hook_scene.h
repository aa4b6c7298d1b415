/* SPDX-License-Identifier: Apache-2.0 */
/* hook_scene: wanted plans in, one call of the hook's reconcile and what it said out. */
#pragma once

#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "actuate/actuator.h"
#include "base/clock.h"

#define SCENE_PLANS 8
#define NOON_NS     (1793188800 * NS_PER_S)

/** An open hook, and the set that it is given. */
struct scene {
	struct config_actuator settings;
	void *state;
	struct wanted plans[SCENE_PLANS];
	struct wanted_set set;
	struct effect effects[SCENE_PLANS];
	struct actuator_result result;
	char why[256]; /* as long as the crew's */
};

static inline struct wanted scene_plan(const char *id, enum plan_level level)
{
	struct wanted wanted = { .plan = { .level = (uint8_t)level,
					   .rule_count = 2,
					   .expires_ns = NOON_NS + 300 * NS_PER_S },
				 .direction = DIRECTION_OUTBOUND };

	snprintf(wanted.plan.id, sizeof(wanted.plan.id), "%s", id);
	snprintf(wanted.plan.incident, sizeof(wanted.plan.incident), "20261128-1");
	snprintf(wanted.plan.actuator, sizeof(wanted.plan.actuator), "orchestra");
	for (unsigned i = 0; i < wanted.plan.rule_count; i++) {
		wanted.plan.rules[i] = plan_rule_any();
		wanted.plan.rules[i].proto = 17;
		wanted.plan.rules[i].dport = plan_range_of((int)(53 + i));
	}
	assert_int_equal(prefix_parse("198.51.100.7/32", &wanted.own), 0);
	return wanted;
}

static inline void scene_open(struct scene *scene)
{
	struct text why = text_heap();
	uint32_t caps = 0;

	scene->settings.name = "orchestra";
	scene->set = (struct wanted_set){ .plans = scene->plans, .now_ns = NOON_NS };
	int err = actuator_find("hook")->open(NULL, &scene->settings, &scene->state, &caps, &why);
	assert_string_equal(text_string(&why), "");
	assert_int_equal(err, 0);
	assert_int_equal(caps, ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP |
				       ACTUATOR_CAN_QUARANTINE | ACTUATOR_CAN_BLACKHOLE);
	text_done(&why);
}

static inline void scene_close(struct scene *scene)
{
	actuator_find("hook")->close(scene->state);
	scene->state = NULL;
}

/* A process that knows nothing of the one before. */
static inline void scene_restart(struct scene *scene)
{
	struct wanted_set set = scene->set;

	scene_close(scene);
	scene_open(scene);
	scene->set = set;
}

static inline void scene_want(struct scene *scene, const struct wanted *wanted)
{
	scene->plans[scene->set.count++] = *wanted;
}

static inline int scene_go(struct scene *scene)
{
	struct text why = text_fixed(scene->why, sizeof(scene->why));

	memset(scene->effects, 0, sizeof(scene->effects));
	scene->result = (struct actuator_result){ .effects = scene->effects, .why = &why };
	return actuator_find("hook")->reconcile(scene->state, &scene->set, &scene->result);
}

static inline void says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in: %s", words, text);
}

static inline void is_refused_at_open(const struct config_actuator *settings, const char *words)
{
	struct text why = text_heap();
	void *state = NULL;
	uint32_t caps = 0;

	assert_true(actuator_find("hook")->open(NULL, settings, &state, &caps, &why) < 0);
	says(text_string(&why), words);
	assert_null(state);
	text_done(&why);
}
