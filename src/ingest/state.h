/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: all that decoders remember, one for each ingest thread.
 *
 * Exporters with their counters, sequences and sampling rates; the templates
 * and held data of ingest/template.h; the batch of flows under construction.
 * Everything is allocated at open and bounded; what finds no room is counted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "ingest/decoder.h"
#include "ingest/rate_guard.h"
#include "model/exporter.h"
#include "model/sketch.h"

/** Flows collected before the sink is called. */
#define DECODE_BATCH      64
/** Sampler and interface rates remembered for each exporter (v9 48-50, IPFIX selector ids). */
#define EXPORTER_SAMPLERS 16

/** Data sources (sFlow), samplers and interfaces whose own rate is guarded; 2^n. */
#define EXPORTER_GUARDS 64

/** Interfaces or other data sources of an sFlow agent whose sample pool is followed; 2^n. */
#define EXPORTER_SOURCES 64

/** Cumulative counters in the flow samples of one sFlow data source. */
struct exporter_source {
	uint64_t id;   /**< type << 32 | index */
	uint64_t seen; /**< bit n: sample number sequence - n came */
	uint32_t sequence;
	uint32_t sample_pool;
	uint32_t drops;
	bool used;
	bool counted;        /**< a counter sample of the interface came */
	uint64_t estimate;   /**< packets, by its flow samples since then */
	uint64_t in_packets; /**< as that said */
	uint64_t out_packets;
};

/** Silent for so long, an exporter makes room for another when there is none. */
#define EXPORTER_IDLE_NS     (600 * 1000000000ULL)
/** Entries that any address may have, however small the table; else a quarter of it, or half
 *  of it for those on the operator's list. */
#define EXPORTER_SHARE_LEAST 16

/** One address that datagrams come from, and what its exporters have together. */
struct sender {
	struct ip address;
	uint32_t exporters;
	uint32_t next;          /**< in its chain, or in the list of free ones */
	uint32_t templates;     /**< of all its exporters */
	uint32_t template_hand; /**< 1 + index of one of them: the next to look at; 0: none */
	uint32_t hand;          /**< one of its exporters: the next to look at for one to re-use */
};

/** How far an exporter's clock is from ours; see ingest/exporter_clock.c. */
struct exporter_clock {
	int64_t least_ns[2]; /**< received - export time: of this span and the one before */
	uint64_t half_ns;    /**< when this span began */
	int64_t now_ns; /**< our time less its, for the datagram in work; 0 without export times */
	uint32_t boot_ms[2]; /**< the least (received - SysUptime), modulo 2^32 */
	unsigned steps;      /**< datagrams in a row that say a clock was set */
	bool known;
};

/** What sequence numbers count. */
enum sequence_unit { SEQUENCE_DATAGRAMS, SEQUENCE_RECORDS, SEQUENCE_FLOWS, SEQUENCE_UNITS };

/** Gaps in a sequence that late datagrams can still fill. */
#define EXPORTER_GAPS 16

/** Sequence numbers from first up to end that did not come; empty if they are the same. */
struct exporter_gap {
	uint32_t first;
	uint32_t end;
};

/** Where an exporter's sequence is; see ingest/exporter_sequence.c. */
struct exporter_series {
	uint32_t next;     /**< expected in the next datagram */
	uint32_t stamp_ms; /**< of the latest datagram, by the exporter's clock */
	uint64_t last_ns;  /**< when that came */
	double rate;       /**< units a second */
	uint64_t span_ns;  /**< since when span_units are counted, for the rate */
	uint32_t span_units;
	uint32_t units_max; /**< in one datagram */
	struct exporter_gap gaps[EXPORTER_GAPS];
	unsigned gap_next;
	uint32_t stray_next;    /**< expected if the latest stray datagram began a new series */
	uint32_t seen_sequence; /**< of the datagram before, in whichever order they come */
	uint32_t seen_counts[SEQUENCE_UNITS];
	uint64_t lost_before;             /**< when the first one seemed to count otherwise */
	uint8_t fits[2 * SEQUENCE_UNITS]; /**< by rule: datagrams in a row that only it explains */
	uint8_t rule; /**< enum sequence_unit, + SEQUENCE_UNITS: itself included */
	bool known;
	bool stray;
	bool seen;
	bool unsure; /**< the latest datagram held more units than could be read */
};

