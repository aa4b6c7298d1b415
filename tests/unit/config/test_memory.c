/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the memory that limits ask for: against what the rooms take, and against the machine. */
#include "check.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/hands.h"
#include "daemon/health.h"
#include "daemon/memory.h"
#include "daemon/traffic.h"
#include "daemon/worker.h"
#include "detect/detector.h"
#include "incident/incidents.h"
#include "ingest/udp.h"

#if defined(__SANITIZE_ADDRESS__)
/* The compiler brings the function, but not everywhere its header. */
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

static uint64_t taken(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
#endif
}

static const struct config small = {
	.threads = 1,
	.max_hosts = 4096,
	.max_exporters = 1,
	.max_templates = 16,
	.max_details = 16,
	.max_incidents = 1,
	.window_ns = 5000000000U,
};

/* Open what depends on the limits, as the daemon does with one thread. */
static uint64_t taken_by(const struct config *config)
{
	uint64_t before = taken();
	const struct hands_options options = { .seed = 1 };
	struct text error = text_heap();
	struct incidents *incidents = NULL;
	struct hands *hands = NULL;
	void *detectors[8] = { 0 };
	struct worker *worker = worker_new(config, 0, 1);
	struct health *health = health_new(config, 1);
	struct udp_receiver *receiver = udp_receiver_new();
	struct traffic *traffic = traffic_new(config, 1);

	assert_non_null(worker);
	assert_non_null(receiver);
	assert_non_null(health);
	assert_non_null(traffic);
	assert_int_equal(incidents_open(config, NULL, 1, &incidents), 0);
	for (size_t i = 0; i < 8 && detector_registry[i]; i++)
		assert_int_equal(detector_registry[i]->open(config, 1, &detectors[i]), 0);
	assert_int_equal(hands_open(config, &options, &error, &hands), 0);
	uint64_t bytes = taken() - before;
	hands_close(hands);
	text_done(&error);
	for (size_t i = 0; i < 8 && detector_registry[i]; i++)
		detector_registry[i]->close(detectors[i]);
	incidents_close(incidents);
	udp_receiver_free(receiver);
	traffic_free(traffic);
	health_free(health);
	worker_free(worker);
	return bytes;
}

static void assert_near(const char *what, uint64_t said, uint64_t real)
{
	if (said < real - real / 8 || said > real + real / 2)
		fail_msg("%s: config_memory_bytes() says %llu bytes more, the rooms take %llu",
			 what, (unsigned long long)said, (unsigned long long)real);
}

/* Each limit by itself, so that none hides behind another. */
static void what_is_said_is_what_is_taken(void **state)
{
	static const struct {
		const char *what;
		size_t offset;
		uint64_t value;
	} limits[] = {
		{ "hosts", offsetof(struct config, max_hosts), 32768 },
		{ "watched", offsetof(struct config, max_watched), 4096 },
		{ "outside", offsetof(struct config, max_outside), 32768 },
		{ "exporters", offsetof(struct config, max_exporters), 2048 },
		{ "templates", offsetof(struct config, max_templates), 8192 },
		{ "held", offsetof(struct config, max_held_bytes), 16 << 20 },
		{ "details", offsetof(struct config, max_details), 2048 },
		{ "samples", offsetof(struct config, max_samples), 16384 },
		{ "counters", offsetof(struct config, max_counters), 131072 },
		{ "counters, rounded up", offsetof(struct config, max_counters), 70000 },
		{ "profiles", offsetof(struct config, max_profiles), 16384 },
		{ "subjects", offsetof(struct config, max_subjects), 1024 },
		{ "incidents", offsetof(struct config, max_incidents), 8192 },
	};
	uint64_t least = taken_by(&small);

	(void)state;
	assert_near("a thread", config_memory_bytes(&small), least);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct config config = small;
		memcpy((char *)&config + limits[i].offset, &limits[i].value, sizeof(uint64_t));
		assert_near(limits[i].what,
			    config_memory_bytes(&config) - config_memory_bytes(&small),
			    taken_by(&config) - least);
	}
}

static void networks_take_what_is_said_up_to_a_limit(void **state)
{
	struct config config = small;
	uint64_t none = config_memory_bytes(&small);

	(void)state;
	config.networks = calloc(5000, sizeof(config.networks[0]));
	assert_non_null(config.networks);
	const uint64_t before = taken_by(&small);
	config.network_count = 1000;
	assert_near("networks", config_memory_bytes(&config) - none, taken_by(&config) - before);
	config.network_count = 5000;
	assert_near("networks", config_memory_bytes(&config) - none, taken_by(&config) - before);
	free((void *)config.networks);
}

static void threads_and_sockets_multiply(void **state)
{
	struct config config = small;
	uint64_t one = config_memory_bytes(&small);

	(void)state;
	config.receive_buffer = 1 << 20;
	config.listen_count = 3;
	assert_int_equal(config_memory_bytes(&config), one + (3 << 20));
	config.threads = 4;
	assert_true(config_memory_bytes(&config) > one + (12 << 20) + (24 << 20));
}

