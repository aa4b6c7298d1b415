/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mix: recorded attacks among recorded ordinary traffic, for the synthesis of rules.
 *
 * Packets of the captures in the shared data folder that INDEX.tsv calls `attack` or `benign`; none
 * is chosen by name. Of an attack, what goes to its commonest destination. Ordinary packets are
 * turned to that destination, at most so many of each file. Attack to benign is 20 : 1; what rules
 * are made from and what they are tried on have no packet in common. With `shifted` they have no
 * file of ordinary traffic in common either.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ingest/capture.h"
#include "model/sample.h"
#include "plan/match.h"
#include "plan/synth.h"

#define MIX_ATTACKS  32
#define MIX_PACKETS  40000
#define MIX_OF_FILE  1000
#define MIX_LEAST    100
#define MIX_RATIO    20
#define MIX_BASE     SYNTH_BASE
#define MIX_FRESH    8000
#define MIX_FEW_FILE 20

struct mix_lot {
	struct sample *samples;
	uint32_t *file; /* which file each is of */
	uint32_t count;
	uint32_t files;
};

struct mix_attack {
	char name[96];
	struct mix_lot lot;
};

struct mix_data {
	struct mix_attack attacks[MIX_ATTACKS];
	unsigned attack_count;
	struct mix_lot benign;
};

/* What one draw of samples gave. */
struct mix_score {
	double recall;
	double collateral;
	unsigned rules;
	enum synth_why why;
	double promised; /* upper bound of the forecast */
};

static void mix_lot_add(struct mix_lot *lot, const struct sample *sample)
{
	if (lot->count % 1024 == 0) {
		lot->samples = realloc(lot->samples, (lot->count + 1024) * sizeof(*sample));
		lot->file = realloc(lot->file, (lot->count + 1024) * sizeof(uint32_t));
		if (!lot->samples || !lot->file)
			abort();
	}
	lot->file[lot->count] = lot->files;
	lot->samples[lot->count++] = *sample;
}

/* Up to @most packets of a capture; what cannot be read is left out. */
static void mix_read(const char *path, struct mix_lot *lot, uint32_t most)
{
	struct text error = text_heap();
	struct capture *capture = NULL;
	struct capture_packet packet;
	uint32_t before = lot->count;

	if (capture_open(path, NULL, &error, &capture) == 0) {
		while (lot->count - before < most && capture_next(capture, &packet, &error) == 1) {
			struct flow flow = { .sampling = 1, .source = FLOW_PACKET };
			struct sample sample;
			if (packet_parse(&packet.view, &flow))
				continue;
			flow.class = (uint8_t)flow_classify(&flow);
			sample = sample_of(&flow);
			mix_lot_add(lot, &sample);
		}
	}
	lot->files++;
	capture_close(capture);
	text_done(&error);
}

static int mix_ip_order(const void *a, const void *b)
{
	return ip_compare(a, b);
}

/* Only what goes to the commonest destination is kept. */
static void mix_aim(struct mix_lot *lot)
{
	struct ip *dst = calloc(lot->count + 1, sizeof(*dst));
	struct ip target = { 0 };
	uint32_t longest = 0;
	uint32_t kept = 0;

	if (!dst)
		abort();
	for (uint32_t i = 0; i < lot->count; i++)
		dst[i] = lot->samples[i].dst;
	qsort(dst, lot->count, sizeof(*dst), mix_ip_order);
	for (uint32_t from = 0, to; from < lot->count; from = to) {
		for (to = from; to < lot->count && ip_equal(&dst[from], &dst[to]);)
			to++;
		if (to - from > longest) {
			longest = to - from;
			target = dst[from];
		}
	}
	for (uint32_t i = 0; i < lot->count; i++) {
		if (ip_equal(&lot->samples[i].dst, &target))
			lot->samples[kept++] = lot->samples[i];
	}
	lot->count = kept;
	free(dst);
}

static void mix_lot_done(struct mix_lot *lot)
{
	free(lot->samples);
	free(lot->file);
	*lot = (struct mix_lot){ 0 };
}

static void mix_add_file(struct mix_data *data, const char *path, const char *name,
			 const char *role)
{
	struct mix_attack *attack = &data->attacks[data->attack_count];

	if (strcmp(role, "benign") == 0) {
		mix_read(path, &data->benign, MIX_OF_FILE);
	} else if (strcmp(role, "attack") == 0 && data->attack_count < MIX_ATTACKS) {
		mix_read(path, &attack->lot, MIX_PACKETS);
		mix_aim(&attack->lot);
		if (attack->lot.count < MIX_LEAST) {
			mix_lot_done(&attack->lot);
			return;
		}
		snprintf(attack->name, sizeof(attack->name), "%.95s", name);
		data->attack_count++;
	}
}

/* The folder of recorded data; NULL: it is not here. */
static const char *mix_folder(char path[static 512])
{
	const char *named = getenv("WEIR_DATA");
	const char *source = getenv("WEIR_SOURCE");
	FILE *index;

	snprintf(path, 480, "%s%s",
		 named    ? named
		 : source ? source
			  : ".",
		 named ? "" : "/../shared/data");
	size_t len = strlen(path);
	memcpy(path + len, "/INDEX.tsv", sizeof("/INDEX.tsv"));
	index = fopen(path, "r");
	path[len] = 0;
	if (!index)
		return NULL;
	fclose(index);
	return path;
}

