/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/hook with a program: what it is told, when, and what its ways to fail do. */
#include "check.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hook_scene.h"

#define PATH_SIZE 192
#define LOG_SIZE  4096

/* The program does what its file `act` says, after it wrote down what it was told. */
struct fixture {
	struct scene scene;
	char dir[128];
	char program[PATH_SIZE];
	char log[LOG_SIZE];
};

static void path_of(const struct fixture *f, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s", f->dir, name);
}

static void put(const struct fixture *f, const char *name, const char *text)
{
	char path[PATH_SIZE];

	path_of(f, name, path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const struct fixture *f, const char *name)
{
	char path[PATH_SIZE];

	path_of(f, name, path);
	return access(path, F_OK) == 0;
}

static const char *get(struct fixture *f, const char *name)
{
	char path[PATH_SIZE];

	path_of(f, name, path);
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(f->log, 1, sizeof(f->log) - 1, file) : 0;
	if (file)
		(void)fclose(file);
	f->log[len] = '\0';
	return f->log;
}

static unsigned lines_with(struct fixture *f, const char *words)
{
	unsigned count = 0;
	size_t len = strlen(words);

	for (const char *line = get(f, "log"); line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += *line && strncmp(line, words, len) == 0;
	}
	return count;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");
	char script[512];

	snprintf(f->dir, sizeof(f->dir), "%s/weir-hook-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	snprintf(script, sizeof(script),
		 "#!/bin/sh\ndir='%s'\nprintf '%%s %%s\\n' \"$1\" \"$WEIR_KEY\" >>\"$dir/log\"\n"
		 "cat >\"$dir/body\"\n. \"$dir/act\"\n",
		 f->dir);
	put(f, "program", script);
	put(f, "act", "exit 0\n");
	path_of(f, "program", f->program);
	assert_int_equal(chmod(f->program, 0755), 0);
	f->scene.settings =
		(struct config_actuator){ .program = f->program, .timeout_ns = 50 * NS_PER_S };
	scene_open(&f->scene);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "program", "act", "log", "body", "child", "term" };
	struct fixture *f = *state;
	char path[PATH_SIZE];

	scene_close(&f->scene);
	/* Each program that was started has been waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(f, names[i], path);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void a_plan_is_told_once_and_is_in_force(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("20261128-1-p1", LEVEL_QUARANTINE);

	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	assert_int_equal(f->scene.effects[0].rules_held, 2);
	assert_false(f->scene.effects[0].counted);
	assert_string_equal(f->scene.effects[0].plan, "20261128-1-p1");
	assert_int_equal(f->scene.result.added, 2);
	assert_int_equal(f->scene.result.kept, 0);
	f->scene.set.now_ns += NS_PER_S;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	assert_int_equal(f->scene.effects[0].at_ns, NOON_NS);
	assert_int_equal(f->scene.result.kept, 2);
	assert_int_equal(lines_with(f, "sync "), 1);
	assert_int_equal(lines_with(f, "apply 20261128-1-p1-apply-"), 1);
	assert_int_equal(lines_with(f, ""), 2);
}

static void the_message_has_all_of_the_plan(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);
	struct ip sources[2];

	assert_int_equal(ip_parse("192.0.2.1", &sources[0]), 0);
	assert_int_equal(ip_parse("2001:db8::1", &sources[1]), 0);
	wanted.sources = sources;
	wanted.source_count = 2;
	wanted.plan.rules[0].from_set = true;
	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), 0);
	json_t *root = json_loads(get(f, "body"), 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
	assert_string_equal(json_string_value(json_object_get(root, "event")), "apply");
	assert_string_equal(json_string_value(json_object_get(root, "actuator")), "orchestra");
	assert_string_equal(json_string_value(json_object_get(root, "direction")), "outbound");
	assert_string_equal(json_string_value(json_object_get(root, "own")), "198.51.100.7/32");
	assert_int_equal(json_array_size(json_object_get(root, "sources")), 2);
	json_t *plan = json_object_get(root, "plan");
	assert_string_equal(json_string_value(json_object_get(plan, "id")), "p1");
	assert_non_null(json_object_get(plan, "expires"));
	assert_int_equal(json_array_size(json_object_get(plan, "rules")), 2);
	const char *key = json_string_value(json_object_get(root, "key"));
	char line[128];
	snprintf(line, sizeof(line), "apply %s\n", key);
	assert_int_equal(lines_with(f, line), 1);
	json_decref(root);
}

static void what_changes_is_told_again_and_reasons_are_no_change(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), 0);
	snprintf(f->scene.plans[0].plan.why, PLAN_WHY_MAX, "for another reason");
	f->scene.plans[0].plan.has_forecast = true;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "apply"), 1);
	f->scene.plans[0].plan.expires_ns += NS_PER_S;
	assert_int_equal(scene_go(&f->scene), 0);
	f->scene.plans[0].plan.level = LEVEL_QUARANTINE;
	assert_int_equal(scene_go(&f->scene), 0);
	f->scene.plans[0].plan.rules[1].rate_pps = 1000;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "apply"), 4);
	assert_int_equal(lines_with(f, "withdraw"), 0);
}

static void what_is_gone_or_expired_is_withdrawn_once(void **state)
{
	struct fixture *f = *state;
	struct wanted one = scene_plan("p1", LEVEL_DROP);
	struct wanted two = scene_plan("p2", LEVEL_DROP);

	two.plan.expires_ns += 100 * NS_PER_S;
	scene_want(&f->scene, &one);
	scene_want(&f->scene, &two);
	assert_int_equal(scene_go(&f->scene), 0);
	f->scene.set.now_ns = one.plan.expires_ns;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_false(f->scene.effects[0].applied);
	assert_true(f->scene.effects[1].applied);
	assert_int_equal(f->scene.result.removed, 2);
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "withdraw p1-"), 1);
	assert_int_equal(lines_with(f, "withdraw p2-"), 1);
	says(get(f, "body"), "\"own\":\"198.51.100.7/32\"");
}

static void another_process_says_the_same_with_the_same_key(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);
	char first[LOG_SIZE];

	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), 0);
	snprintf(first, sizeof(first), "%s", get(f, "log"));
	put(f, "log", "");
	scene_restart(&f->scene);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_string_equal(get(f, "log"), first);
	/* One after which nothing is wanted says just that. */
	scene_restart(&f->scene);
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	says(get(f, "body"), "\"event\":\"sync\"");
	says(get(f, "body"), "\"plans\":[]");
}