/* The largest limits there are: no sum of them wraps around. */
static void the_largest_limits_have_a_true_sum(void **state)
{
	static const struct config most = {
		.threads = 64,
		.max_hosts = 16000000,
		.max_watched = 1000000,
		.max_outside = 8000000,
		.max_exporters = 65536,
		.max_templates = 1000000,
		.max_details = 1000000,
		.max_samples = 1000000,
		.max_counters = 16000000,
		.max_profiles = 4000000,
		.max_subjects = 65536,
		.max_held_bytes = (uint64_t)1200 << 20,
		.receive_buffer = (uint64_t)1200 << 20,
		.listen_count = 64,
		.max_incidents = 1000000,
	};

	(void)state;
	assert_true(config_memory_bytes(&most) > (uint64_t)4 << 40);
	assert_true(config_memory_bytes(&most) < (uint64_t)60 << 40);
}

static int load(const char *yaml, uint64_t memory_bytes, struct text *errors)
{
	const struct config_known known = { .memory_bytes = memory_bytes };
	char path[] = "/tmp/weir-test-memory-XXXXXX";
	struct config *config = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
	close(fd);
	int err = config_load_known(path, &known, errors, &config);
	config_free(config);
	unlink(path);
	return err;
}

static void assert_refused(const char *yaml, const char *at, const char *advice)
{
	struct text errors = text_heap();

	assert_int_equal(load(yaml, (uint64_t)1200 << 20, &errors), -WEIR_ECONFIG);
	if (!strstr(text_string(&errors), at) || !strstr(text_string(&errors), advice))
		fail_msg("no `%s` and `%s` in: %s", at, advice, text_string(&errors));
	text_done(&errors);
	/* The same is right where there is more, or where nobody knows. */
	assert_int_equal(load(yaml, (uint64_t)100 << 40, &errors), 0);
	assert_int_equal(load(yaml, 0, &errors), 0);
	text_done(&errors);
}

static void limits_beyond_the_machine_are_refused(void **state)
{
	struct text errors = text_heap();

	(void)state;
	assert_int_equal(load("limits: {hosts: 65536}\n", (uint64_t)1200 << 20, &errors), 0);
	text_done(&errors);
	assert_refused("limits: {hosts: 16M}\n", ":1:1: ",
		       "memory, and there are 1.26 GB; lower `limits.hosts` first: it takes ");
	assert_refused("networks: []\nlimits:\n  details: 1M\n",
		       ":2:1: ", "`limits.details` first");
	assert_refused("limits: {exporters: 32768, templates: 1M}\n",
		       ":1:1: ", "`limits.templates` first");
	assert_refused("limits: {held: 1GiB}\n", ":1:1: ", "with 2 threads");
	assert_refused("limits: {hosts: 64}\ningest: {receive_buffer: 1GiB}\n",
		       ":2:1: ", "`ingest.receive_buffer` first");
	assert_refused("incidents: {max_open: 1M}\ningest: {threads: 1}\n",
		       ":1:1: ", "with 1 thread\n");
	/* Built-in sizes many times over: the place is that of the number of threads. */
	assert_refused("ingest: {threads: 64}\n", ":1:1: ", "with 64 threads");
}

/* A machine as its files show it. */
static char root[64];

static void put(const char *name, const char *content)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
}

static void the_least_of_machine_and_groups_counts(void **state)
{
	char command[128];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/weir-test-machine-XXXXXX");
	assert_non_null(mkdtemp(root));
	assert_int_equal(memory_limit(root), 0);
	put("proc/meminfo", "MemTotal:       24684004 kB\nMemFree: 1 kB\n");
	assert_int_equal(memory_limit(root), 24684004UL * 1024);
	put("proc/self/cgroup", "1:cpu,cpuacct:/x\n0::/system.slice/weir.service\n");
	put("sys/fs/cgroup/system.slice/weir.service/memory.max", "max\n");
	assert_int_equal(memory_limit(root), 24684004UL * 1024);
	put("sys/fs/cgroup/system.slice/memory.max", "536870912\n");
	assert_int_equal(memory_limit(root), 536870912);
	put("sys/fs/cgroup/system.slice/weir.service/memory.max", "268435456\n");
	assert_int_equal(memory_limit(root), 268435456);
	/* Version 1; in a container the group's own path is not there. */
	put("proc/self/cgroup", "4:memory:/docker/abc\n2:cpu:/\n");
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(memory_limit(root), 24684004UL * 1024);
	put("sys/fs/cgroup/memory/memory.limit_in_bytes", "134217728\n");
	assert_int_equal(memory_limit(root), 134217728);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_what_is_taken),
		cmocka_unit_test(networks_take_what_is_said_up_to_a_limit),
		cmocka_unit_test(threads_and_sockets_multiply),
		cmocka_unit_test(the_largest_limits_have_a_true_sum),
		cmocka_unit_test(limits_beyond_the_machine_are_refused),
		cmocka_unit_test(the_least_of_machine_and_groups_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
