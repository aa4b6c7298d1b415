/* SPDX-License-Identifier: Apache-2.0 */
/* hash: bytes in, 64-bit hash out. Any thread; no state. */
#include "base/hash.h"

#include <string.h>

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *at = data;
	uint64_t hash = hash_words(len, 0, seed);

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		hash = hash_words(hash, word, seed);
	}
	uint64_t tail = 0;
	memcpy(&tail, at, len);
	return hash_words(hash, tail, seed);
}