/* Reads the index and all it names. Return: false when there is no data. */
static bool mix_load(struct mix_data *data)
{
	char folder[512];
	char path[2048];
	char line[1024];
	FILE *index;

	if (!mix_folder(folder))
		return false;
	snprintf(path, sizeof(path), "%s/INDEX.tsv", folder);
	index = fopen(path, "r");
	while (index && fgets(line, sizeof(line), index)) {
		char *rest = line;
		char *column[9];
		for (unsigned i = 0; i < 9; i++)
			column[i] = strsep(&rest, "\t");
		if (!column[8] || strcmp(column[1], "pcap") != 0 ||
		    strtoul(column[4], NULL, 10) < MIX_FEW_FILE)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, column[0]);
		mix_add_file(data, path, column[0], column[8]);
	}
	if (index)
		fclose(index);
	return data->attack_count && data->benign.count;
}

static void mix_done(struct mix_data *data)
{
	for (unsigned i = 0; i < data->attack_count; i++)
		mix_lot_done(&data->attacks[i].lot);
	mix_lot_done(&data->benign);
}

/* A copy in an order that the seed decides. */
static struct sample *mix_shuffled(const struct mix_lot *lot, uint64_t seed, int half)
{
	struct sample *out = calloc(lot->count + 1, sizeof(*out));
	uint32_t n = 0;

	if (!out)
		abort();
	for (uint32_t i = 0; i < lot->count; i++) {
		if (half < 0 || (hash_words(lot->file[i], 7, seed) & 1) == (unsigned)half)
			out[n++] = lot->samples[i];
	}
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)(hash_words(i, seed, 3) % i);
		struct sample other = out[k];
		out[k] = out[i - 1];
		out[i - 1] = other;
	}
	out[n].packets = 0; /* where it ends */
	return out;
}

static uint32_t mix_length(const struct sample *samples)
{
	uint32_t n = 0;

	while (samples[n].packets)
		n++;
	return n;
}

static uint32_t mix_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Share of the samples that any rule matches. */
static inline double mix_share(const struct synth_result *result, const struct sample *samples,
			       uint32_t count)
{
	uint32_t hit = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (unsigned r = 0; r < result->rule_count; r++) {
			if (match_rule(&result->rules[r], &samples[i], result->sources,
				       result->source_count)) {
				hit++;
				break;
			}
		}
	}
	return count ? (double)hit / count : 0;
}

/* One draw: rules from half of the attack, tried on the other. */
struct mix_draw {
	struct sample *attack;
	struct sample *known; /* ordinary, that rules are made from */
	struct sample *fresh; /* ordinary, that they are tried on; NULL: the end of `known` */
	struct sample now[SYNTH_NOW];
	uint32_t train; /* of `attack` */
	uint32_t tests;
	const struct sample *test_fresh;
	uint32_t test_fresh_count;
	struct synth_input input;
};

static void mix_aim_at(struct sample *samples, uint32_t count, const struct ip *dst)
{
	for (uint32_t i = 0; i < count; i++)
		samples[i].dst = *dst;
}

static void mix_now(struct mix_draw *draw, const struct sample *benign, uint32_t benign_count,
		    uint64_t seed)
{
	uint32_t n = draw->train + benign_count;

	memcpy(draw->now, draw->attack, draw->train * sizeof(draw->now[0]));
	memcpy(draw->now + draw->train, benign, benign_count * sizeof(draw->now[0]));
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)(hash_words(i, seed, 5) % i);
		struct sample other = draw->now[k];
		draw->now[k] = draw->now[i - 1];
		draw->now[i - 1] = other;
	}
	draw->input.now = (struct synth_samples){ draw->now, n };
}

static void mix_draw(const struct mix_data *data, const struct mix_lot *attack,
		     const struct plan_profile *profile, uint64_t seed, bool shifted,
		     struct mix_draw *draw)
{
	const struct ip *dst = &attack->samples[0].dst;
	uint32_t known;
	uint32_t few;
	uint32_t base;

	memset(draw, 0, sizeof(*draw));
	draw->attack = mix_shuffled(attack, seed, -1);
	draw->known = mix_shuffled(&data->benign, seed, shifted ? 0 : -1);
	draw->fresh = shifted ? mix_shuffled(&data->benign, seed, 1) : NULL;
	known = mix_length(draw->known);
	mix_aim_at(draw->known, known, dst);
	draw->train = mix_least(attack->count / 2, SYNTH_NOW * MIX_RATIO / (MIX_RATIO + 1));
	draw->tests = attack->count - attack->count / 2;
	few = draw->train / MIX_RATIO;
	if (shifted) {
		uint32_t fresh = mix_length(draw->fresh);
		mix_aim_at(draw->fresh, fresh, dst);
		mix_now(draw, draw->fresh, few, seed);
		draw->test_fresh = draw->fresh + few;
		draw->test_fresh_count = fresh - few;
	} else {
		known -= MIX_FRESH + few;
		mix_now(draw, draw->known + known, few, seed);
		draw->test_fresh = draw->known + known + few;
		draw->test_fresh_count = MIX_FRESH;
	}
	base = mix_least(known, MIX_BASE);
	draw->input.scope =
		(struct synth_scope){ .direction = DIRECTION_INBOUND, .own = prefix_of_host(dst) };
	draw->input.base = (struct synth_samples){ draw->known, base };
	draw->input.clean = (struct synth_samples){ draw->known + base, known - base };
	draw->input.now_pps = MIX_RATIO + 1;
	draw->input.base_pps = 1;
	draw->input.profile = profile;
}

static void mix_draw_done(struct mix_draw *draw)
{
	free(draw->attack);
	free(draw->known);
	free(draw->fresh);
}

static inline struct mix_score mix_score(const struct mix_draw *draw, const struct mix_lot *attack,
					 const struct synth_result *result)
{
	return (struct mix_score){
		.recall = mix_share(result, draw->attack + attack->count / 2, draw->tests),
		.collateral = mix_share(result, draw->test_fresh, draw->test_fresh_count),
		.rules = result->rule_count,
		.why = result->why,
		.promised = result->collateral_upper,
	};
}
