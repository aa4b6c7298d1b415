/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays when the process goes: in a network and mount namespace of its own, on the loopback.
 *
 * Real packets and the real clock, as nothing else shows that a rule ends when
 * nobody is left to end it.
 */
#include "check.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "base/clock.h"
#include "lab.h"

#define PORT 40123

static char folder[] = "/tmp/weir-bpffs-XXXXXX";
static char pins[64];
static const char *const loopback[] = { "lo" };
static int in_fd = -1;
static int out_fd = -1;

static void set_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(PORT),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (unshare(CLONE_NEWNS | CLONE_NEWNET))
		lab_skip("namespaces need CAP_SYS_ADMIN");
	if (!mkdtemp(folder) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", folder, "bpf", 0, NULL))
		lab_skip("a file system of BPF cannot be mounted here");
	snprintf(pins, sizeof(pins), "%s/weir", folder);
	in_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	out_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (in_fd < 0 || ioctl(in_fd, SIOCSIFFLAGS, &request) ||
	    bind(in_fd, (struct sockaddr *)&address, sizeof(address)) ||
	    connect(out_fd, (struct sockaddr *)&address, sizeof(address)))
		lab_skip("the loopback cannot be used");
}

/* Does a datagram to ourselves arrive? */
static bool arrives(void)
{
	struct pollfd wait = { .fd = in_fd, .events = POLLIN };
	char byte = 'x';

	assert_int_equal(send(out_fd, &byte, 1, 0), 1);
	if (poll(&wait, 1, 20) != 1)
		return false;
	assert_int_equal(recv(in_fd, &byte, 1, 0), 1);
	return true;
}

static struct xdp_engine_config config_of(bool attached)
{
	return (struct xdp_engine_config){ .pin_dir = pins,
					   .interfaces = loopback,
					   .interface_count = attached ? 1 : 0,
					   .mode = XDP_MODE_GENERIC,
					   .hosts_max = 100,
					   .members_max = 100,
					   .sampling = 1 };
}

static struct xdp_engine *open_as(const struct xdp_engine_config *config)
{
	struct xdp_engine *engine = NULL;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));
	int err = xdp_engine_open(config, &engine, &error);

	if (err)
		print_error("# %s\n", why);
	assert_int_equal(err, 0);
	return engine;
}

static struct xdp_engine *open_engine(bool attached)
{
	const struct xdp_engine_config config = config_of(attached);

	return open_as(&config);
}

/* Drops what comes to our port, until then. */
static void set_drop(struct xdp_engine *engine, uint64_t expires_ns)
{
	const struct xdp_protected protect = { prefix_of("127.0.0.0/8"), 3 };
	struct xdp_rule rule;
	const struct xdp_wanted wanted = { &protect, 1, &rule, 1 };

	xdp_rule_init(&rule, &protect.prefix);
	rule.id = 99;
	rule.action = FILTER_DROP;
	rule.dst_port = (struct xdp_range){ PORT, PORT };
	rule.expires_ns = expires_ns;
	assert_int_equal(xdp_engine_set(engine, &wanted, NULL), 0);
}

static void what_is_pinned_stays_in_force(void **state)
{
	struct xdp_engine *engine = open_engine(true);
	uint64_t ids[FILTER_RULES];
	struct xdp_rule_counters counters;

	(void)state;
	assert_true(arrives());
	set_drop(engine, 0);
	assert_false(arrives());
	xdp_engine_close(engine);
	assert_false(arrives());
	engine = open_engine(true);
	assert_false(arrives());
	assert_int_equal(xdp_engine_rules(engine, ids), 1);
	assert_int_equal(ids[0], 99);
	assert_int_equal(xdp_engine_rule_counters(engine, 99, &counters), 0);
	assert_int_equal(counters.dropped_packets, 3);
	/* It can be changed, and its counters go on. */
	set_drop(engine, clock_mono_ns() + NS_PER_S * 100);
	assert_false(arrives());
	assert_int_equal(xdp_engine_rule_counters(engine, 99, &counters), 0);
	assert_int_equal(counters.dropped_packets, 4);
	xdp_engine_remove(engine);
	assert_true(arrives());
	assert_int_equal(access(pins, F_OK), -1);
}

static void a_rule_ends_when_nobody_is_left(void **state)
{
	struct xdp_engine *engine = open_engine(true);
	uint64_t begin_ns = clock_mono_ns();

	(void)state;
	set_drop(engine, begin_ns + 400 * NS_PER_MS);
	xdp_engine_close(engine);
	assert_false(arrives());
	while (clock_mono_ns() < begin_ns + 420 * NS_PER_MS)
		usleep(10000);
	assert_true(arrives());
	xdp_engine_remove(open_engine(true));
}

static void an_interface_that_is_not_named_is_let_go(void **state)
{
	struct xdp_engine *engine = open_engine(true);

	(void)state;
	set_drop(engine, 0);
	xdp_engine_close(engine);
	assert_false(arrives());
	engine = open_engine(false);
	assert_true(arrives());
	xdp_engine_remove(engine);
}

static void only_one_process_has_it(void **state)
{
	const struct xdp_engine_config config = { .pin_dir = pins };
	struct xdp_engine *engine = open_engine(false);
	struct xdp_engine *other = NULL;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	assert_int_equal(xdp_engine_open(&config, &other, &error), -EBUSY);
	assert_non_null(strstr(why, "another process"));
	xdp_engine_remove(engine);
}

