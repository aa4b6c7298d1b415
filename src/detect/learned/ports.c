/* SPDX-License-Identifier: Apache-2.0 */
/* ports: one test a port, with a packet a second allowed where there is usually nothing. */
#include "detect/learned/ports.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/parse.h"
#include "base/text.h"
#include "detect/learned/bank.h"
#include "detect/vector.h"

#define SECOND_NS    1000000000ULL
#define SLOTS        (PORTS_MAX * 2UL)
/* Samples of our own that a port must have shown, and how many to one that came from outside. */
#define OWN_LEAST    20
#define OWN_TIMES    20
/* Of a port without number: samples of all kinds before what is foreign to it can be told. */
#define ALL_LEAST    400
/* Packets a second that may pass anywhere. */
#define ALLOWED      1.0F
#define ALPHA        1e-9F
#define QUIET_NS     (5 * SECOND_NS)
#define FORGET_NS    (120 * SECOND_NS)
#define BIN_NS       (10 * SECOND_NS)
#define CRITICAL_PPS 50000

/* One interface of one vantage. */
struct port {
	uint32_t vantage;
	uint32_t in_if;
	struct ip exporter; /* zero: not named yet */
	struct ip customer; /* an own address that was seen behind it */
	float own;          /* samples from our own addresses, fading by the hour */
	float in;           /* samples from outside to us, likewise */
	float usual;        /* packets a second of strangers that are usual */
	float bin_packets;
	uint32_t sampling;
	uint64_t bin;
	struct bank bank;
	uint64_t last_ns;
	uint64_t rise_ns;
	uint64_t first_ns;
	uint64_t suspect_ns;
	uint64_t key; /* of its story; 0: none goes on */
	uint64_t above_ns;
	float rate;
	float bytes;
	uint32_t count; /* of samples, ever since it rises */
	struct sample samples[PORTS_SAMPLES];
};

int ports_open(struct ports *ports)
{
	*ports = (struct ports){ .next_key = 1 };
	ports->at = calloc(PORTS_MAX, sizeof(*ports->at));
	ports->index = calloc(SLOTS, sizeof(*ports->index));
	if (ports->at && ports->index)
		return 0;
	ports_close(ports);
	return -ENOMEM;
}

void ports_close(struct ports *ports)
{
	free(ports->at);
	free(ports->index);
	memset(ports, 0, sizeof(*ports));
}

static struct port *take(struct ports *ports, uint32_t vantage, uint32_t in_if)
{
	size_t at = hash_words(vantage, in_if, 1) % SLOTS;

	for (; ports->index[at]; at = (at + 1) % SLOTS) {
		struct port *port = &ports->at[ports->index[at] - 1];
		if (port->vantage == vantage && port->in_if == in_if)
			return port;
	}
	if (ports->count == PORTS_MAX) {
		ports->turned_away++;
		return NULL;
	}
	struct port *port = &ports->at[ports->count++];
	ports->index[at] = ports->count;
	*port = (struct port){ .vantage = vantage, .in_if = in_if, .sampling = 1 };
	return port;
}

static float allowed_of(const struct port *port)
{
	return fmaxf(ALLOWED, 3 * port->usual);
}

static void pass(struct port *port, uint64_t now_ns)
{
	float passed = port->last_ns && now_ns > port->last_ns
			       ? (float)(now_ns - port->last_ns) * 1e-9F
			       : 0;

	bank_drain(&port->bank, allowed_of(port) / (float)port->sampling * passed);
	if (bank_worst(&port->bank) <= 0) {
		port->rise_ns = 0;
		port->count = 0;
	}
	port->rate *= expf(-passed / 2);
	port->bytes *= expf(-passed / 2);
	port->own *= expf(-passed / 3600);
	port->in *= expf(-passed / 3600);
	if (now_ns / BIN_NS != port->bin) {
		float pps = port->bin_packets / 10;
		if (!port->key && bank_worst(&port->bank) < 5)
			port->usual += (pps - port->usual) * 0.1F;
		port->bin = now_ns / BIN_NS;
		port->bin_packets = 0;
	}
	port->last_ns = now_ns;
}