static void one_that_fails_is_asked_again_so_often_and_later(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	f->scene.settings.retries = 2;
	scene_restart(&f->scene);
	assert_int_equal(scene_go(&f->scene), 0);
	put(f, "act", "echo 'no such\tmachine' >&2; exit 3\n");
	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	assert_false(f->scene.effects[0].applied);
	says(f->scene.why, "apply of p1: ");
	says(f->scene.why, "failed with exit status 3: no such machine");
	assert_int_equal(lines_with(f, "apply"), 3);
	put(f, "act", "exit 0\n");
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	assert_string_equal(f->scene.why, "");
}

static void one_that_refuses_is_not_asked_again_soon(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	wanted.plan.expires_ns = 0;
	f->scene.settings.retries = 5;
	scene_restart(&f->scene);
	assert_int_equal(scene_go(&f->scene), 0);
	put(f, "act", "echo 'not that one' >&2; exit 77\n");
	scene_want(&f->scene, &wanted);
	for (int i = 0; i < 3; i++) {
		f->scene.set.now_ns += NS_PER_S;
		assert_int_equal(scene_go(&f->scene), -EACCES);
		says(f->scene.why, "refuses: not that one");
	}
	assert_int_equal(lines_with(f, "apply"), 1);
	f->scene.set.now_ns += 300 * NS_PER_S;
	assert_int_equal(scene_go(&f->scene), -EACCES);
	assert_int_equal(lines_with(f, "apply"), 2);
	/* Nothing came of it, so there is nothing to take back. */
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "withdraw"), 0);
}

static void one_that_refuses_a_change_still_holds_what_was(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), 0);
	put(f, "act", "echo '{\"held\":false,\"why\":\"too many rules\"}'\n");
	f->scene.plans[0].plan.rule_count = 1;
	assert_int_equal(scene_go(&f->scene), -EACCES);
	says(f->scene.why, "says that it does not hold it: too many rules");
	assert_true(f->scene.effects[0].applied);
	assert_int_equal(f->scene.effects[0].rules_held, 2);
	put(f, "act", "echo '{\"held\":false}'\n");
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "withdraw"), 1);
}