static void other_sizes_are_refused(void **state)
{
	struct xdp_engine *engine = open_engine(true);
	const struct xdp_engine_config config = { .pin_dir = pins, .hosts_max = 101 };
	struct xdp_engine *other = NULL;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	set_drop(engine, 0);
	xdp_engine_close(engine);
	assert_int_equal(xdp_engine_open(&config, &other, &error), -EINVAL);
	assert_non_null(strstr(why, "other sizes"));
	assert_false(arrives());
	xdp_engine_remove(open_engine(true));
}

/* One interface that is not there, and the others are as they were. */
static void an_open_that_fails_attaches_nowhere(void **state)
{
	static const char *const both[] = { "lo", "nowhere0" };
	struct xdp_engine_config config = { .pin_dir = pins,
					    .interfaces = both,
					    .interface_count = 2,
					    .mode = XDP_MODE_GENERIC,
					    .hosts_max = 100,
					    .members_max = 100 };
	struct xdp_engine *other = NULL;
	char link[128];
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	snprintf(link, sizeof(link), "%s/link_lo", pins);
	assert_int_equal(xdp_engine_open(&config, &other, &error), -ENODEV);
	assert_int_equal(access(link, F_OK), -1);
	struct xdp_engine *engine = open_engine(true);
	set_drop(engine, 0);
	xdp_engine_close(engine);
	text_clear(&error);
	assert_int_equal(xdp_engine_open(&config, &other, &error), -ENODEV);
	assert_int_equal(access(link, F_OK), 0);
	assert_false(arrives());
	xdp_engine_remove(open_engine(true));
	assert_true(arrives());
}

/* Nothing is attached or pinned by rules alone; attached, they hold from the first packet on. */
static void what_rests_is_told_first_and_attached_then(void **state)
{
	struct xdp_engine_config config = config_of(true);
	const struct xdp_protected protect = { prefix_of("127.0.0.0/8"), 3 };
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	config.idle = true;
	struct xdp_engine *engine = open_as(&config);
	assert_int_equal(xdp_engine_rest(engine, &protect, 1), 0);
	for (int i = 0; i < 2; i++) {
		set_drop(engine, 0);
		assert_true(arrives());
		assert_int_equal(access(pins, F_OK), -1);
		assert_int_equal(xdp_engine_attach(engine, &config, &error), 0);
		assert_false(arrives());
		assert_int_equal(xdp_engine_rest(engine, &protect, 1), 0);
		assert_true(arrives());
		assert_int_equal(access(pins, F_OK), -1);
	}
	/* What was told before is not in the way of what comes then. */
	assert_int_equal(xdp_engine_attach(engine, &config, &error), 0);
	assert_true(arrives());
	set_drop(engine, 0);
	xdp_engine_close(engine);
	assert_false(arrives());
	xdp_engine_remove(open_engine(true));
	assert_true(arrives());
}

static void what_cannot_be_attached_rests_on(void **state)
{
	static const char *const both[] = { "lo", "nowhere0" };
	const struct xdp_protected protect = { prefix_of("127.0.0.0/8"), 3 };
	struct xdp_engine_config config = config_of(true);
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	config.idle = true;
	config.interfaces = both;
	config.interface_count = 2;
	struct xdp_engine *engine = open_as(&config);
	assert_int_equal(xdp_engine_rest(engine, &protect, 1), 0);
	set_drop(engine, 0);
	assert_int_equal(xdp_engine_attach(engine, &config, &error), -ENODEV);
	assert_true(arrives());
	assert_int_equal(access(pins, F_OK), -1);
	/* Told before, so that it only needs to be attached. */
	config.interface_count = 1;
	assert_int_equal(xdp_engine_attach(engine, &config, &error), 0);
	assert_false(arrives());
	xdp_engine_remove(engine);
	assert_true(arrives());
}

static void errors_say_what_to_do(void **state)
{
	static const char *const nowhere[] = { "nowhere0" };
	struct xdp_engine_config config = { .interfaces = nowhere, .interface_count = 1 };
	struct xdp_engine *engine = NULL;
	char why[512];
	struct text error = text_fixed(why, sizeof(why));

	(void)state;
	assert_int_equal(xdp_engine_open(&config, &engine, &error), -ENODEV);
	assert_non_null(strstr(why, "there is no interface nowhere0"));
	text_clear(&error);
	config = (struct xdp_engine_config){ .pin_dir = "/tmp/weir-no-bpffs" };
	assert_int_equal(xdp_engine_open(&config, &engine, &error), -EOPNOTSUPP);
	assert_non_null(strstr(why, "mount -t bpf"));
	assert_int_equal(access("/tmp/weir-no-bpffs", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_pinned_stays_in_force),
		cmocka_unit_test(a_rule_ends_when_nobody_is_left),
		cmocka_unit_test(an_interface_that_is_not_named_is_let_go),
		cmocka_unit_test(only_one_process_has_it),
		cmocka_unit_test(other_sizes_are_refused),
		cmocka_unit_test(an_open_that_fails_attaches_nowhere),
		cmocka_unit_test(what_rests_is_told_first_and_attached_then),
		cmocka_unit_test(what_cannot_be_attached_rests_on),
		cmocka_unit_test(errors_say_what_to_do),
	};

	lab_need_bpf();
	set_up();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	umount(folder);
	rmdir(folder);
	return failed;
}
