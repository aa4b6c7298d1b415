/* SPDX-License-Identifier: Apache-2.0 */
/* held: see held.h. */
#include "actuate/gobgp/held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actuate/gobgp/gobgp.pb-c.h"

/* More paths with our mark than any configuration allows routes. */
#define HELD_MOST 1000000U

/* Paths of one message: GoBGP takes messages of up to 4 MB. */
#define PATHS_A_FRAME 1000

#define LONGER 1

void gobgp_held_done(struct gobgp_held *held)
{
	free(held->list);
	*held = (struct gobgp_held){ 0 };
}

/* Prefixes to look inside of, as they are asked for. */
struct places {
	Apipb__TableLookupPrefix *list;
	Apipb__TableLookupPrefix **pointers;
	char (*texts)[IP_TEXT_MAX];
	size_t count;
};

static void places_done(struct places *places)
{
	free(places->list);
	free(places->pointers);
	free(places->texts);
}

static int places_of(const struct gobgp_where *where, bool v4, struct places *ret)
{
	size_t room = where->count + 1;

	*ret = (struct places){ .list = calloc(room, sizeof(*ret->list)),
				.pointers = calloc(room, sizeof(*ret->pointers)),
				.texts = calloc(room, sizeof(*ret->texts)) };
	if (!ret->list || !ret->pointers || !ret->texts) {
		places_done(ret);
		return -ENOMEM;
	}
	for (size_t i = 0; i < where->count; i++) {
		Apipb__TableLookupPrefix *one = &ret->list[ret->count];
		if (prefix_is_v4(&where->list[i]) != v4)
			continue;
		apipb__table_lookup_prefix__init(one);
		one->prefix = prefix_format(&where->list[i], ret->texts[ret->count]);
		one->type = LONGER;
		ret->pointers[ret->count++] = one;
	}
	return 0;
}

static int ask(const struct grpc_peer *peer, Apipb__ListPathRequest *request,
	       struct grpc_bytes *ret_answer, struct text *why)
{
	struct grpc_bytes frames = { 0 };
	uint8_t *at = grpc_frame(&frames, apipb__list_path_request__get_packed_size(request));
	int err = -ENOMEM;

	if (at) {
		apipb__list_path_request__pack(request, at);
		err = grpc_call(peer, "ListPath", &frames, ret_answer, why);
	}
	grpc_bytes_done(&frames);
	return err;
}

/* A path from a neighbour has the neighbour's address; whatever identifier it has is not ours. */
static bool is_ours(const Apipb__Path *path)
{
	struct ip neighbour;
	bool from_neighbour = path->neighbor_ip && ip_parse(path->neighbor_ip, &neighbour) == 0;

	return path->identifier == PATH_MARK && !from_neighbour && path->nlri_binary.len > 0 &&
	       path->nlri_binary.len <= BGP_NLRI_MAX;
}

static int take_path(const Apipb__Path *path, enum bgp_kind kind, struct gobgp_held *held)
{
	struct gobgp_path one = { .route.kind = kind };

	if (!is_ours(path))
		return 0;
	if (held->count >= HELD_MOST)
		return -WEIR_EFULL;
	if (held->count == held->room) {
		size_t room = held->room ? held->room * 2 : 64;
		struct gobgp_path *list = realloc(held->list, room * sizeof(*list));
		if (!list)
			return -ENOMEM;
		held->list = list;
		held->room = room;
	}
	one.route.nlri_len = (uint8_t)path->nlri_binary.len;
	memcpy(one.route.nlri, path->nlri_binary.data, path->nlri_binary.len);
	for (size_t i = 0; i < path->n_pattrs_binary; i++)
		one.sum = path_sum(one.sum, kind, path->pattrs_binary[i].data,
				   path->pattrs_binary[i].len);
	held->list[held->count++] = one;
	return 0;
}

static int take_message(const uint8_t *data, size_t len, enum bgp_kind kind,
			struct gobgp_held *held)
{
	Apipb__ListPathResponse *message = apipb__list_path_response__unpack(NULL, len, data);
	int err = 0;

	if (!message)
		return -WEIR_EFORMAT;
	if (message->destination) {
		for (size_t i = 0; err == 0 && i < message->destination->n_paths; i++)
			err = take_path(message->destination->paths[i], kind, held);
	}
	apipb__list_path_response__free_unpacked(message, NULL);
	return err;
}

static int take_answer(const struct grpc_bytes *answer, enum bgp_kind kind, struct gobgp_held *held,
		       struct text *why)
{
	const uint8_t *data;
	size_t len;
	size_t at = 0;
	int err = grpc_next(answer, &at, &data, &len);

	while (err > 0) {
		err = take_message(data, len, kind, held);
		if (err == 0)
			err = grpc_next(answer, &at, &data, &len);
	}
	if (err == -WEIR_ETRUNC)
		err = -WEIR_EFORMAT;
	if (err == -WEIR_EFORMAT)
		text_add(why, "GoBGP's list of paths cannot be read; is it GoBGP 3?");
	return err;
}

int gobgp_list(const struct grpc_peer *peer, enum bgp_kind kind, const struct gobgp_where *where,
	       struct gobgp_held *held, struct text *why)
{
	Apipb__Family family = APIPB__FAMILY__INIT;
	Apipb__ListPathRequest request = APIPB__LIST_PATH_REQUEST__INIT;
	struct grpc_bytes answer = { 0 };
	struct places places = { 0 };
	int err = 0;