static void nonsense_is_no_answer(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	scene_want(&f->scene, &wanted);
	put(f, "act", "echo '{\"held\":\"perhaps\"}'\n");
	assert_int_equal(scene_go(&f->scene), -WEIR_EFORMAT);
	says(f->scene.why, "perhaps");
	put(f, "act", "echo '{{{'\n");
	assert_int_equal(scene_go(&f->scene), -WEIR_EFORMAT);
	put(f, "act", "echo 'done, thank you'\n");
	assert_int_equal(scene_go(&f->scene), 0);
}

static void one_that_is_killed_has_failed(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	scene_want(&f->scene, &wanted);
	put(f, "act", "kill -9 $$\n");
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	says(f->scene.why, "signal 9");
	/* It may have done it before: so it is told when it shall not be any more. */
	put(f, "act", "exit 0\n");
	f->scene.set.count = 0;
	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(lines_with(f, "withdraw"), 1);
}

static bool is_alive(pid_t pid)
{
	char path[64];
	char state = 'Z';

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	(void)fclose(file);
	return state != 'Z';
}

static pid_t pid_in(struct fixture *f, const char *name)
{
	int pid = 0;

	return sscanf(get(f, name), "%d", &pid) == 1 ? (pid_t)pid : 0;
}

static void one_that_takes_too_long_ends_with_all_it_started(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	scene_want(&f->scene, &wanted);
	f->scene.settings.timeout_ns = NS_PER_S / 2;
	put(f, "act",
	    "trap 'echo >\"$dir/term\"' TERM\n(trap '' TERM; sleep 1000) &\n"
	    "echo $! >\"$dir/child\"\nwhile :; do sleep 1000; done\n");
	scene_restart(&f->scene);
	assert_int_equal(scene_go(&f->scene), -ETIMEDOUT);
	says(f->scene.why, "did not end in time");
	assert_false(f->scene.effects[0].applied);
	/* A machine too busy to begin the program in time has none of it. */
	pid_t child = pid_in(f, "child");
	while (child && is_alive(child))
		usleep(1000);
	if (child)
		assert_true(is_there(f, "term"));
}

static void what_it_leaves_running_ends_with_it(void **state)
{
	struct fixture *f = *state;

	put(f, "act", "sleep 1000 &\necho $! >\"$dir/child\"\nexit 0\n");
	assert_int_equal(scene_go(&f->scene), 0);
	while (is_alive(pid_in(f, "child")))
		usleep(1000);
}

static void one_that_writes_without_end_is_read_without_end(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	scene_want(&f->scene, &wanted);
	put(f, "act",
	    "head -c 3000000 /dev/zero | tr '\\0' x\n"
	    "head -c 3000000 /dev/zero | tr '\\0' y >&2\nexit 5\n");
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	says(f->scene.why, "yyyyyyyy");
	assert_true(strlen(f->scene.why) < sizeof(f->scene.why));
}

static void it_gets_nothing_of_ours(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	scene_want(&f->scene, &wanted);
	assert_int_equal(setenv("WEIR_TEST_SECRET", "x", 1), 0);
	assert_int_equal(dup2(STDERR_FILENO, 50), 50); /* without close-on-exec */
	put(f, "act",
	    "[ -z \"$WEIR_TEST_SECRET\" ] || exit 8\n"
	    "[ ! -e /proc/$$/fd/50 ] || exit 9\n"
	    "[ \"$WEIR_EVENT\" = sync ] || [ \"$WEIR_OWN\" = 198.51.100.7/32 ] || exit 10\n"
	    "grep -q '^SigBlk:[[:space:]]*0*$' /proc/self/status || exit 11\n"
	    "[ \"$(pwd)\" = / ] || exit 12\n");
	assert_int_equal(scene_go(&f->scene), 0);
	close(50);
}

/* A shell would not show: it clears its mask itself. */
static void signals_reach_it_though_our_thread_blocks_them(void **state)
{
	struct fixture *f = *state;
	sigset_t all;
	sigset_t before;

	put(f, "program",
	    "#!/usr/bin/env python3\nimport signal, sys\n"
	    "sys.exit(11 if signal.pthread_sigmask(signal.SIG_BLOCK, []) else 0)\n");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = scene_go(&f->scene);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_string_equal(f->scene.why, "");
	assert_int_equal(err, 0);
}

