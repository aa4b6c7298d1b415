/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * xdp_abi: the tables of the mitigation program, as the kernel's side and ours both see them.
 *
 * A rule set is compiled into one struct xdp_tables. There are two (the generations); the program
 * reads the number of the one in force once a packet. Every field of a packet selects a row, a row
 * has one bit a rule, and the rules that match are the bits that all rows share: bit r of a row is
 * bit r % 64 of word r / 64, and rules are sorted by priority.
 *
 * Where an address leads (IPv4), entry = 16 bits:
 *   0               xdp_tables.otherwise: not protected, but where all addresses are
 *   1..32767        class: index into xdp_tables.classes
 *   0x8000 | block  the 256 addresses of this /24 are told apart in block of `dst8`
 */
#pragma once

#include <linux/types.h>

/** Changes with every change below: pinned maps of another version are not taken over. */
#define FILTER_ABI 0x57585002U

#define FILTER_RULES      1024 /**< of one set */
#define FILTER_WORDS      (FILTER_RULES / 64)
#define FILTER_ROWS       16384 /**< different rows of one set; a power of two */
#define FILTER_CLASSES    32768 /**< class 0: not protected; then the groups, then parts of them */
#define FILTER_GROUPS     16384 /**< group 0: none */
#define FILTER_SETS       256   /**< source sets; 0: none */
#define FILTER_SLOTS      4096  /**< places for counters and buckets of rules */
#define FILTER_BLOCK      0x8000
#define FILTER_SNAP       128 /**< bytes of a dropped packet that are kept */
#define FILTER_EXTENSIONS 8   /**< IPv6 extension headers that are followed */

#define FILTER_ROW_NONE 0 /**< no rule */
#define FILTER_ROW_ALL  1 /**< every rule */

/** Index of xdp_tables.shape: the protocol and what the packet is like. */
#define FILTER_SHAPE_V6       (1 << 8)
#define FILTER_SHAPE_FRAGMENT (1 << 9)
#define FILTER_SHAPE_L4       (1 << 10) /**< TCP, UDP, ICMP with its header whole in the packet */
#define FILTER_SHAPES         (1 << 11)

/** What is done with a packet that a rule matches. */
enum filter_action {
	FILTER_PASS,  /**< an exception: passes, whatever later rules say */
	FILTER_COUNT, /**< passes and is counted as the rule's */
	FILTER_DROP,
	FILTER_LIMIT, /**< passes up to the rate, is dropped above */
	FILTER_ACTIONS
};

/** Why a packet got its verdict (the first part), and what else is counted. */
enum filter_reason {
	FILTER_NOT_IP,        /**< passes: ARP, a third VLAN tag and all else */
	FILTER_BAD_SHORT,     /**< passes: the frame ends within the headers up to IP's */
	FILTER_BAD_VERSION,   /**< passes: the version is not what the Ethernet type says */
	FILTER_BAD_HEADER,    /**< passes: an IPv4 header of less than 20 bytes */
	FILTER_BAD_LENGTH,    /**< passes: a total length less than the header */
	FILTER_BAD_TRUNCATED, /**< passes: a total length more than the frame has */
	FILTER_UNPROTECTED,   /**< passes: the destination is nobody's */
	FILTER_NEIGHBOUR,     /**< passes: ICMPv6 neighbour discovery from this link */
	FILTER_NO_RULE,       /**< passes: no rule matches */
	FILTER_BY_PASS,       /**< passes by a rule */
	FILTER_BY_COUNT,      /**< passes by a rule */
	FILTER_BY_DROP,       /**< dropped by a rule */
	FILTER_BELOW_RATE,    /**< passes by a rule */
	FILTER_ABOVE_RATE,    /**< dropped by a rule */
	FILTER_VERDICTS,
	/* Beside the verdict; rules without ports, flags and ICMP types still match such packets. */
	FILTER_SHORT_EXTENSION = FILTER_VERDICTS, /**< an extension header that is cut off */
	FILTER_LONG_CHAIN,                        /**< more of them than are followed */
	FILTER_SHORT_L4,                          /**< a transport header that is cut off */
	FILTER_EXPIRED,                           /**< rules found expired, and switched off */
	FILTER_SAMPLED,                           /**< dropped packets drawn */
	FILTER_RING_FULL,                         /**< of those, lost: the ring was full */
	FILTER_REASONS
};

