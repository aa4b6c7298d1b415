/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put: host integers in, big-endian bytes out, one behind the other.
 *
 * Each returns the place behind what it wrote; room is the caller's matter. Any thread.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ip.h"

/** Write one byte. */
static inline uint8_t *put8(uint8_t *at, uint8_t value)
{
	*at = value;
	return at + 1;
}

/** Write 16 bits. */
static inline uint8_t *put16(uint8_t *at, uint16_t value)
{
	uint16_t be = htobe16(value);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/** Write 32 bits. */
static inline uint8_t *put32(uint8_t *at, uint32_t value)
{
	uint32_t be = htobe32(value);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/** Write 64 bits. */
static inline uint8_t *put64(uint8_t *at, uint64_t value)
{
	uint64_t be = htobe64(value);

	memcpy(at, &be, sizeof(be));
	return at + sizeof(be);
}

/** Write @len bytes of @data. */
static inline uint8_t *put_bytes(uint8_t *at, const void *data, size_t len)
{
	memcpy(at, data, len);
	return at + len;
}

/** Write @len zeros. */
static inline uint8_t *put_zeros(uint8_t *at, size_t len)
{
	memset(at, 0, len);
	return at + len;
}

/** Write an address of its family: 4 or 16 bytes. */
static inline uint8_t *put_ip(uint8_t *at, const struct ip *ip)
{
	return ip_is_v4(ip) ? put_bytes(at, ip->b + 12, 4) : put_bytes(at, ip->b, 16);
}
