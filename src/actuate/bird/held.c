/* SPDX-License-Identifier: Apache-2.0 */
/* held: see held.h. */
#include "actuate/bird/held.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"

#define WORD_MAX 32

/* The next word, cut if it is too long; "" at the end. Return: behind it. */
static const char *next_word(const char *at, const char *end, char *ret_word)
{
	size_t len = 0;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at != ' ' && *at != '\t'; at++) {
		if (len + 1 < WORD_MAX)
			ret_word[len++] = *at;
	}
	ret_word[len] = '\0';
	return at;
}

static int kind_of(const char *name)
{
	for (int kind = 0; kind < BGP_KINDS; kind++) {
		if (strcmp(name, bird_protocol((enum bgp_kind)kind)) == 0)
			return kind;
	}
	return -1;
}

/* "weir_rtbh4 Static     master4    up     14:41:15.671": its kind, or -1. */
static int parse_head(const char *at, const char *end, struct bird_held *held)
{
	char word[WORD_MAX];

	at = next_word(at, end, word);
	int kind = kind_of(word);
	if (kind < 0)
		return -1;
	for (int i = 0; i < 3; i++)
		at = next_word(at, end, word);
	held->there[kind] = true;
	held->up[kind] = strcmp(word, "up") == 0;
	return kind;
}

/* "     Routes:         2 imported, 0 exported, 2 preferred" */
static void parse_detail(const char *at, const char *end, uint64_t *ret_routes)
{
	char word[WORD_MAX];
	char number[WORD_MAX];
	uint64_t value;

	at = next_word(at, end, word);
	if (strcmp(word, "Routes:") != 0)
		return;
	at = next_word(at, end, number);
	next_word(at, end, word);
	if (strncmp(word, "imported", 8) == 0 && parse_u64(number, &value) == 0)
		*ret_routes = value;
}

void bird_parse_protocols(const char *answer, struct bird_held *held)
{
	int kind = -1;

	while (*answer) {
		const char *end = strchrnul(answer, '\n');
		/* A code of four digits and a mark, or a blank. */
		if (strncmp(answer, "1002", 4) == 0 && end - answer > 5)
			kind = parse_head(answer + 5, end, held);
		else if (*answer == ' ' && kind >= 0)
			parse_detail(answer, end, &held->routes[kind]);
		answer = *end ? end + 1 : end;
	}
}

int bird_ask_held(struct bird_link *link, struct bird_held *ret_held, struct text *why)
{
	struct bird_answer answer = { 0 };
	struct bird_held held = { 0 };
	int err = bird_ask(link, "eval weir_set", &answer, why);

	if (err == 0 && answer.code == BIRD_VALUE)
		snprintf(held.set, sizeof(held.set), "%s", bird_last(&answer));
	if (err == 0)
		err = bird_ask(link, "show protocols all \"weir_*\"", &answer, why);
	if (err == 0) {
		bird_parse_protocols(text_string(&answer.lines), &held);
		*ret_held = held;
	}
	bird_answer_done(&answer);
	return err;
}

static bool holds_kind(const struct bird_held *held, enum bgp_kind kind, uint64_t wanted,
		       struct text *why)
{
	struct text nowhere = { 0 };
	const char *name = bird_protocol(kind);

	why = why ? why : &nowhere;
	if (!held->there[kind])
		text_addf(why, "BIRD has no protocol %s; does its configuration include our file?",
			  name);
	else if (!held->up[kind])
		text_addf(why, "BIRD's protocol %s is down; say `birdc enable %s`", name, name);
	else if (held->routes[kind] != wanted)
		text_addf(why,
			  "BIRD's %s holds %llu routes, not %llu; `birdc show protocols all "
			  "%s` tells why",
			  name, (unsigned long long)held->routes[kind], (unsigned long long)wanted,
			  name);
	else
		return true;
	return false;
}

bool bird_holds(const struct bird_held *held, const char *set, const struct bgp_routes *routes,
		bool flowspec, struct text *why)
{
	if (strcmp(held->set, set) != 0) {
		if (why)
			text_add(why, "BIRD has not loaded our file; its configuration needs a "
				      "line that includes it, see the manual");
		return false;
	}
	for (int kind = 0; kind < (flowspec ? BGP_KINDS : BGP_FLOW4); kind++) {
		if (!holds_kind(held, (enum bgp_kind)kind, routes->of_kind[kind], why))
			return false;
	}
	return true;
}
