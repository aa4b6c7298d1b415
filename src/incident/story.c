/* SPDX-License-Identifier: Apache-2.0 */
/* story: findings in, one incident's fields out. Pure; any thread. */
#include "incident/story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

/* Of the id; fixed, so that the same input gives the same id on every machine. */
#define ID_SEED 0x5745495269640001ULL

/* A peer is named when it sends at least this part of what the heaviest one does. */
#define PEER_PART 20

/* What a peer sent for certain: the table that keeps peers can only overestimate. */
static uint64_t certain(uint64_t packets, uint64_t error)
{
	return packets > error ? packets - error : 0;
}

static int peer_order(const void *a, const void *b)
{
	const struct tally_peer *x = a;
	const struct tally_peer *y = b;
	uint64_t px = certain(x->packets, x->error);
	uint64_t py = certain(y->packets, y->error);

	if (px != py)
		return px < py ? 1 : -1;
	return ip_compare(&x->ip, &y->ip);
}

/*
 * The peers that stand out, heaviest first. When sources are random the table
 * holds whoever came last, with errors as large as the counts: none is named.
 */
static unsigned heavy_peers(const struct tally_detail *detail, struct tally_peer *ret_peers)
{
	unsigned count = 0;

	for (unsigned i = 0; i < TALLY_PEERS; i++) {
		const struct tally_peer *peer = &detail->peers[i];
		if (peer->packets && certain(peer->packets, peer->error) >= peer->packets / 2)
			ret_peers[count++] = *peer;
	}
	qsort(ret_peers, count, sizeof(*ret_peers), peer_order);
	for (unsigned i = 1; i < count; i++) {
		if (certain(ret_peers[i].packets, ret_peers[i].error) <
		    certain(ret_peers[0].packets, ret_peers[0].error) / PEER_PART)
			return i;
	}
	return count;
}

static unsigned name_peers(const struct tally_detail *detail, struct prefix *prefixes,
			   unsigned room)
{
	struct tally_peer peers[TALLY_PEERS];
	unsigned count = heavy_peers(detail, peers);

	if (count > room)
		count = room;
	for (unsigned i = 0; i < count; i++)
		prefixes[i] = prefix_of_host(&peers[i].ip);
	return count;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void add_sources(struct incident *incident, const struct finding *finding)
{
	if (finding->detail) {
		incident->source_count =
			name_peers(finding->detail, incident->sources, INCIDENT_SOURCES);
		incident->sources_seen = larger(incident->sources_seen, incident->source_count);
	}
	incident->sources_estimated = larger(incident->sources_estimated,
					     larger(finding->distinct, incident->sources_seen));
}

static void add_targets(struct incident *incident, const struct finding *finding)
{
	if (finding->detail)
		incident->target_count =
			name_peers(finding->detail, incident->targets, INCIDENT_TARGETS);
	incident->targets_estimated = larger(incident->targets_estimated,
					     larger(finding->distinct, incident->target_count));
}

static uint64_t port_packets(const struct tally_detail *detail)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < TALLY_PORTS; i++)
		all += detail->ports[i].packets;
	return all;
}

/* The protocol that makes up nine tenths; -1 if none does. */
static int main_proto(const struct tally_detail *detail)
{
	uint64_t all = port_packets(detail);

	for (unsigned i = 0; i < TALLY_PORTS && all; i++) {
		uint64_t same = 0;
		for (unsigned j = 0; j < TALLY_PORTS; j++) {
			if (detail->ports[j].proto == detail->ports[i].proto)
				same += detail->ports[j].packets;
		}
		if (same * 10 >= all * 9)
			return detail->ports[i].proto;
	}
	return -1;
}

static uint16_t port_of(const struct tally_port *port, bool source)
{
	return source ? port->sport : port->dport;
}

/* The port that makes up more than half for certain; -1 if none does. Port 0 is none. */
static int main_port(const struct tally_detail *detail, bool source)
{
	uint64_t all = port_packets(detail);

	for (unsigned i = 0; i < TALLY_PORTS; i++) {
		uint16_t port = port_of(&detail->ports[i], source);
		uint64_t same = 0;
		for (unsigned j = 0; j < TALLY_PORTS; j++) {
			if (port_of(&detail->ports[j], source) == port)
				same += certain(detail->ports[j].packets, detail->ports[j].error);
		}
		if (port && same * 2 > all)
			return port;
	}
	return -1;
}

/* A single peer with more than half of what is named. */
static struct ip main_peer(const struct tally_detail *detail)
{
	struct tally_peer peers[TALLY_PEERS];
	uint64_t all = 0;

	for (unsigned i = 0; i < TALLY_PEERS; i++)
		all += detail->peers[i].packets;
	if (heavy_peers(detail, peers) && certain(peers[0].packets, peers[0].error) * 2 > all)
		return peers[0].ip;
	return (struct ip){ 0 };
}

static struct incident_focus focus_of(const struct tally_detail *detail)
{
	struct incident_focus focus = { .proto = -1, .sport = -1, .dport = -1 };

	if (!detail)
		return focus;
	focus.peer = main_peer(detail);
	focus.proto = main_proto(detail);
	if (focus.proto == -1)
		return focus;
	focus.sport = main_port(detail, true);
	focus.dport = main_port(detail, false);
	return focus;
}