	family.afi = path_afi(kind);
	family.safi = path_safi(kind);
	request.family = &family;
	request.enable_nlri_binary = request.enable_attribute_binary = request.enable_only_binary =
		true;
	if (where && (kind == BGP_RTBH4 || kind == BGP_RTBH6)) {
		err = places_of(where, kind == BGP_RTBH4, &places);
		if (err < 0)
			return err;
		request.prefixes = places.pointers;
		request.n_prefixes = places.count;
	}
	/* Without places there is nothing of this family that could be ours. */
	if (!places.list || places.count)
		err = ask(peer, &request, &answer, why);
	if (err == 0)
		err = take_answer(&answer, kind, held, why);
	grpc_bytes_done(&answer);
	places_done(&places);
	return err;
}

static int by_route(const void *left, const void *right)
{
	const struct gobgp_path *a = left;
	const struct gobgp_path *b = right;

	return bgp_route_compare(&a->route, &b->route);
}

void gobgp_sort(struct gobgp_held *held)
{
	if (held->count)
		qsort(held->list, held->count, sizeof(*held->list), by_route);
}

/* Paths that are put into messages. */
struct sending {
	const struct path_style *style;
	struct grpc_bytes *frames;
	Apipb__Path paths[PATHS_A_FRAME];
	Apipb__Path *pointers[PATHS_A_FRAME];
	Apipb__Family families[BGP_KINDS];
	struct path_attributes attributes[PATHS_A_FRAME];
	ProtobufCBinaryData binary[PATHS_A_FRAME][PATH_ATTRIBUTES_MAX];
	size_t count;
};

static int flush(struct sending *s)
{
	Apipb__AddPathStreamRequest request = APIPB__ADD_PATH_STREAM_REQUEST__INIT;

	if (s->count == 0)
		return 0;
	request.paths = s->pointers;
	request.n_paths = s->count;
	uint8_t *at =
		grpc_frame(s->frames, apipb__add_path_stream_request__get_packed_size(&request));
	if (!at)
		return -ENOMEM;
	apipb__add_path_stream_request__pack(&request, at);
	s->count = 0;
	return 0;
}

static int send_path(struct sending *s, const struct bgp_route *route, bool withdraw)
{
	Apipb__Path *path = &s->paths[s->count];
	struct path_attributes *attributes = &s->attributes[s->count];

	apipb__path__init(path);
	path->family = &s->families[route->kind];
	path->identifier = PATH_MARK;
	path->is_withdraw = withdraw;
	path->nlri_binary.data = (uint8_t *)(uintptr_t)route->nlri;
	path->nlri_binary.len = route->nlri_len;
	if (!withdraw) {
		path_attributes_of(s->style, route, attributes);
		for (size_t i = 0; i < attributes->count; i++)
			s->binary[s->count][i] = (ProtobufCBinaryData){ attributes->list[i].len,
									attributes->list[i].data };
		path->pattrs_binary = s->binary[s->count];
		path->n_pattrs_binary = attributes->count;
	}
	s->pointers[s->count++] = path;
	return s->count == PATHS_A_FRAME ? flush(s) : 0;
}

static uint64_t sum_of(const struct path_style *style, const struct bgp_route *route)
{
	struct path_attributes attributes;
	uint64_t sum = 0;

	path_attributes_of(style, route, &attributes);
	for (size_t i = 0; i < attributes.count; i++)
		sum = path_sum(sum, route->kind, attributes.list[i].data, attributes.list[i].len);
	return sum;
}

bool gobgp_is_held(const struct path_style *style, const struct gobgp_held *held,
		   const struct bgp_route *route)
{
	const struct gobgp_path key = { .route = *route };
	const struct gobgp_path *path =
		held->count ? bsearch(&key, held->list, held->count, sizeof(key), by_route) : NULL;

	return path && path->sum == sum_of(style, route);
}

static int walk(struct sending *s, const struct bgp_routes *routes, const struct gobgp_held *held,
		struct gobgp_change *change)
{
	size_t i = 0;
	size_t j = 0;
	int err = 0;

	while (err == 0 && (i < routes->count || j < held->count)) {
		int order = i == routes->count ? 1
			    : j == held->count
				    ? -1
				    : bgp_route_compare(&routes->list[i], &held->list[j].route);
		if (order > 0) {
			change->removed++;
			err = send_path(s, &held->list[j++].route, true);
			continue;
		}
		if (order == 0 && sum_of(s->style, &routes->list[i]) == held->list[j].sum) {
			change->kept++;
		} else {
			change->added++;
			err = send_path(s, &routes->list[i], false);
		}
		i++;
		j += order == 0;
	}
	return err < 0 ? err : flush(s);
}

int gobgp_compare(const struct path_style *style, const struct bgp_routes *routes,
		  const struct gobgp_held *held, struct gobgp_change *ret_change)
{
	struct sending *s = calloc(1, sizeof(*s));

	*ret_change = (struct gobgp_change){ 0 };
	if (!s)
		return -ENOMEM;
	s->style = style;
	s->frames = &ret_change->frames;
	for (int kind = 0; kind < BGP_KINDS; kind++) {
		apipb__family__init(&s->families[kind]);
		s->families[kind].afi = path_afi((enum bgp_kind)kind);
		s->families[kind].safi = path_safi((enum bgp_kind)kind);
	}
	int err = walk(s, routes, held, ret_change);
	free(s);
	return err;
}
