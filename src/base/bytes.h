/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes: a cursor over received bytes that cannot run past their end.
 *
 * Wire bytes in, host integers out. A read past the end returns zero and
 * marks the cursor as failed for good, so a parser may read a whole header
 * and check once. Any thread; no allocation.
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A borrowed range of bytes, read from the front. */
struct bytes {
	const uint8_t *at;  /**< next byte to read */
	const uint8_t *end; /**< one past the last byte */
	bool failed;        /**< a read went past the end; stays set */
};

/** A cursor over @len bytes at @data, which stay the caller's. */
static inline struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ .at = data, .end = (const uint8_t *)data + len };
}

/** Bytes not read yet. */
static inline size_t bytes_left(const struct bytes *b)
{
	return (size_t)(b->end - b->at);
}

/** Nothing but zeros is left. */
static inline bool bytes_are_zero(const struct bytes *b)
{
	for (const uint8_t *at = b->at; at < b->end; at++) {
		if (*at) /* NOLINT(clang-analyzer-core.NullDereference): NULL only where end is */
			return false;
	}
	return true;
}

/** Step over @len bytes and return where they start, or NULL (and fail). */
static inline const uint8_t *bytes_take(struct bytes *b, size_t len)
{
	if (b->failed || bytes_left(b) < len) {
		b->failed = true;
		return NULL;
	}
	const uint8_t *at = b->at;
	b->at += len;
	return at;
}

/** Step over @len bytes; failed if short. */
static inline void bytes_skip(struct bytes *b, size_t len)
{
	(void)bytes_take(b, len);
}

/** Split off the next @len bytes as a cursor of their own; failed if short. */
static inline struct bytes bytes_split(struct bytes *b, size_t len)
{
	const uint8_t *at = bytes_take(b, len);
	struct bytes part = at ? bytes_of(at, len) : (struct bytes){ .failed = true };
	return part;
}

/** The 16-bit big-endian value at @p, which need not be aligned. */
static inline uint16_t be16_at(const uint8_t *p)
{
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

/** The 32-bit big-endian value at @p, which need not be aligned. */
static inline uint32_t be32_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

/** The 64-bit big-endian value at @p, which need not be aligned. */
static inline uint64_t be64_at(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/** Read one byte; 0 and failed if there is none. */
static inline uint8_t bytes_u8(struct bytes *b)
{
	const uint8_t *p = bytes_take(b, 1);
	return p ? *p : 0;
}

/** Read 16 bits, big-endian; 0 and failed if short. */
static inline uint16_t bytes_be16(struct bytes *b)
{
	const uint8_t *p = bytes_take(b, 2);
	return p ? be16_at(p) : 0;
}

/** Read 32 bits, big-endian; 0 and failed if short. */
static inline uint32_t bytes_be32(struct bytes *b)
{
	const uint8_t *p = bytes_take(b, 4);
	return p ? be32_at(p) : 0;
}

/** Read 64 bits, big-endian; 0 and failed if short. */
static inline uint64_t bytes_be64(struct bytes *b)
{
	const uint8_t *p = bytes_take(b, 8);
	return p ? be64_at(p) : 0;
}

/** An unsigned big-endian integer of 1 to 8 bytes, as IPFIX's reduced-size encoding has it. */
static inline uint64_t be_uint_at(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}
