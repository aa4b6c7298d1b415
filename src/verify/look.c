/* SPDX-License-Identifier: Apache-2.0 */
/* look: samples of before in, signs of innocence out. */
#include "verify/look.h"

#include <netinet/in.h>
#include <stdlib.h>

#define TCP_SYN      0x02
#define TCP_RST      0x04
#define TCP_ACK      0x10
/* A length of a service is usual when so many of its packets had one of its class. */
#define SIZES_LEAST  2
#define SIZE_CLASSES 16

static int order(const void *a, const void *b)
{
	return ip_compare(&((const struct look_peer *)a)->ip, &((const struct look_peer *)b)->ip);
}

/* The last length of each class. */
static unsigned class_of(unsigned length)
{
	static const uint16_t ends[SIZE_CLASSES - 1] = { 48,   64,   96,   128,  192,
							 256,  384,  512,  768,  1024,
							 1280, 1400, 1460, 1480, 1500 };
	unsigned class = 0;

	while (class < SIZE_CLASSES - 1 && length > ends[class])
		class ++;
	return class;
}

static bool has_ports(const struct sample *s)
{
	return (s->proto == IPPROTO_TCP || s->proto == IPPROTO_UDP) && s->fragment != 2;
}

static struct look_peer peer_of(bool outbound, const struct sample *s)
{
	bool ports = has_ports(s);

	return (struct look_peer){ .ip = outbound ? s->dst : s->src,
				   .ours = ports ? (outbound ? s->sport : s->dport) : 0,
				   .theirs = ports ? (outbound ? s->dport : s->sport) : 0,
				   .proto = s->proto,
				   .size = (uint8_t)class_of(s->length) };
}

static bool is_of(const struct look *look, const struct look_service *service,
		  const struct sample *s)
{
	uint16_t port = service->theirs == look->outbound ? s->dport : s->sport;

	return service->proto == s->proto && service->port == port;
}

/* Misra and Gries (1982): no port with more than its share is missed; others may be among them. */
struct counting {
	struct look_service key;
	size_t count;
};

static void count_port(struct counting *list, const struct look_service *key)
{
	struct counting *unused = NULL;

	for (unsigned i = 0; i < LOOK_SERVICES; i++) {
		if (list[i].count == 0) {
			unused = &list[i];
		} else if (list[i].key.port == key->port && list[i].key.proto == key->proto &&
			   list[i].key.theirs == key->theirs) {
			list[i].count++;
			return;
		}
	}
	if (unused) {
		*unused = (struct counting){ *key, 1 };
		return;
	}
	for (unsigned i = 0; i < LOOK_SERVICES; i++)
		list[i].count--;
}

static void count_ports(const struct sample *before, size_t count, bool outbound,
			struct counting *list)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &before[i];
		const struct look_service ours = { .proto = s->proto,
						   .port = outbound ? s->sport : s->dport };
		const struct look_service theirs = { .proto = s->proto,
						     .theirs = true,
						     .port = outbound ? s->dport : s->sport };
		if (!has_ports(s))
			continue;
		count_port(list, &ours);
		count_port(list, &theirs);
	}
}

/* Exactly now. Return: has it its share? */
static bool take_sizes(const struct look *look, const struct sample *before, size_t count,
		       struct look_service *service)
{
	size_t all = 0;
	size_t by_class[SIZE_CLASSES] = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (!has_ports(&before[i]) || !is_of(look, service, &before[i]))
			continue;
		all++;
		by_class[class_of(before[i].length)]++;
	}
	for (unsigned c = 0; c < SIZE_CLASSES; c++)
		service->sizes |= (uint16_t)((by_class[c] >= SIZES_LEAST) << c);
	return all * LOOK_SHARE >= count;
}

void look_learn(const struct sample *before, size_t count, bool outbound, struct look_peer *room,
		struct look *ret_look)
{
	struct look look = { .outbound = outbound, .peers = room, .peer_count = count };
	struct counting list[LOOK_SERVICES] = { 0 };

	for (size_t i = 0; i < count; i++)
		room[i] = peer_of(outbound, &before[i]);
	qsort(room, count, sizeof(*room), order);
	count_ports(before, count, outbound, list);
	for (unsigned i = 0; i < LOOK_SERVICES; i++) {
		if (list[i].count && take_sizes(&look, before, count, &list[i].key))
			look.services[look.service_count++] = list[i].key;
	}
	*ret_look = look;
}

/* Inside of a connection, as far as one packet can show it. */
static bool is_established(const struct sample *s)
{
	return s->proto != IPPROTO_TCP ||
	       (s->has & SAMPLE_HAS_FLAGS &&
		(s->tcp_flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK);
}

static bool is_usual(const struct look *look, const struct sample *s)
{
	if (!has_ports(s))
		return false;
	for (unsigned i = 0; i < look->service_count; i++) {
		if (is_of(look, &look->services[i], s) &&
		    look->services[i].sizes & 1U << class_of(s->length))
			return true;
	}
	return false;
}

static bool is_alike(const struct look_peer *a, const struct look_peer *b)
{
	return a->proto == b->proto && (a->ours == b->ours || a->theirs == b->theirs) &&
	       a->size <= b->size + 1 && b->size <= a->size + 1;
}

/* @usual: what it sent is; else it has to be like what this peer sent before. */
static bool is_known(const struct look *look, const struct look_peer *peer, bool usual)
{
	const struct look_peer *end = look->peers + look->peer_count;
	const struct look_peer *at = look->peer_count ? bsearch(peer, look->peers, look->peer_count,
								sizeof(*peer), order)
						      : NULL;

	if (!at || usual)
		return at != NULL;
	while (at > look->peers && ip_equal(&at[-1].ip, &peer->ip))
		at--;
	for (; at < end && ip_equal(&at->ip, &peer->ip); at++) {
		if (is_alike(at, peer))
			return true;
	}
	return false;
}

unsigned look_signs(const struct look *look, const struct sample *sample)
{
	const struct look_peer peer = peer_of(look->outbound, sample);
	bool usual = is_usual(look, sample);

	return (is_known(look, &peer, usual) ? LOOK_KNOWN : 0) |
	       (usual && is_established(sample) ? LOOK_USUAL : 0);
}
