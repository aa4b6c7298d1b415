/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lab/maker: the same bytes twice, counts as they were announced, a table that holds. */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/vector.h"
#include "lab/maker.h"
#include "lab/packet.h"

#define RUNS     3
#define SAMPLING 10000

static const char *const names[] = { "weir.yaml", "telemetry.pcap", "truth.json",
				     "population.csv" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static char folders[RUNS][64];

static int make_folders(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		snprintf(folders[i], sizeof(folders[i]), "/tmp/weir-test-maker-XXXXXX");
		if (!mkdtemp(folders[i]))
			return -1;
	}
	return 0;
}

/* Fails when something was left behind. */
static int remove_folders(void **state)
{
	int err = 0;

	(void)state;
	for (unsigned i = 0; i < RUNS; i++) {
		for (unsigned k = 0; k < NAMES; k++) {
			char path[128];
			snprintf(path, sizeof(path), "%s/%s", folders[i], names[k]);
			unlink(path);
		}
		err |= rmdir(folders[i]);
	}
	return err;
}

static struct text file_of(unsigned run, const char *name)
{
	struct text bytes = text_heap();
	char path[128], buffer[65536];
	size_t got;

	snprintf(path, sizeof(path), "%s/%s", folders[run], name);
	FILE *file = fopen(path, "rbe");
	assert_non_null(file);
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_n(&bytes, buffer, got);
	fclose(file);
	assert_false(bytes.failed);
	return bytes;
}

/* O3, but for twenty seconds. */
static void make(unsigned run, uint64_t seed)
{
	struct scenario scenario = *scenario_find("o3");
	struct text error = text_heap();
	struct maker_request request = { .scenario = &scenario,
					 .mode = "sflow",
					 .folder = folders[run],
					 .seed = seed,
					 .sampling = SAMPLING };

	scenario.duration_s = 20;
	assert_int_equal(maker_run(&request, &error), 0);
	assert_int_equal(error.len, 0);
	text_done(&error);
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	(void)state;
	make(0, 1);
	make(1, 1);
	make(2, 2);
	for (unsigned k = 0; k < NAMES; k++) {
		struct text one = file_of(0, names[k]), two = file_of(1, names[k]);
		struct text other = file_of(2, names[k]);
		assert_true(one.len > 100);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
		/* And another seed others, but for the site's networks. */
		bool same = one.len == other.len && memcmp(one.data, other.data, one.len) == 0;
		assert_int_equal(same, strcmp(names[k], "weir.yaml") == 0);
		text_done(&one);
		text_done(&two);
		text_done(&other);
	}
}

static double number_of(const struct text *json, const char *key)
{
	const char *at = strstr(text_string(json), key);

	assert_non_null(at);
	return strtod(at + strlen(key), NULL);
}

static unsigned lines_with(const struct text *csv, const char *begin)
{
	unsigned count = 0;

	for (const char *at = text_string(csv); *at; at++) {
		count += strncmp(at, begin, strlen(begin)) == 0;
		at += strcspn(at, "\n");
	}
	return count;
}

static void counts_are_what_the_rates_say(void **state)
{
	(void)state;
	make(0, 1);
	struct text truth = file_of(0, "truth.json"), csv = file_of(0, "population.csv");
	double attack_pps = number_of(&truth, "\"attack_pps\":");
	double samples = number_of(&truth, "\"samples\":");
	double attack_samples = number_of(&truth, "\"attack_samples\":");
	double packets = number_of(&truth, "\"packets\":");
	assert_true(attack_pps == 100e3);
	/* Five standard deviations of a Poisson count. */
	double wanted = attack_pps * 20 / SAMPLING;
	assert_true(fabs(attack_samples - wanted) < 5 * sqrt(wanted));
	assert_true(fabs(samples - packets / SAMPLING) < 0.02 * samples);
	/* All of the attack is in the population, as it is that small. */
	assert_true(lines_with(&csv, "attack,") == (unsigned)attack_samples);
	text_done(&truth);
	text_done(&csv);
}

static void a_folder_that_cannot_be_made_is_told(void **state)
{
	struct text error = text_heap();
	const struct maker_request request = { .scenario = scenario_find("O3"),
					       .mode = "sflow",
					       .folder = "/dev/null/nowhere",
					       .seed = 1 };

	(void)state;
	assert_true(maker_run(&request, &error) < 0);
	assert_non_null(strstr(text_string(&error), "/dev/null/nowhere"));
	text_done(&error);
}

/* What a part's packets look like to the vector table. */
static const char *vector_of(const struct lab_part *part, uint16_t length)
{
	const struct flow flow = { .has = FLOW_HAS_PROTO | FLOW_HAS_SPORT | FLOW_HAS_DPORT |
					  FLOW_HAS_TCP_FLAGS | FLOW_HAS_PACKETS | FLOW_HAS_BYTES |
					  FLOW_HAS_FRAGMENT,
				   .packets = 1,
				   .bytes = length,
				   .sport = part->fragment == 2 ? 0
					    : part->sport       ? part->sport
								: 50000,
				   .dport = part->fragment == 2 ? 0
					    : part->dport       ? part->dport
								: 50001,
				   .proto = part->proto,
				   .tcp_flags = part->flags,
				   .fragment = part->fragment,
				   .source = FLOW_PACKET };
	struct flow classified = flow;

	classified.class = (uint8_t)flow_classify(&flow);
	const struct sample sample = sample_of(&classified);
	return vector_match(&sample).name;
}

static bool has_vector(const struct scenario *s, const char *name)
{
	for (unsigned i = 0; i < SCENARIO_PARTS; i++) {
		const struct lab_part *part = &s->parts[i];
		if (part->pps > 0 && part->origin == LAB_ATTACK &&
		    (strcmp(vector_of(part, part->least), name) == 0 ||
		     strcmp(vector_of(part, part->most), name) == 0))
			return true;
	}
	return false;
}

static void every_scenario_has_what_it_says(void **state)
{
	(void)state;
	assert_true(scenario_count >= 24);
	for (unsigned k = 0; k < scenario_count; k++) {
		const struct scenario *s = &scenarios[k];
		unsigned attacks = 0;
		assert_ptr_equal(scenario_find(s->id), s);
		assert_true(s->len > 0 && s->len <= 32 && s->kind < KIND_COUNT);
		for (unsigned i = 0; i < SCENARIO_PARTS; i++) {
			const struct lab_part *part = &s->parts[i];
			if (part->pps <= 0)
				continue;
			attacks += part->origin == LAB_ATTACK;
			assert_true(part->least <= part->most && part->most > 0);
			assert_true(part->src != part->dst);
			assert_true(part->src != END_STRANGERS || part->count > 0);
			assert_true(part->dst != END_STRANGERS || part->count > 0);
			assert_true(part->first + part->count <= 20000);
		}
		if (s->benign != (attacks == 0))
			fail_msg("%s: %u parts are attacks", s->id, attacks);
		if (s->benign != !s->vectors[0])
			fail_msg("%s: an attack has vectors, nothing else has", s->id);
		for (unsigned i = 0; i < SCENARIO_VECTORS && s->vectors[i]; i++) {
			if (!has_vector(s, s->vectors[i]))
				fail_msg("%s: no part of it is %s", s->id, s->vectors[i]);
		}
	}
	assert_null(scenario_find("I99"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_seed_gives_the_same_bytes, make_folders,
						remove_folders),
		cmocka_unit_test_setup_teardown(counts_are_what_the_rates_say, make_folders,
						remove_folders),
		cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
		cmocka_unit_test(every_scenario_has_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
