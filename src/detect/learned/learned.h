/* SPDX-License-Identifier: Apache-2.0 */
/* learned: what the parts of this detector share. See learned.c. */
#pragma once

#include "detect/detector.h"
#include "detect/horizon.h"
#include "detect/learned/counter.h"
#include "detect/learned/door.h"
#include "detect/learned/evidence.h"
#include "detect/learned/late.h"
#include "detect/learned/ports.h"
#include "detect/learned/profile.h"
#include "detect/learned/seen.h"
#include "detect/learned/story.h"
#include "detect/learned/subject.h"
#include "detect/learned/top.h"

/** Evidence from which on samples are kept, in nats. */
#define LEARNED_RISING    6.0F
/** The same of what is reported afterwards, as a share of what makes a suspect. */
#define LEARNED_LATE      0.6F
/** Time that must have been watched before volume alone, in no special class, can be an attack. */
#define LEARNED_USEFUL_NS (300 * 1000000000ULL)
/** Vantage number of exporters that see different packets: they add up, as one. */
#define LEARNED_DISJOINT  (1U << 31)

/** An open detector. */
struct learned {
	const struct config *config;
	struct counters counters;  /**< of own hosts and prefixes */
	struct counters strangers; /**< of outside addresses, which come and go */
	struct door door;          /**< where those wait that were seen once */
	struct profiles profiles;
	struct subjects subjects;
	struct stories stories;
	struct seen seen;
	struct lates lates;
	struct horizons horizons;
	struct ports ports;
	struct top top;
	float alpha; /**< false suspects a second that are tolerated for a counter */
	float margin;
	bool ends;               /**< it was just switched off */
	uint64_t tick_ns;        /**< end of the tick being observed */
	uint64_t loaded_ns;      /**< when what was loaded had been saved, or 0 */
	uint64_t tick_length_ns; /**< of that tick */
	uint64_t first_ns;       /**< end of the first one */
	float site_syn; /**< connection requests a second to all our hosts, of the last minutes */
	float site_tcp; /**< other TCP packets a second likewise */
	uint64_t late;  /**< rows older than all that is looked at */
	struct tally_detail detail; /**< of the finding being told */
};

/** The table that has the counters of a kind of entity. */
static inline struct counters *learned_table(struct learned *l, uint8_t kind)
{
	return kind == TALLY_OUTSIDE ? &l->strangers : &l->counters;
}

/** The vantage that a row counts under. */
static inline uint32_t learned_vantage(uint32_t vantage)
{
	return vantage & LEARNED_DISJOINT ? LEARNED_DISJOINT : vantage;
}

/** learned_floor() - the least envelope of an entity and class, packets a second. */
float learned_floor(const struct learned *l, const struct profile_key *key);

/** learned_envelope() - the greater of floor and margin times what is usual. */
float learned_envelope(const struct learned *l, const struct profile_key *key, uint32_t profile,
		       uint64_t now_ns);

/** learned_teach() - that much is normal for a counter from now on, however it looks. */
void learned_teach(struct learned *l, struct counter *counter, float pps);

/** learned_begin() - a fresh counter: its envelope as learned before, or by class. */
void learned_begin(struct learned *l, struct counter *counter);

/** learned_turn_bin() - ten seconds of a counter are over: learn from them. @bin: that begins */
void learned_turn_bin(struct learned *l, struct counter *counter, uint32_t bin);

/** learned_rows() - count the rows of a tick. */
void learned_rows(struct learned *l, const struct tally_set *set);

/** learned_samples() - show the samples of a tick to the subjects they are about. */
void learned_samples(struct learned *l, const struct tally_set *set);

/** learned_lane() - the counter of a lane; NULL if it had to go for another. */
struct counter *learned_lane(struct learned *l, const struct subject *subject,
			     const struct subject_lane *lane);

/** learned_rate() - what a subject has now of a class, the most of all its vantages. */
void learned_rate(struct learned *l, const struct subject *subject, uint8_t class,
		  struct rates *ret_rates, double ret_bps[2]);

/** learned_judge() - bring all subjects up to now: suspect, confirm, forget. */
void learned_judge(struct learned *l, uint64_t now_ns);

/** learned_forget() - a subject is none any more; what speaks for it is told. */
void learned_forget(struct learned *l, uint32_t number, uint64_t now_ns);

/** learned_scene() - what is known of a subject now. */
void learned_scene(struct learned *l, const struct subject *subject, uint64_t now_ns,
		   struct scene *ret_scene);

/** learned_kind() - what kind of attack it looks like, by whom it goes to and what it is made of. */
enum attack_kind learned_kind(const struct scene *scene);

/** learned_is_explained() - another subject is the reason: it is its reply, or is what it consists of. */
bool learned_is_explained(struct learned *l, const struct scene *scene);

/** learned_confirm() - a subject is an attack: give it a story, its own or one that goes on. */
void learned_confirm(struct learned *l, uint32_t number, const struct scene *scene);

/** learned_severity() - how bad it is, by what is above the usual. */
enum severity learned_severity(const struct learned *l, const struct scene *scene,
			       enum attack_kind kind);

/** learned_save() - append profiles and filters as bytes; see struct detector. */
void learned_save(const void *self, struct text *out);

/**
 * learned_load() - go on with such bytes.
 *
 * Return: 0, or as struct detector says; then nothing was taken.
 */
int learned_load(void *self, const void *data, size_t len, uint64_t now_ns);

/** learned_describe() - a finding's figures and reasons; whom it is about, and when, is left out. */
void learned_describe(const struct scene *scene, struct finding *ret_finding);

/** learned_bulk() - findings, for information, of own hosts that send far more than ever before. */
void learned_bulk(struct learned *l, uint64_t now_ns, const struct finding_sink *sink);

/** learned_tell() - findings of all stories. */
void learned_tell(struct learned *l, uint64_t now_ns, const struct finding_sink *sink);

/** learned_end() - it is switched off: end all stories, so that nothing waits for what comes back. */
void learned_end(struct learned *l, const struct finding_sink *sink);

/** learned_let_go() - forget all subjects. */
void learned_let_go(struct learned *l, uint64_t now_ns);

/** learned_top() - what is nearest to its envelope, or above it: detector.top. */
size_t learned_top(void *self, struct detector_row *rows, size_t most);