static void add_stranger(struct port *port, const struct sample *sample, uint64_t now_ns)
{
	float packets = (float)sample_packets(sample);

	if (!port->rise_ns) {
		port->rise_ns = now_ns;
		port->first_ns = now_ns;
	}
	bank_add(&port->bank, (float)sample->packets);
	port->rate += packets / 2;
	port->bytes += packets * (float)sample->length / 2;
	port->bin_packets += packets;
	port->samples[port->count++ % PORTS_SAMPLES] = *sample;
}

/*
 * Does it stay on its link (RFC 4291 2.5.6 and 2.7, RFC 3927, RFC 5771, RFC 919)? Neighbours talk to
 * each other, and ask for addresses; none of it leaves for somebody else.
 */
static bool stays_on_link(const struct sample *sample)
{
	const uint8_t *src = sample->src.b;
	const uint8_t *dst = sample->dst.b;

	if (ip_is_v4(&sample->dst))
		return (dst[12] == 224 && dst[13] == 0 && dst[14] == 0) ||
		       memcmp(&dst[12], "\xff\xff\xff\xff", 4) == 0 ||
		       (src[12] == 169 && src[13] == 254);
	return (dst[0] == 0xff && (dst[1] & 0x0f) <= 2) ||
	       (src[0] == 0xfe && (src[1] & 0xc0) == 0x80);
}

void ports_sample(struct ports *ports, const struct sample *sample, uint64_t now_ns)
{
	struct port *port = take(ports, sample->vantage, sample->in_if);

	if (!port)
		return;
	if (now_ns != port->last_ns)
		pass(port, now_ns);
	if (sample->sampling)
		port->sampling = sample->sampling;
	switch ((enum direction)sample->direction) {
	case DIRECTION_OUTBOUND:
	case DIRECTION_INTERNAL:
		port->own++;
		port->customer = sample->src;
		break;
	case DIRECTION_INBOUND:
		port->in++;
		break;
	default:
		if (!stays_on_link(sample))
			add_stranger(port, sample, now_ns);
	}
}

void ports_name(struct ports *ports, const struct tally_vantage *vantage)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		if (ports->at[i].vantage == vantage->vantage)
			ports->at[i].exporter = vantage->exporter;
	}
}

/* Do only customers of ours stand behind it? */
static bool is_ours(const struct port *port)
{
	if (port->in_if == 0)
		return port->own + port->in >= ALL_LEAST && port->usual < ALLOWED;
	return port->own >= OWN_LEAST && port->own >= OWN_TIMES * port->in;
}

static uint32_t different_sources(const struct port *port)
{
	uint32_t n = port->count < PORTS_SAMPLES ? port->count : PORTS_SAMPLES;
	uint32_t different = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = 0;
		while (j < i && !ip_equal(&port->samples[j].src, &port->samples[i].src))
			j++;
		different += i == j;
	}
	return different;
}

static void judge(struct ports *ports, struct port *port, uint64_t now_ns)
{
	float rate = allowed_of(port) / (float)port->sampling;

	pass(port, now_ns);
	if (port->key && now_ns >= port->above_ns + FORGET_NS) {
		port->key = 0;
		port->bank = (struct bank){ 0 };
		port->count = 0;
	}
	if (port->count < 3 || !is_ours(port))
		return;
	if (!port->key && bank_alarm(&port->bank, rate, ALPHA) >= 1 &&
	    different_sources(port) >= 2) {
		/* No story of the other tables has so large a number. */
		port->key = 1ULL << 62 | ports->next_key++;
		port->suspect_ns = now_ns;
		port->above_ns = now_ns;
	}
	if (port->key && port->rate > allowed_of(port) * 5)
		port->above_ns = now_ns;
}

