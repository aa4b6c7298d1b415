/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_repeat: datagrams in; whether one came already, out.
 *
 * A mirror that loops, or two relays, deliver each datagram twice, and its traffic must not count
 * twice. A number behind the latest proves little: late datagrams have such numbers, and so has
 * everything an exporter sends that never counts. So the latest datagrams are remembered by their
 * number and by words from all over them: what has both in common with one of them came already.
 * Owned by one ingest thread; a few words of each datagram are read, whatever its length.
 */
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "ingest/state.h"

/* What comes again after longer was sent again. */
#define AGAIN_MAX_MS 5000
/* Words read, evenly spread, the first and the last among them. */
#define WORDS        16

static uint32_t fingerprint(const struct datagram *datagram, uint32_t sequence)
{
	uint64_t hash = (uint64_t)datagram->len << 32 | sequence;
	uint64_t word;

	if (datagram->len < sizeof(word))
		return (uint32_t)hash;
	size_t span = datagram->len - sizeof(word);
	for (size_t i = 0; i < WORDS; i++) {
		memcpy(&word, datagram->data + span * i / (WORDS - 1), sizeof(word));
		hash = hash_mix(hash ^ word, 0x8ebc6af09c88c6e3U + i);
	}
	return (uint32_t)(hash >> 32);
}

static bool is_known(const struct exporter_recent *recent, uint32_t print, uint32_t now_ms)
{
	for (unsigned i = 0; i < EXPORTER_RECENT; i++) {
		if (recent->prints[i] == print && now_ms - recent->at_ms[i] <= AGAIN_MAX_MS)
			return true;
	}
	return false;
}

/* Numbers that stand still although there was something to count tell nothing. */
static void watch_numbers(struct exporter *exporter, uint32_t sequence)
{
	const struct exporter_series *series = &exporter->series;

	exporter->recent.still = series->seen && sequence == series->seen_sequence &&
				 series->seen_counts[series->rule % SEQUENCE_UNITS] > 0;
}

bool exporter_repeated(struct exporter *exporter, const struct datagram *datagram,
		       uint32_t sequence)
{
	struct exporter_recent *recent = &exporter->recent;
	uint32_t now_ms = (uint32_t)(datagram->received_ns / NS_PER_MS);
	uint32_t print = fingerprint(datagram, sequence);
	bool ahead = (int32_t)(sequence - recent->newest) > 0;
	bool tells = recent->moves && !recent->still;

	if (!ahead && tells && is_known(recent, print, now_ms)) {
		exporter->stats.repeated++;
		return true;
	}
	watch_numbers(exporter, sequence);
	recent->moves |= ahead && exporter->series.known;
	if (ahead)
		recent->newest = sequence;
	recent->prints[recent->next % EXPORTER_RECENT] = print;
	recent->at_ms[recent->next++ % EXPORTER_RECENT] = now_ms;
	return false;
}