/** Datagrams of each exporter that are remembered, to know those that come again. */
#define EXPORTER_RECENT 256

/** The latest datagrams; see ingest/exporter_repeat.c. */
struct exporter_recent {
	uint32_t prints[EXPORTER_RECENT]; /**< of number and content */
	uint32_t at_ms[EXPORTER_RECENT];
	uint32_t newest; /**< the highest number */
	unsigned next;
	bool moves; /**< numbers went on at least once */
	bool still; /**< and stand still now: they tell nothing */
};

/** A datagram's place in its exporter's sequence. */
struct sequence_mark {
	uint32_t sequence;
	uint32_t records;        /**< in it, options data included */
	uint32_t flows;          /**< of them, those that are no options data */
	enum sequence_unit unit; /**< what the protocol numbers */
	uint32_t stamp_ms;       /**< when it was sent, by the exporter's clock; modulo 2^32 */
	bool has_uptime;         /**< stamp_ms is a SysUptime: back means restarted */
	bool unread;             /**< there are more records, but they could not be read */
	uint64_t received_ns;
};

/** Bins of a histogram of ages: from half a second to over a day. */
#define TIMEOUT_BINS 72

/** Ages of flows; see ingest/exporter_timeouts.c. */
struct timeout_ages {
	uint16_t bins[TIMEOUT_BINS];
	uint16_t sum;
	uint8_t top;   /**< bin in which they end */
	float mean_ms; /**< of the latest about there */
};

/** What shows the timeouts of an exporter's cache. */
struct exporter_timeouts {
	struct timeout_ages active;
	struct timeout_ages inactive;
	uint64_t second; /**< for which `left` holds */
	unsigned left;   /**< records still to look at in it */
};

/** One exporter as its thread knows it. */
struct exporter {
	struct exporter_stats stats;
	uint32_t chain_next; /**< in decode_state.index */
	uint32_t sender;     /**< in decode_state.senders */
	uint32_t ring_next;  /**< exporters of the same sender are a ring */
	uint32_t ring_before;
	uint32_t held_now; /**< its data sets that wait */
	bool listed;       /**< the operator's list has its address */
	uint32_t vantage;  /**< of its flows that were seen coming in */
	struct exporter_clock clock;
	struct exporter_series series;
	struct exporter_recent recent;
	struct exporter_timeouts timeouts;
	uint64_t
		system_init_ns; /**< start of the exporter, as IPFIX options data say; 0: unknown */
	uint32_t template_list; /**< its templates: 1 + index of the newest; 0: none */
	uint32_t config_rate;   /**< operator's override; 0: none */
	uint32_t options_rate;  /**< to count by where options data announced one; 0: none */
	struct rate_guard header_guard;                /**< of the rate in v5 headers */
	struct rate_guard options_guard;               /**< of one for the whole exporter */
	struct rate_guard samplers[EXPORTER_SAMPLERS]; /**< announced in options data, by id */
	unsigned sampler_count;
	struct rate_guard
		guards[EXPORTER_GUARDS]; /**< told in records or samples; by the low bits of id */
	uint32_t most_trusted;           /**< largest rate that any of guards trusts */
	uint64_t judged_ns;              /**< when rates were judged last */
	uint64_t judged_packets;         /**< stats.packets then */
	uint64_t judged_records;
	struct exporter_source sources[EXPORTER_SOURCES]; /**< sFlow; by the low bits of id */
};

struct template_table;
struct stamp_base;