/* Vectors of what is kept, the heaviest target, and both as a detail. */
static void describe(const struct port *port, struct finding *f, struct tally_detail *detail)
{
	uint32_t n = port->count < PORTS_SAMPLES ? port->count : PORTS_SAMPLES;

	memset(detail, 0, sizeof(*detail));
	for (uint32_t i = 0; i < n; i++) {
		const struct sample *s = &port->samples[i];
		const struct flow flow = { .sport = s->sport,
					   .dport = s->dport,
					   .proto = s->proto,
					   .class = s->class };
		tally_detail_add(detail, &s->dst, &flow, (uint64_t)sample_packets(s),
				 (uint64_t)sample_packets(s) * s->length);
	}
	f->vector_count =
		vector_shares(detail->by_class, (1U << CLASS_COUNT) - 1, false, detail, f->vectors);
	f->distinct = tally_detail_distinct(detail);
	f->sampled = n;
}

static void say(const struct port *port, struct finding *f)
{
	struct text out = text_fixed(f->why, sizeof(f->why));
	char rate[32], exporter[IP_TEXT_MAX];

	text_addf(&out, "port %u of %s: %s from sources that are not ours", port->in_if,
		  ip_is_zero(&port->exporter) ? "an interface of this machine"
					      : ip_format(&port->exporter, exporter),
		  quantity_format((uint64_t)port->rate, QUANTITY_PPS, rate));
	text_addf(&out, ", %u different ones in the last %u samples; usual are %.1f pps",
		  different_sources(port), (unsigned)f->sampled, (double)port->usual);
}

static void tell(const struct port *port, const struct config *config, uint64_t now_ns,
		 const struct finding_sink *sink)
{
	const struct config_network *network = config_network_of(config, &port->customer);
	struct tally_detail detail;
	struct prefix target;
	struct finding f = {
		.host = network ? network->prefix.ip : port->customer,
		.len = network ? network->prefix.len : 128,
		.kind = KIND_SPOOFED_EGRESS,
		.direction = DIRECTION_TRANSIT,
		.severity = port->rate >= CRITICAL_PPS ? SEVERITY_CRITICAL : SEVERITY_WARNING,
		.first = port->suspect_ns == now_ns,
		.above = true,
		.limit = (uint64_t)allowed_of(port),
		.value = (uint64_t)port->rate,
		.pps = (uint64_t)port->rate,
		.bps = (uint64_t)(port->bytes * 8),
		.now_ns = now_ns,
		.onset_ns = port->rise_ns ? port->rise_ns : port->suspect_ns,
		.story = port->key,
		.first_ns = port->first_ns,
		.suspect_ns = port->suspect_ns,
		.advice = "let this port carry only addresses of its customer (BCP 38), and look "
			  "who is behind it",
	};

	describe(port, &f, &detail);
	say(port, &f);
	f.detail = &detail;
	target = prefix_of_host(&detail.peers[0].ip);
	f.targets = &target;
	f.target_count = detail.peers[0].packets > 0;
	sink->finding(sink->self, &f);
}

void ports_tick(struct ports *ports, const struct config *config, uint64_t now_ns,
		const struct finding_sink *sink)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		struct port *port = &ports->at[i];
		if (!port->count && !port->key)
			continue;
		judge(ports, port, now_ns);
		if (port->key && now_ns < port->above_ns + QUIET_NS)
			tell(port, config, now_ns, sink);
	}
}

void ports_end(struct ports *ports)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		ports->at[i].key = 0;
		ports->at[i].rise_ns = 0;
		ports->at[i].count = 0;
		ports->at[i].bank = (struct bank){ 0 };
	}
}

bool ports_are_busy(const struct ports *ports)
{
	for (uint32_t i = 0; i < ports->count; i++) {
		if (ports->at[i].key)
			return true;
	}
	return false;
}