/* The orphan ends with the test. */
static void when_we_are_killed_the_next_one_says_it_again(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	scene_want(&f->scene, &wanted);
	put(f, "act", "echo $$ >\"$dir/child\"\nexec sleep 1000\n");
	pid_t us = fork();
	if (us == 0) {
		(void)scene_go(&f->scene);
		_exit(0);
	}
	while (pid_in(f, "child") == 0)
		usleep(1000);
	assert_int_equal(kill(us, SIGKILL), 0);
	assert_int_equal(waitpid(us, NULL, 0), us);
	pid_t orphan = pid_in(f, "child");
	assert_true(is_alive(orphan));
	assert_int_equal(kill(orphan, SIGKILL), 0);
	put(f, "act", "exit 0\n");
	scene_restart(&f->scene);
	assert_int_equal(scene_go(&f->scene), 0);
	assert_true(f->scene.effects[0].applied);
	char again[128];
	const char *first = strstr(get(f, "log"), "apply ");
	snprintf(again, sizeof(again), "%.*s", (int)strcspn(first, "\n"), first);
	assert_int_equal(lines_with(f, again), 2);
}

static void one_bad_plan_holds_up_no_other(void **state)
{
	struct fixture *f = *state;
	struct wanted bad = scene_plan("bad", LEVEL_DROP);
	struct wanted good = scene_plan("good", LEVEL_DROP);

	put(f, "act", "[ \"$WEIR_PLAN\" != bad ]\n");
	scene_want(&f->scene, &bad);
	scene_want(&f->scene, &good);
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	assert_false(f->scene.effects[0].applied);
	assert_true(f->scene.effects[1].applied);
	says(f->scene.why, "apply of bad: ");
}

static void settings_that_cannot_work_are_refused(void **state)
{
	struct fixture *f = *state;
	struct config_actuator settings = { .name = "a", .program = f->program };

	assert_int_equal(chmod(f->program, 0644), 0);
	/* Root may run what has any x; this has none. */
	is_refused_at_open(&settings, "chmod 755");
	assert_int_equal(chmod(f->program, 0757), 0);
	is_refused_at_open(&settings, "chmod o-w");
	settings.program = "/nonexistent/program";
	is_refused_at_open(&settings, "put the program there");
	settings.program = NULL;
	is_refused_at_open(&settings, "either `program` or `url`");
}

static void one_that_went_away_is_missed(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_DROP);

	assert_int_equal(scene_go(&f->scene), 0);
	assert_int_equal(unlink(f->program), 0);
	scene_want(&f->scene, &wanted);
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	says(f->scene.why, "cannot be started: No such file");
	put(f, "program", "echo no first line\n");
	assert_int_equal(chmod(f->program, 0755), 0);
	assert_int_equal(scene_go(&f->scene), -ENOTCONN);
	says(f->scene.why, "#!/bin/sh");
}

static void what_it_is_not_for_it_refuses(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = scene_plan("p1", LEVEL_OBSERVE);
	struct text why = text_heap();

	assert_int_equal(actuator_find("hook")->check(f->scene.state, &wanted, &why), -EOPNOTSUPP);
	says(text_string(&why), "observe");
	text_clear(&why);
	wanted.plan.level = LEVEL_DROP;
	assert_int_equal(actuator_find("hook")->check(f->scene.state, &wanted, &why), 0);
	wanted.source_count = 100000;
	assert_int_equal(actuator_find("hook")->check(f->scene.state, &wanted, &why), -EOPNOTSUPP);
	says(text_string(&why), "too many");
	text_done(&why);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_plan_is_told_once_and_is_in_force),
		CASE(the_message_has_all_of_the_plan),
		CASE(what_changes_is_told_again_and_reasons_are_no_change),
		CASE(what_is_gone_or_expired_is_withdrawn_once),
		CASE(another_process_says_the_same_with_the_same_key),
		CASE(one_that_fails_is_asked_again_so_often_and_later),
		CASE(one_that_refuses_is_not_asked_again_soon),
		CASE(one_that_refuses_a_change_still_holds_what_was),
		CASE(nonsense_is_no_answer),
		CASE(one_that_is_killed_has_failed),
		CASE(one_that_takes_too_long_ends_with_all_it_started),
		CASE(what_it_leaves_running_ends_with_it),
		CASE(one_that_writes_without_end_is_read_without_end),
		CASE(it_gets_nothing_of_ours),
		CASE(signals_reach_it_though_our_thread_blocks_them),
		CASE(when_we_are_killed_the_next_one_says_it_again),
		CASE(one_bad_plan_holds_up_no_other),
		CASE(settings_that_cannot_work_are_refused),
		CASE(one_that_went_away_is_missed),
		CASE(what_it_is_not_for_it_refuses),
	};

	return cmocka_run_group_tests_name("actuate/hook", tests, NULL, NULL);
}
