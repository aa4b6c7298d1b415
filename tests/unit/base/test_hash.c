/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/hash: every input bit reaches every output bit. */
#include "check.h"

#include "base/hash.h"

#define ROUNDS 1000

static void count_flips(unsigned bit, unsigned flips[64])
{
	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t a = hash_words(round, 1, 2);
		uint64_t b = hash_words(round, 3, 4);
		uint64_t seed = hash_words(round, 5, 6);
		uint64_t before = hash_words(a, b, seed);
		uint64_t after = bit < 64 ? hash_words(a ^ 1UL << bit, b, seed)
					  : hash_words(a, b ^ 1UL << (bit - 64), seed);
		for (unsigned i = 0; i < 64; i++)
			flips[i] += (before ^ after) >> i & 1;
	}
}

static void every_bit_reaches_every_bit(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		unsigned flips[64] = { 0 };
		count_flips(bit, flips);
		/* Half of them, six standard deviations either way. */
		for (unsigned i = 0; i < 64; i++)
			assert_in_range(flips[i], ROUNDS / 2 - 95, ROUNDS / 2 + 95);
	}
}

static void seeds_give_other_hashes(void **state)
{
	struct ip ip = { .b = { [15] = 1 } };

	(void)state;
	assert_int_equal(hash_ip(&ip, 1), hash_ip(&ip, 1));
	assert_int_not_equal(hash_ip(&ip, 1), hash_ip(&ip, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_reaches_every_bit),
		cmocka_unit_test(seeds_give_other_hashes),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