/** The state. Members are for decoders and the ingest thread that owns it. */
struct decode_state {
	const struct config *config;  /**< limits, overrides, allow-list; swapped on reload */
	struct exporter *exporters;   /**< exporter_count of them in use */
	struct flow_sketch *sketches; /**< beside exporters */
	unsigned exporter_count;
	unsigned exporter_limit;
	unsigned exporter_hand; /**< next one to look at for one to re-use */
	uint32_t *index;        /**< chains of exporters */
	struct sender *senders; /**< exporter_limit of them */
	uint32_t sender_free;
	uint32_t *sender_index; /**< chains of senders; as large as index */
	uint32_t index_mask;
	struct exporter_gone gone;
	uint64_t seed;
	unsigned thread; /**< number of the ingest thread, for vantages; set before any datagram */
	struct template_table *templates; /**< ingest/template.h */
	struct flow batch[DECODE_BATCH];
	unsigned batch_count;
	uint64_t cold;                /**< bit 1 << i: the cold part of batch[i] may not be zero */
	const struct flow_sink *sink; /**< of the running decode call */
	uint64_t undecodable[REASON_COUNT_OF]; /**< what belongs to no exporter */
	uint64_t datagrams;
	uint64_t records;
};

/**
 * decode_state_new() - take all memory that decoding will ever need.
 * @config: borrowed; must outlive the state or be replaced by decode_state_reload()
 * @seed: for the hash tables
 *
 * Return: owned by the caller; NULL when memory is short.
 */
struct decode_state *decode_state_new(const struct config *config, uint64_t seed);

/** decode_state_free() - NULL is fine. */
void decode_state_free(struct decode_state *state);

/**
 * decode_state_finish() - the recorded input is at its end: stop waiting for templates.
 *
 * Data that still wait are counted as REASON_NO_TEMPLATE, so that the counters tell all.
 */
void decode_state_finish(struct decode_state *state);

/** decode_state_reload() - go on with another configuration; what was learned stays. */
void decode_state_reload(struct decode_state *state, const struct config *config);

/**
 * decode_datagram() - find the decoder, decode, count.
 * @as: the decoder to use; NULL to recognise it
 *
 * Return: records given to the sink.
 */
int decode_datagram(struct decode_state *state, const struct decoder *as,
		    const struct datagram *datagram, const struct flow_sink *sink);

/**
 * exporter_of() - the exporter of a datagram, made known if it is new.
 *
 * Counts the datagram for it. May re-use the entry of another exporter, whose pointers and
 * templates are gone then. Return: NULL when there is no room or the allow-list has no such
 * address; that is counted.
 */
struct exporter *exporter_of(struct decode_state *state, const struct datagram *datagram,
			     enum flow_source source, uint32_t odid);

/** exporter_table_new() - take the memory for state->config's exporters. Return: false if short. */
bool exporter_table_new(struct decode_state *state);

/** exporter_table_free() - also after exporter_table_new() failed. */
void exporter_table_free(struct decode_state *state);

/** exporter_sketch_take() - the flows that exporter @i told of since the last call; begins anew. */
void exporter_sketch_take(struct decode_state *state, unsigned i, struct flow_sketch *ret_sketch);

/** exporter_reload() - take the overrides of a new configuration. */
void exporter_reload(struct decode_state *state);

/**
 * exporter_label() - say what an exporter without address is.
 * @text: from outside, @len bytes; where it is too long its end is kept, what is not ASCII is '?'
 */
void exporter_label(struct exporter *exporter, const char *text, size_t len);

/**
 * exporter_of_agent() - as exporter_of(), for sFlow: a relay sends on for several agents, each
 * with sequences of its own.
 * @agent: address of the agent; zero for other protocols
 */
struct exporter *exporter_of_agent(struct decode_state *state, const struct datagram *datagram,
				   enum flow_source source, uint32_t odid, const struct ip *agent);

