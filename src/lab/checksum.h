/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checksum: bytes in, the Internet checksum (RFC 1071) out. Any thread; no allocation.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Add @len bytes to a sum; only the last part of what is summed may be of odd length. */
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	for (; len >= 4; data += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, data, sizeof(word));
		sum += word;
	}
	if (len) {
		uint32_t word = 0;

		memcpy(&word, data, len);
		sum += word;
	}
	return sum;
}

/** Add a number as the 32 bits that a pseudo-header has of it. */
static inline uint64_t checksum_add32(uint64_t sum, uint32_t value)
{
	return sum + htobe32(value);
}

/** The checksum of a sum, as put16() takes it. */
static inline uint16_t checksum_of(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16toh((uint16_t)~sum);
}
