/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgp: wanted sets as JSON lines in, what an actuator made of them as JSON lines out.
 *
 *     bgp CONFIG [DIE_AT]
 *     bgp kinds              the actuators that were built in
 *
 * Opens the first actuator of the configuration through the registry. Each line
 * of standard input is a set, {"plans":[{"id":…,"level":…,"direction":…,
 * "expires_ns":…,"rules":[{"dst":…,"src":…,"proto":…,"sport":[a,b],…}]}]}; each
 * answer {"err":…,"why":…,"added":…,"removed":…,"kept":…,"applied":[…],"ns":…,
 * "up":…,"falls":…,"again_ns":…}: sessions that are up (-1: not known) and that
 * fell out, and after how long more is to be done (0: nothing).
 * A line {"reload":CONFIG} makes the networks of another file count from then on;
 * its answer is {"err":0}.
 *
 * With DIE_AT the process kills itself before its DIE_AT-th call that the
 * outside can see (connect, send, write, fsync, rename, unlink, …): they are
 * defined here, in front of the C library's. Each answer says how many there
 * were so far ("steps").
 */
#include <dlfcn.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "actuate/actuator.h"
#include "base/clock.h"

static long steps;
static long die_at;
static bool counting;

static void step(void)
{
	if (counting && ++steps == die_at)
		kill(getpid(), SIGKILL);
}

/* The next definition of a function, its type taken from ours. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	step();
	return NEXT(connect)(fd, to, len);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
	step();
	return NEXT(send)(fd, data, len, flags);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
	step();
	return NEXT(recv)(fd, data, len, flags);
}

ssize_t write(int fd, const void *data, size_t len)
{
	step();
	return NEXT(write)(fd, data, len);
}

int fsync(int fd)
{
	step();
	return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
	step();
	return NEXT(rename)(from, to);
}

int unlink(const char *path)
{
	step();
	return NEXT(unlink)(path);
}

static void fail(const char *what, const char *more)
{
	fprintf(stderr, "bgp: %s: %s\n", what, more);
	exit(2);
}

static struct prefix prefix_in(const json_t *rule, const char *key)
{
	const char *words = json_string_value(json_object_get(rule, key));
	struct prefix prefix = { 0 };

	if (words && prefix_parse(words, &prefix) < 0)
		fail(key, words);
	return prefix;
}

static int number_in(const json_t *rule, const char *key, int without)
{
	const json_t *value = json_object_get(rule, key);

	return value ? (int)json_integer_value(value) : without;
}

static struct plan_range range_in(const json_t *rule, const char *key, uint16_t most)
{
	const json_t *value = json_object_get(rule, key);

	if (!value)
		return (struct plan_range){ 0, most };
	return (struct plan_range){ (uint16_t)json_integer_value(json_array_get(value, 0)),
				    (uint16_t)json_integer_value(json_array_get(value, 1)) };
}

static struct plan_rule rule_in(const json_t *rule)
{
	return (struct plan_rule){
		.src = prefix_in(rule, "src"),
		.dst = prefix_in(rule, "dst"),
		.proto = number_in(rule, "proto", -1),
		.sport = range_in(rule, "sport", UINT16_MAX),
		.dport = range_in(rule, "dport", UINT16_MAX),
		.length = range_in(rule, "length", UINT16_MAX),
		.ttl = range_in(rule, "ttl", UINT8_MAX),
		.tcp_flags = (uint8_t)number_in(rule, "tcp_flags", 0),
		.tcp_mask = (uint8_t)number_in(rule, "tcp_mask", 0),
		.fragment = (int8_t)number_in(rule, "fragment", PLAN_FRAGMENT_ANY),
		.icmp_type = (int16_t)number_in(rule, "icmp_type", -1),
		.icmp_code = (int16_t)number_in(rule, "icmp_code", -1),
		.rate_pps = (uint64_t)json_integer_value(json_object_get(rule, "rate_pps")),
	};
}

static void plan_in(const json_t *plan, struct wanted *ret)
{
	const char *level = json_string_value(json_object_get(plan, "level"));
	const char *way = json_string_value(json_object_get(plan, "direction"));
	const json_t *rules = json_object_get(plan, "rules");

	*ret = (struct wanted){ .plan.level = LEVEL_COUNT };
	snprintf(ret->plan.id, sizeof(ret->plan.id), "%s",
		 json_string_value(json_object_get(plan, "id")));
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (level && strcmp(level, plan_level_name((enum plan_level)i)) == 0)
			ret->plan.level = (uint8_t)i;
	}
	for (int i = 0; way && i < DIRECTION_COUNT; i++) {
		if (strcmp(way, direction_name((enum direction)i)) == 0)
			ret->direction = (enum direction)i;
	}
	ret->plan.expires_ns = (uint64_t)json_integer_value(json_object_get(plan, "expires_ns"));
	ret->plan.rule_count = (unsigned)json_array_size(rules);
	for (unsigned i = 0; i < ret->plan.rule_count && i < PLAN_RULES; i++)
		ret->plan.rules[i] = rule_in(json_array_get(rules, i));
}

static void answer(const struct wanted_set *set, const struct actuator_result *result, int err,
		   uint64_t took_ns)
{
	json_t *applied = json_array();

	for (size_t i = 0; i < set->count; i++) {
		if (result->effects[i].applied)
			json_array_append_new(applied, json_string(result->effects[i].plan));
	}
	json_t *line = json_pack(
		"{sI ss sI sI sI so sI sI sI sI sI}", "err", (json_int_t)err, "why",
		text_string(result->why), "added", (json_int_t)result->added, "removed",
		(json_int_t)result->removed, "kept", (json_int_t)result->kept, "applied", applied,
		"ns", (json_int_t)took_ns, "steps", (json_int_t)steps, "up",
		result->peers.known ? (json_int_t)result->peers.up : (json_int_t)-1, "falls",
		(json_int_t)result->peers.falls, "again_ns", (json_int_t)result->again_ns);
	json_dumpf(line, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(line);
}

static struct config *load(const char *path)
{
	struct text trouble = text_heap();
	struct config *config = NULL;

	if (config_load(path, &trouble, &config) < 0 || config->actuator_count == 0)
		fail("the configuration", text_string(&trouble));
	text_done(&trouble);
	return config;
}

/* The one before is gone from then on, but that of the start, whose settings are borrowed. */
static void reload(const struct actuator *actuator, void *state, const char *path)
{
	static struct config *before;
	struct config *config = load(path);

	actuator->reload(state, config);
	config_free(before);
	before = config;
	puts("{\"err\":0}");
	fflush(stdout);
}

