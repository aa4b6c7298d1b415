/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* abi: what the kernel's side and ours both see; the only header that both include. */
#pragma once

#include <linux/types.h>

/** Bytes of a packet that are kept: all headers up to the transport's within a tunnel. */
#define SAMPLE_SNAP 128

/** One sampled packet, as it lies in the ring buffer. */
struct sampled_packet {
	__u32 wire_len; /**< bytes the packet has */
	__u32 len;      /**< bytes of it in `data` */
	__u8 data[SAMPLE_SNAP];
};

/** What one CPU has counted; only grows. */
struct sample_counters {
	__u64 packets; /**< all that came by */
	__u64 bytes;   /**< of those */
	__u64 sampled; /**< of the packets, drawn; also those for which the ring had no room */
	__u64 full;    /**< of the drawn ones, lost because the ring was full */
};