/** What a value of a field leads to. */
struct xdp_row {
	__u64 summary; /**< bit w: word w is not 0 */
	__u64 word[FILTER_WORDS];
};

/** What a destination leads to. */
struct xdp_class {
	__u16 group; /**< as the owner numbers them; 1.. */
	__u16 row;
};

/** One rule of a set, in the place of its bit. */
struct xdp_entry {
	__u64 id;
	__u64 expires_ns;      /**< monotonic clock; 0: never */
	__u64 rate_packets;    /**< packets a second and CPU; 0: no limit */
	__u64 rate_bytes;      /**< bytes a second and CPU; 0: no limit */
	__u64 burst_packets;   /**< in 10^-9 packets */
	__u64 burst_bytes;     /**< in 10^-9 bytes */
	__u64 fill_packets_ns; /**< in which an empty bucket is full */
	__u64 fill_bytes_ns;
	__u32 slot;   /**< of `slots` */
	__u32 action; /**< enum filter_action */
};

/** One generation of the rules. */
struct xdp_tables {
	__u64 live[FILTER_WORDS]; /**< rules that have not been found expired */
	__u32 rules;
	__u8 by_source;     /**< a rule has a source prefix */
	__u8 by_set;        /**< a rule has a source set */
	__u8 by_set_prefix; /**< and sets have prefixes, not only hosts */
	__u8 pad;
	__u16 otherwise; /**< class of an IPv4 destination that the tables say nothing of */
	__u16 pad1[3];
	__u16 sport[65536];  /**< row of a source port */
	__u16 dport[65536];  /**< row of a destination port, or of ICMP's type << 8 | code */
	__u16 length[65536]; /**< row of IP's total length */
	__u16 shape[FILTER_SHAPES];
	__u16 ttl[256];
	__u16 flags[256]; /**< row of TCP's flags */
	__u16 set[FILTER_SETS];
	__u16 no_source; /**< row of a source that is in no rule's prefix */
	__u16 pad2[3];
	struct xdp_class classes[FILTER_CLASSES];
	struct xdp_entry entries[FILTER_RULES];
	struct xdp_row rows[FILTER_ROWS];
};

/** What steers the program; one element, mapped by the owner. */
struct xdp_control {
	__u32 abi;
	__u32 generation; /**< in force: 0 or 1 */
	__u64 draw_below; /**< a random number of 32 bits below it draws a dropped packet */
	__u64 sets;       /**< bit 0: source sets have prefixes; for who takes over */
};

/** Counters and bucket of a rule on one CPU. */
struct xdp_slot {
	__u64 packets;
	__u64 bytes; /**< IP's total length */
	__u64 dropped_packets;
	__u64 dropped_bytes;
	__u64 filled_ns; /**< when the bucket was filled; 0: never, it is full */
	__u64 left_packets;
	__u64 left_bytes;
};

/** What one CPU has counted, and the state of its sampler. */
struct xdp_cpu {
	__u64 random;
	__u64 packets[FILTER_REASONS];
};

/** 256 destinations, or 256 /24. */
struct xdp_block {
	__u16 to[256];
};

/** Key of a longest match; the generation (or 0) is part of the prefix. */
struct xdp_lpm_key {
	__u32 bits; /**< 32 of the tag, and the address's */
	__u32 tag;  /**< generation | 2 for IPv6, in one byte order for all */
	__u8 addr[16];
};

/** Key of a source that is one host. */
struct xdp_host_key {
	__u32 v6;      /**< 0 or 1 */
	__u8 addr[16]; /**< IPv4: its first four, then zeros */
};

/** A dropped packet, as it lies in the ring. */
struct xdp_sample {
	__u64 rule; /**< its id */
	__u32 if_index;
	__u32 wire_len; /**< bytes of the frame */
	__u16 group;    /**< of the destination */
	__u16 len;      /**< bytes of `data` */
	__u32 reason;   /**< FILTER_BY_DROP or FILTER_ABOVE_RATE */
	__u8 data[FILTER_SNAP];
};

/** What the program says of the last packet when it is loaded with the clock of a test. */
struct xdp_told {
	__u64 rule; /**< id; of verdicts by a rule only */
	__u32 reason;
	__u32 group;
};
