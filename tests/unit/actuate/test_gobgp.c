/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/gobgp: what is made of each kind of answer; frames; what of attributes counts. */
#include "fake_gobgp.h"

#include <errno.h>
#include <stdlib.h>

#include "actuate/gobgp/grpc.h"
#include "actuate/gobgp/held.h"
#include "actuate/gobgp/paths.h"

/* Of those that never answer; all others have time, however busy the machine is. */
#define SHORT_NS 200000000U

struct outcome {
	int err;
	bool applied;
	char why[512];
};

static struct outcome reconcile_with(uint16_t port, uint64_t timeout_ns)
{
	char yaml[512];
	struct outcome outcome = { 0 };
	struct wanted plans[] = { wanted_of("p0", LEVEL_BLACKHOLE, "198.51.100.7/32") };
	struct effect effects[1] = { 0 };
	struct text why = text_heap();
	const struct wanted_set set = { .plans = plans, .count = 1, .now_ns = 100 };
	struct actuator_result result = { .effects = effects, .why = &why };
	const struct actuator *gobgp = actuator_find("gobgp");
	uint32_t caps;
	void *state;

	snprintf(yaml, sizeof(yaml),
		 OWN_NETWORKS
		 "actuators:\n  - {name: edge, kind: gobgp, address: '127.0.0.1:%u'}\n",
		 port);
	struct config *config = config_of(yaml);
	struct config_actuator settings = config->actuators[0];
	settings.timeout_ns = timeout_ns;
	assert_int_equal(gobgp->open(config, &settings, &state, &caps, &why), 0);
	assert_int_equal(caps,
			 ACTUATOR_CAN_RATE_LIMIT | ACTUATOR_CAN_DROP | ACTUATOR_CAN_BLACKHOLE);
	outcome.err = gobgp->reconcile(state, &set, &result);
	outcome.applied = effects[0].applied;
	snprintf(outcome.why, sizeof(outcome.why), "%s", text_string(&why));
	assert_string_equal(effects[0].plan, "p0");
	gobgp->close(state);
	text_done(&why);
	config_free(config);
	return outcome;
}

static void each_mood_has_its_error(void **unused)
{
	static const struct {
		enum mood mood;
		int err;
		const char *words;
	} cases[] = {
		{ MOOD_FORGETS, -EOPNOTSUPP, "took 1 routes and does not have them" },
		{ MOOD_SILENT, -ETIMEDOUT, "Raise `timeout`" },
		{ MOOD_NONSENSE, -WEIR_EFORMAT, "is not GoBGP's API" },
		{ MOOD_VERSION_4, -EOPNOTSUPP, "version 4 is not supported" },
		{ MOOD_REFUSES, -EOPNOTSUPP, "bgp server hasn't started yet" },
		{ MOOD_NOT_FOUND, -WEIR_EFORMAT, "HTTP status 404" },
		{ MOOD_GARBAGE, -WEIR_EFORMAT, "cannot be read" },
		{ MOOD_TRUNCATED, -WEIR_EFORMAT, "cannot be read" },
		{ MOOD_HALF, 0, "look at `address`" },
		{ MOOD_NO_STATUS, -WEIR_EFORMAT, "is not GoBGP's API" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_gobgp fake = { .mood = cases[i].mood };
		fake_start(&fake);
		struct outcome got = reconcile_with(
			fake.port, cases[i].err == -ETIMEDOUT ? SHORT_NS : 30000000000U);
		fake_stop(&fake);
		assert_false(got.applied);
		assert_true(got.err < 0);
		if (cases[i].err)
			assert_int_equal(got.err, cases[i].err);
		if (!strstr(got.why, cases[i].words))
			fail_msg("no \"%s\" in: %s", cases[i].words, got.why);
		if (cases[i].mood == MOOD_FORGETS) {
			assert_int_equal(fake.lists, 2 * BGP_KINDS);
			assert_int_equal(fake.streams, 2);
		}
	}
}

static void nobody_there_is_told(void **unused)
{
	struct fake_gobgp fake = { 0 };

	(void)unused;
	fake_start(&fake);
	fake_stop(&fake);
	struct outcome got = reconcile_with(fake.port, 30000000000U);
	assert_int_equal(got.err, -ENOTCONN);
	assert_non_null(strstr(got.why, "start it, or look at `address`"));
}

static void frames_are_read_as_they_were_written(void **unused)
{
	struct grpc_bytes bytes = { 0 };
	const uint8_t *data;
	size_t len;
	size_t at = 0;

	(void)unused;
	memset(grpc_frame(&bytes, 300), 7, 300);
	assert_non_null(grpc_frame(&bytes, 0));
	assert_int_equal(bytes.len, 310);
	assert_int_equal(grpc_next(&bytes, &at, &data, &len), 1);
	assert_int_equal(len, 300);
	assert_int_equal(data[299], 7);
	assert_int_equal(grpc_next(&bytes, &at, &data, &len), 1);
	assert_int_equal(len, 0);
	assert_int_equal(grpc_next(&bytes, &at, &data, &len), 0);
	for (bytes.len = 1; bytes.len < 305; bytes.len++) {
		at = 0;
		assert_int_equal(grpc_next(&bytes, &at, &data, &len), -WEIR_ETRUNC);
	}
	at = 0;
	bytes.data[0] = 1; /* compressed */
	assert_int_equal(grpc_next(&bytes, &at, &data, &len), -WEIR_ETRUNC);
	grpc_bytes_done(&bytes);
}

static uint64_t sum_of(enum bgp_kind kind, const struct path_attributes *attributes)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < attributes->count; i++)
		sum = path_sum(sum, kind, attributes->list[i].data, attributes->list[i].len);
	return sum;
}