/**
 * exporter_sequence() - count what came and what is missing, by a datagram's sequence number.
 *
 * A step forward that the exporter's rate makes plausible is a loss; what comes late gives back
 * what was counted; what came before, and a restart, is no loss.
 */
void exporter_sequence(struct exporter *exporter, const struct sequence_mark *mark);

/**
 * exporter_repeated() - did this very datagram come a moment ago? Then it is counted as such.
 * @sequence: its number
 *
 * To be asked before exporter_sequence(), which must not see it again, and before any record is
 * read. Always false for exporters whose numbers stand still.
 */
bool exporter_repeated(struct exporter *exporter, const struct datagram *datagram,
		       uint32_t sequence);

/** exporter_clock() - note how far the exporter's clock is from ours, before the records. */
void exporter_clock(struct exporter *exporter, const struct stamp_base *base, uint64_t received_ns);

/** Ended and begun within this: traffic of now. */
#define FLOW_PROMPT_NS 1000000000ULL

/**
 * flow_is_prompt_at() - did it end at most a second ago and last a second at most?
 * @there_ns: when it was received, by the exporter's clock
 */
static inline bool flow_is_prompt_at(const struct flow *flow, uint64_t there_ns)
{
	/* Without sign: what is nonsense is a large number. */
	uint64_t end = flow->has & FLOW_HAS_END ? there_ns - flow->end_ns : 0;
	uint64_t begin = flow->has & FLOW_HAS_START ? there_ns - flow->start_ns : end;

	return end + FLOW_PROMPT_NS <= 2 * FLOW_PROMPT_NS && begin - end <= FLOW_PROMPT_NS;
}

/**
 * flow_ages() - set begin_age_ms and end_age_ms by the flow's times; for flow_commit().
 *
 * Both stay 0 for a flow that lasted a second at most and ended at most a second ago, and for one
 * without times. Times that cannot be (from the future, begun over a day ago, end before start)
 * are replaced: ended now, and as long as the exporter's active timeout. What ended over a day ago
 * is marked `late`: it is no traffic of now, and the tally counts what it leaves out.
 */
void flow_ages(struct flow *flow, const struct exporter *exporter);

/** exporter_timeouts() - learn the cache's timeouts from a few of the flows a second. */
void exporter_timeouts(struct exporter *exporter, const struct flow *flows, unsigned count);

/** exporter_header_rate() - the rate to count a v5 datagram by, whose header announces @rate. */
uint32_t exporter_header_rate(struct exporter *exporter, uint32_t rate, uint64_t now_ns);

/**
 * exporter_sampler_set() - a rate announced in options data.
 * @whole: for all records, @id means nothing
 */
void exporter_sampler_set(struct exporter *exporter, uint64_t id, bool whole, uint32_t rate,
			  uint64_t now_ns);

/** exporter_sampler_rate() - to count @packets sampled by it by; 0 if the sampler is unknown. */
uint32_t exporter_sampler_rate(struct exporter *exporter, uint64_t id, uint64_t packets);

/**
 * exporter_own_rate() - to count a record or sample by that tells its own rate.
 * @id: of its data source, sampler or interface
 * @rate: that it tells
 * @packets: in it
 * @ret_guard: where the pool of an sFlow data source is noted; NULL when there was no room
 */
uint32_t exporter_own_rate(struct exporter *exporter, uint64_t id, uint32_t rate, uint64_t packets,
			   uint64_t now_ns, struct rate_guard **ret_guard);

/** exporter_judge_rates() - weigh rates that are in doubt, and learn; each second at most. */
void exporter_judge_rates(struct exporter *exporter, uint64_t now_ns);

/** exporter_trust_rates() - believe what is announced now: the operator has said what counts. */
void exporter_trust_rates(struct exporter *exporter);

/* Whoever has a state makes flows in its batch. */
#include "ingest/batch.h"
