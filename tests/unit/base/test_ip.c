/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/ip and base/lpm: text forms, prefixes, longest match. */
#include "check.h"

#include <errno.h>

#include "base/ip.h"
#include "base/hash.h"
#include "base/lpm.h"

static struct ip ip(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static struct prefix prefix(const char *text)
{
	struct prefix prefix = { 0 };

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static void addresses_survive_a_round_trip(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "192.0.2.1", "255.255.255.255",
					     "::",      "::1",       "2001:db8::1:0:0:1" };
	char text[IP_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ip a = ip(texts[i]);
		assert_string_equal(ip_format(&a, text), texts[i]);
	}
}

static void bad_prefixes_are_told_apart(void **state)
{
	struct prefix p;

	(void)state;
	assert_int_equal(prefix_parse("192.0.2.0/33", &p), -WEIR_ERANGE);
	assert_int_equal(prefix_parse("2001:db8::/129", &p), -WEIR_ERANGE);
	assert_int_equal(prefix_parse("192.0.2.1/24", &p), -EINVAL);
	assert_int_equal(prefix_parse("192.0.2/24", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("192.0.2.0/", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("192.0.2.0/+8", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("10.0.0.0/08", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("::/00", &p), -WEIR_ESYNTAX);
	assert_int_equal(prefix_parse("::ffff:198.51.100.0/120", &p), -WEIR_ERANGE);
	assert_int_equal(prefix_parse("::ffff:198.51.100.0/24", &p), -WEIR_ERANGE);
	assert_int_equal(prefix_parse("0.0.0.0/0", &p), 0);
	assert_int_equal(prefix_parse("::ffff:198.51.100.1", &p), 0);
}

static void prefixes_contain_and_overlap(void **state)
{
	struct prefix net = prefix("198.51.100.0/25");
	struct ip in = ip("198.51.100.127");
	struct ip out = ip("198.51.100.128");
	struct prefix wide = prefix("198.51.0.0/16");
	struct prefix all6 = prefix("::/0");
	char text[IP_TEXT_MAX];

	(void)state;
	assert_true(prefix_has_ip(&net, &in));
	assert_false(prefix_has_ip(&net, &out));
	assert_true(prefix_overlaps(&net, &wide));
	assert_true(prefix_overlaps(&wide, &net));
	assert_true(prefix_is_v4(&net));
	assert_false(prefix_is_v4(&all6));
	assert_string_equal(prefix_format(&net, text), "198.51.100.0/25");
}

static void longest_prefix_wins_in_any_order(void **state)
{
	static const char *const orders[][4] = {
		{ "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/20", "10.1.2.3/32" },
		{ "10.1.2.3/32", "10.1.0.0/20", "10.0.0.0/8", "0.0.0.0/0" },
	};

	(void)state;
	for (int order = 0; order < 2; order++) {
		struct lpm *lpm = lpm_new();
		assert_non_null(lpm);
		for (uint32_t i = 0; i < 4; i++) {
			struct prefix p = prefix(orders[order][i]);
			assert_int_equal(lpm_add(lpm, &p, order ? 3 - i : i), 0);
		}
		struct ip a = ip("10.1.2.3"), b = ip("10.1.15.255"), c = ip("10.1.16.0"),
			  d = ip("11.0.0.0"), e = ip("2001:db8::1");
		assert_int_equal(lpm_find(lpm, &a), 3);
		assert_int_equal(lpm_find(lpm, &b), 2);
		assert_int_equal(lpm_find(lpm, &c), 1);
		assert_int_equal(lpm_find(lpm, &d), 0);
		assert_int_equal(lpm_find(lpm, &e), LPM_NONE);
		lpm_free(lpm);
	}
}

static void both_families_stay_apart(void **state)
{
	struct lpm *lpm = lpm_new();
	struct prefix all6 = prefix("::/0"), site = prefix("2001:db8::/32"),
		      host = prefix("2001:db8::53/128");
	struct ip v4 = ip("192.0.2.1"), other = ip("2001:db9::"), in = ip("2001:db8::1"),
		  exact = ip("2001:db8::53");

	(void)state;
	assert_int_equal(lpm_add(lpm, &host, 3), 0);
	assert_int_equal(lpm_add(lpm, &site, 2), 0);
	assert_int_equal(lpm_add(lpm, &all6, 1), 0);
	assert_int_equal(lpm_find(lpm, &v4), LPM_NONE);
	assert_int_equal(lpm_find(lpm, &other), 1);
	assert_int_equal(lpm_find(lpm, &in), 2);
	assert_int_equal(lpm_find(lpm, &exact), 3);
	lpm_free(lpm);
}

/* Lengths of both families, in the 128-bit form; many lie inside one another. */
static struct prefix random_prefix(uint64_t i)
{
	uint64_t r = hash_words(i, 1, 4);
	bool v4 = r & 1;
	struct prefix p = { .len = (uint8_t)(v4 ? 96 + (r >> 1) % 33 : (r >> 1) % 129) };

	if (v4)
		p.ip = ip_from_v4((const uint8_t[]){ 10, (uint8_t)((r >> 8) % 3),
						     (uint8_t)((r >> 16) % 3),
						     (uint8_t)(r >> 24) });
	else
		p.ip = (struct ip){ .b = { 0x20, (uint8_t)((r >> 8) % 3),
					   (uint8_t)((r >> 16) % 3), [15] = (uint8_t)(r >> 24) } };
	for (unsigned bit = p.len; bit < 128; bit++)
		p.ip.b[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	return p;
}

static void longest_match_equals_a_naive_search(void **state)
{
	struct prefix prefixes[120];
	struct lpm *lpm = lpm_new();

	(void)state;
	assert_non_null(lpm);
	for (uint32_t i = 0; i < 120; i++) {
		prefixes[i] = random_prefix(i);
		assert_int_equal(lpm_add(lpm, &prefixes[i], i), 0);
	}
	for (uint64_t n = 0; n < 20000; n++) {
		struct ip ip = random_prefix(n % 600).ip;
		ip.b[hash_words(n, 2, 4) % 16] ^= (uint8_t)(hash_words(n, 3, 4) % 4);
		uint32_t best = LPM_NONE;
		for (uint32_t i = 0; i < 120; i++) {
			if (prefix_has_ip(&prefixes[i], &ip) &&
			    prefix_is_v4(&prefixes[i]) == ip_is_v4(&ip) &&
			    (best == LPM_NONE || prefixes[i].len >= prefixes[best].len))
				best = i;
		}
		assert_int_equal(lpm_find(lpm, &ip), best);
	}
	lpm_free(lpm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_survive_a_round_trip),
		cmocka_unit_test(bad_prefixes_are_told_apart),
		cmocka_unit_test(prefixes_contain_and_overlap),
		cmocka_unit_test(longest_prefix_wins_in_any_order),
		cmocka_unit_test(both_families_stay_apart),
		cmocka_unit_test(longest_match_equals_a_naive_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