static void what_an_action_is_counts_and_what_gobgp_adds_does_not(void **unused)
{
	static const uint8_t local_pref[] = { 0x40, 5, 4, 0, 0, 0, 100 };
	static const uint8_t long_communities[] = { 0xd0, 8, 0, 4, 0xff, 0xff, 0x02, 0x9a };
	struct path_style style = { .communities = { 0xffff029a }, .community_count = 1 };
	struct bgp_route route = { .kind = BGP_RTBH4 };
	struct path_attributes attributes;

	(void)unused;
	path_attributes_of(&style, &route, &attributes);
	assert_int_equal(attributes.count, 3);
	uint64_t sum = sum_of(BGP_RTBH4, &attributes);
	assert_true(path_sum(sum, BGP_RTBH4, local_pref, sizeof(local_pref)) == sum);
	/* The same with two bytes of length. */
	const struct path_attribute *communities = &attributes.list[2];
	assert_true(path_sum(0, BGP_RTBH4, communities->data, communities->len) ==
		    path_sum(0, BGP_RTBH4, long_communities, sizeof(long_communities)));
	style.next_hop_v4.b[15] = 1;
	path_attributes_of(&style, &route, &attributes);
	assert_true(sum_of(BGP_RTBH4, &attributes) != sum);
	route.kind = BGP_FLOW4;
	route.rule = plan_rule_any();
	path_attributes_of(&style, &route, &attributes);
	sum = sum_of(BGP_FLOW4, &attributes);
	route.rule.rate_pps = 9;
	path_attributes_of(&style, &route, &attributes);
	assert_true(sum_of(BGP_FLOW4, &attributes) != sum);
	/* Too short for what they announce. */
	for (size_t len = 0; len < sizeof(long_communities); len++)
		(void)path_sum(0, BGP_RTBH6, long_communities, len);
}

/* 2,500 routes for 2,500 others: messages of at most 1,000 paths, withdrawals among them. */
static void a_large_change_is_cut_into_messages(void **unused)
{
	enum { MANY = 2500 };
	struct path_style style = { 0 };
	struct bgp_routes routes = { .list = calloc(MANY, sizeof(*routes.list)), .count = MANY };
	struct gobgp_held held = { .list = calloc(MANY, sizeof(*held.list)), .count = MANY };
	struct gobgp_change change;
	const uint8_t *data;
	size_t len, at = 0;
	size_t paths = 0, withdrawn = 0, messages = 0;

	(void)unused;
	for (unsigned i = 0; i < MANY; i++) {
		uint8_t nlri[] = { 32, 198, 51, (uint8_t)(i >> 8), (uint8_t)i };
		routes.list[i].nlri_len = held.list[i].route.nlri_len = sizeof(nlri);
		memcpy(routes.list[i].nlri, nlri, sizeof(nlri));
		nlri[2] += 100;
		memcpy(held.list[i].route.nlri, nlri, sizeof(nlri));
	}
	assert_int_equal(gobgp_compare(&style, &routes, &held, &change), 0);
	assert_int_equal(change.added, MANY);
	assert_int_equal(change.removed, MANY);
	while (grpc_next(&change.frames, &at, &data, &len) > 0) {
		Apipb__AddPathStreamRequest *one =
			apipb__add_path_stream_request__unpack(NULL, len, data);
		assert_non_null(one);
		assert_true(one->n_paths <= 1000 && len < 4000000);
		for (size_t i = 0; i < one->n_paths; i++) {
			withdrawn += one->paths[i]->is_withdraw;
			assert_true(one->paths[i]->identifier == PATH_MARK);
		}
		paths += one->n_paths;
		messages++;
		apipb__add_path_stream_request__free_unpacked(one, NULL);
	}
	assert_int_equal(paths, 2 * MANY);
	assert_int_equal(withdrawn, MANY);
	assert_int_equal(messages, 5);
	grpc_bytes_done(&change.frames);
	bgp_routes_done(&routes);
	gobgp_held_done(&held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mood_has_its_error),
		cmocka_unit_test(nobody_there_is_told),
		cmocka_unit_test(frames_are_read_as_they_were_written),
		cmocka_unit_test(what_an_action_is_counts_and_what_gobgp_adds_does_not),
		cmocka_unit_test(a_large_change_is_cut_into_messages),
	};

	return cmocka_run_group_tests_name("actuate/gobgp", tests, NULL, NULL);
}