/* "20261122T140506-in-1a2b3c4d"; the time of detection keeps a repeated onset apart. */
static void write_id(struct incident *incident)
{
	static const char *const ways[DIRECTION_COUNT] = {
		[DIRECTION_INBOUND] = "in",
		[DIRECTION_OUTBOUND] = "out",
		[DIRECTION_INTERNAL] = "int",
		[DIRECTION_TRANSIT] = "tra",
	};
	char t[TIME_TEXT_MAX];
	uint64_t host = hash_ip(&incident->host, ID_SEED + incident->direction);
	uint64_t hash =
		hash_words(host, incident->onset_ns, hash_mix(incident->detected_ns, ID_SEED));

	time_format(incident->onset_ns, t);
	snprintf(incident->id, sizeof(incident->id), "%.4s%.2s%.2sT%.2s%.2s%.2s-%s-%08x", t, t + 5,
		 t + 8, t + 11, t + 14, t + 17, ways[incident->direction], (uint32_t)hash);
}

/* Whom it hits or where it comes from, as far as a detector follows that itself. */
static void place(struct incident *incident, const struct finding *finding)
{
	const struct prefix own = { .ip = finding->host, .len = finding->len ? finding->len : 128 };

	incident->kind = finding->kind;
	if (incident->direction == DIRECTION_OUTBOUND || incident->direction == DIRECTION_TRANSIT) {
		incident->source_count = 1;
		incident->sources[0] = own;
	} else {
		incident->target_count = 1;
		incident->targets[0] = own;
	}
	if (finding->machine_count) {
		incident->sources_seen = finding->machine_count;
		incident->sources_estimated = finding->machines_estimated;
	}
	for (unsigned i = 0; i < finding->target_count && i < INCIDENT_TARGETS; i++) {
		incident->targets[i] = finding->targets[i];
		incident->target_count = i + 1;
	}
	incident->targets_estimated = larger(incident->targets_estimated, incident->target_count);
	incident->shape_count = finding->shape_count;
	memcpy(incident->shapes, finding->shapes, sizeof(incident->shapes));
	if (finding->advice)
		snprintf(incident->advice, sizeof(incident->advice), "%s", finding->advice);
}

static void say_why(struct incident *incident, const struct finding *finding)
{
	incident->metric = finding->metric;
	incident->limit = finding->limit;
	snprintf(incident->why, sizeof(incident->why), "%s", finding->why);
}

static bool is_peak(const struct incident *incident, const struct finding *finding)
{
	return finding->pps == incident->peak_pps || finding->bps == incident->peak_bps;
}

static void say_whose(const struct config *config, struct incident *incident)
{
	const struct config_network *network = config_network_of(config, &incident->host);

	if (network && network->tenant)
		snprintf(incident->tenant, sizeof(incident->tenant), "%s", network->tenant);
	if (network && network->region)
		snprintf(incident->region, sizeof(incident->region), "%s", network->region);
}

void story_begin(const struct config *config, const struct finding *finding,
		 struct incident *ret_incident)
{
	bool onset_known = finding->onset_ns && finding->onset_ns <= finding->now_ns;
	struct incident incident = {
		.state = INCIDENT_OPEN,
		.severity = finding->severity,
		.direction = finding->direction,
		.host = finding->host,
		.host_len = finding->len ? finding->len : 128,
		.first_ns = finding->first_ns,
		.suspect_ns = finding->suspect_ns,
		.onset_ns = onset_known ? finding->onset_ns : finding->now_ns,
		.detected_ns = finding->now_ns,
		.updated_ns = finding->now_ns,
		.detected_pps = finding->pps,
		.focus = focus_of(finding->detail),
	};

	if (finding->direction == DIRECTION_OUTBOUND)
		incident.sources_seen = incident.sources_estimated = 1;
	place(&incident, finding);
	write_id(&incident);
	say_whose(config, &incident);
	say_why(&incident, finding);
	story_add(config, &incident, finding);
	*ret_incident = incident;
}

void story_hush(struct incident *incident, uint64_t quiet_ns, uint64_t closes_ns)
{
	incident->quiet_ns = quiet_ns;
	incident->closes_ns = closes_ns;
	incident->pps = 0;
	incident->bps = 0;
}

void story_end(struct incident *incident)
{
	story_hush(incident, 0, 0);
	incident->state = INCIDENT_CLOSED;
	incident->ended_ns = incident->seen_ns;
}

/* More than the line carries: a sampling rate that is wrong or forged is likelier than the rate. */
static void check_capacity(const struct config *config, struct incident *incident,
			   const struct finding *finding)
{
	const struct config_network *network;

	if (finding->bps <= incident->peak_bps || incident->direction == DIRECTION_INTERNAL)
		return;
	network = config_network_of(config, &incident->host);
	if (network && network->capacity_bps && finding->bps > network->capacity_bps)
		incident->capacity_bps = network->capacity_bps;
}

void story_add(const struct config *config, struct incident *incident,
	       const struct finding *finding)
{
	incident->seen_ns = finding->now_ns;
	incident->quiet_ns = 0;
	incident->closes_ns = 0;
	check_capacity(config, incident, finding);
	incident->pps = finding->pps;
	incident->bps = finding->bps;
	incident->peak_pps = larger(incident->peak_pps, finding->pps);
	incident->peak_bps = larger(incident->peak_bps, finding->bps);
	/* While it fades the heaviest peers are ordinary ones again: not part of the story. */
	if (!finding->above)
		return;
	incident->above_ns = finding->now_ns;
	/* The words are those of the worst moment: that is what has to be explained later. */
	if (finding->severity > incident->severity ||
	    (finding->metric == incident->metric && is_peak(incident, finding)))
		say_why(incident, finding);
	if (finding->severity > incident->severity)
		incident->severity = finding->severity;
	if (finding->vector_count) {
		incident->vector_count = finding->vector_count < FINDING_VECTORS
						 ? finding->vector_count
						 : FINDING_VECTORS;
		memcpy(incident->vectors, finding->vectors, sizeof(incident->vectors));
	}
	if (incident->direction != DIRECTION_OUTBOUND)
		add_sources(incident, finding);
	else if (!finding->target_count)
		add_targets(incident, finding);
	place(incident, finding);
}
