/* SPDX-License-Identifier: Apache-2.0 */
/* score_prefixes: JSON in, sorted prefixes without overlap out; sizes of their address sets. */
#include "lab/score_prefixes.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void score_prefixes_done(struct score_prefixes *list)
{
	free(list->at);
	*list = (struct score_prefixes){ 0 };
}

static int add_text(struct score_prefixes *list, const char *text)
{
	struct prefix prefix;

	if (!text || prefix_parse(text, &prefix))
		return 0;
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? list->count * 2 : 1;
		struct prefix *at = realloc(list->at, room * sizeof(*at));
		if (!at)
			return -ENOMEM;
		list->at = at;
	}
	list->at[list->count++] = prefix;
	return 0;
}

static const char *text_of(const json_t *value)
{
	return json_string_value(json_is_object(value) ? json_object_get(value, "ip") : value);
}

int score_prefixes_add(struct score_prefixes *list, const json_t *value)
{
	const json_t *item;
	size_t i;
	int err = 0;

	if (!json_is_array(value))
		return add_text(list, text_of(value));
	json_array_foreach(value, i, item)
	{
		if (!err)
			err = add_text(list, text_of(item));
	}
	return err;
}

bool score_prefixes_overlap(const struct score_prefixes *a, const struct score_prefixes *b)
{
	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < b->count; k++) {
			if (prefix_overlaps(&a->at[i], &b->at[k]))
				return true;
		}
	}
	return false;
}

bool score_prefixes_have(const struct score_prefixes *list, const struct ip *ip)
{
	for (size_t i = 0; i < list->count; i++) {
		if (prefix_has_ip(&list->at[i], ip))
			return true;
	}
	return false;
}

/* Wider ones come before those they contain. */
static int by_place(const void *a, const void *b)
{
	const struct prefix *x = a;
	const struct prefix *y = b;
	int order = ip_compare(&x->ip, &y->ip);

	return order ? order : (int)x->len - (int)y->len;
}

void score_prefixes_widen(struct score_prefixes *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->at, list->count, sizeof(*list->at), by_place);
	for (size_t i = 0; i < list->count; i++) {
		if (kept == 0 || !prefix_overlaps(&list->at[kept - 1], &list->at[i]))
			list->at[kept++] = list->at[i];
	}
	list->count = kept;
}

static double size_of(const struct prefix *prefix)
{
	return ldexp(1, 128 - prefix->len);
}

static double size_of_all(const struct score_prefixes *list)
{
	double size = 0;

	for (size_t i = 0; i < list->count; i++)
		size += size_of(&list->at[i]);
	return size;
}

double score_prefixes_jaccard(const struct score_prefixes *a, const struct score_prefixes *b)
{
	double common = 0;

	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < b->count; k++) {
			if (prefix_overlaps(&a->at[i], &b->at[k]))
				common += fmin(size_of(&a->at[i]), size_of(&b->at[k]));
		}
	}
	double either = size_of_all(a) + size_of_all(b) - common;
	return either > 0 ? common / either : 1;
}
