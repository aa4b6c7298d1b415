/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view: the samples of a subject added up: who, what, how alike.
 *
 * Samples since the excess began in, the figures that reasons rest on out. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "detect/learned/subject.h"
#include "detect/vector.h"

/** Of a set of addresses that samples came from: how many there are. */
struct view_crowd {
	uint32_t seen; /**< different ones among the samples */
	double most;   /**< upper bound of how many there are, 95 % */
	double least;  /**< lower bound likewise */
	double about;  /**< likeliest number; `seen` while no two samples are of the same one */
	double top;    /**< share of the packets that the busiest one has */
	struct ip busiest;
};

/** What the samples of a subject have in common. Shares are of the packets that they stand for. */
struct view {
	uint32_t n;     /**< samples since the excess began, of the classes that rise */
	double packets; /**< as exporters sampled them: as many, or more where a record has several */
	uint32_t by_class[CLASS_COUNT];
	struct view_crowd sources;
	struct view_crowd targets;
	double pair_top;    /**< share of the busiest pair of addresses */
	double known_pairs; /**< share whose two ends had talked before */
	double known_peers; /**< share whose outside address had been seen */
	double ported; /**< of `packets`, those that tell what they are: no later fragments, if not too few */
	double certain; /**< share of these that is certainly attack traffic (vector table) */
	const char *
		certain_name; /**< what most of that is; of the vector table, or NULL if nothing is */
	double likely;        /**< share that is likely, or certain */
	double bogons;        /**< share of samples from addresses that nobody can send from */
	double bare_syn;      /**< of the connection requests, those without options */
	double small;         /**< share of up to 100 bytes */
	double same_length;   /**< share of the commonest length */
	double top_dport;     /**< share of the commonest destination port */
	uint32_t ttl_n;       /**< different sources with a TTL */
	uint32_t ttl_kinds;   /**< different TTLs that a tenth of these have, others as one */
	uint32_t tenants;     /**< different tenants of own hosts among the sources */
	uint16_t dport;       /**< the commonest destination port */
	uint16_t sport;       /**< the commonest source port */
	double top_sport;
	uint8_t proto;     /**< the commonest */
	uint64_t first_ns; /**< time of the first of them */
	uint64_t last_ns;
	double tcp_share; /**< those of TCP */
	struct vector_share vectors[FINDING_VECTORS];
	unsigned vector_count;
};

/** view_of() - add up the samples of @subject from @from_ns on. */
void view_of(const struct subject *subject, const struct config *config, uint64_t from_ns,
	     struct view *ret_view);

/** view_cover() - the longest prefix that nine tenths of the targets (inbound) lie in. */
struct prefix view_cover(const struct subject *subject, uint64_t from_ns);

/** view_is_recent() - does a sample belong to what is judged? */
static inline bool view_is_recent(const struct subject *subject,
				  const struct subject_sample *sample, uint64_t from_ns)
{
	return sample->time_ns >= from_ns &&
	       (subject_classes(subject) & 1U << sample->sample.class);
}