static void reconcile(const struct actuator *actuator, void *state, const json_t *root)
{
	const json_t *plans = json_object_get(root, "plans");
	size_t count = json_array_size(plans);
	struct wanted *wanted = calloc(count + 1, sizeof(*wanted));
	struct effect *effects = calloc(count + 1, sizeof(*effects));
	struct text why = text_heap();

	if (!wanted || !effects)
		fail("a set", "no memory");
	for (size_t i = 0; i < count; i++)
		plan_in(json_array_get(plans, i), &wanted[i]);
	struct wanted_set set = { .plans = wanted, .count = count, .now_ns = clock_wall_ns() };
	struct actuator_result result = { .effects = effects, .why = &why };
	uint64_t began_ns = clock_mono_ns();
	counting = true;
	int err = actuator->reconcile(state, &set, &result);
	counting = false;
	answer(&set, &result, err, clock_mono_ns() - began_ns);
	text_done(&why);
	free(wanted);
	free(effects);
}

static void do_line(const struct actuator *actuator, void *state, const char *words)
{
	json_error_t error;
	json_t *root = json_loads(words, 0, &error);
	const char *path = json_string_value(json_object_get(root, "reload"));

	if (!root)
		fail("a line", error.text);
	if (path)
		reload(actuator, state, path);
	else
		reconcile(actuator, state, root);
	json_decref(root);
}

int main(int argc, char **argv)
{
	struct text trouble = text_heap();
	uint32_t caps;
	void *state;
	char *line = NULL;
	size_t room = 0;

	for (size_t i = 0; argc == 2 && strcmp(argv[1], "kinds") == 0 && actuator_registry[i]; i++)
		puts(actuator_registry[i]->name);
	if (argc == 2 && strcmp(argv[1], "kinds") == 0)
		return 0;
	if (argc < 2)
		fail("the configuration", "not given");
	struct config *config = load(argv[1]);
	die_at = argc > 2 ? atol(argv[2]) : 0;
	const struct actuator *actuator = actuator_find(config->actuators[0].kind);
	if (!actuator)
		fail("no such kind of actuator here", config->actuators[0].kind);
	if (actuator->open(config, &config->actuators[0], &state, &caps, &trouble) < 0)
		fail("open", text_string(&trouble));
	while (getline(&line, &room, stdin) > 0)
		do_line(actuator, state, line);
	free(line);
	actuator->close(state);
	config_free(config);
	text_done(&trouble);
	return 0;
}
