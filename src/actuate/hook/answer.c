/* SPDX-License-Identifier: Apache-2.0 */
/* answer: text of the other side in, an error code and words out. Pure; any thread. */
#include "actuate/hook/answer.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

void hook_excerpt(const char *data, size_t len, struct text *why)
{
	char words[HOOK_EXCERPT_MAX];
	size_t used = 0;
	bool gap = false;

	for (size_t i = 0; i < len && i < HOOK_EXCERPT_MAX; i++) {
		unsigned char c = (unsigned char)data[i];
		if (c <= ' ' || c == 0x7f) {
			gap = used > 0;
			continue;
		}
		if (gap)
			words[used++] = ' ';
		words[used++] = (char)c;
		gap = false;
	}
	if (used == 0)
		return;
	text_add(why, ": ");
	text_add_n(why, words, used);
}

static int say_nonsense(const char *data, size_t len, struct text *why)
{
	text_add(why, "answers with what is not {\"held\": true or false, \"why\": \"...\"}");
	hook_excerpt(data, len, why);
	return -WEIR_EFORMAT;
}

/* Nothing about `held` is an answer of somebody who has none of these in mind. */
static int judge(enum hook_event event, const json_t *root, struct text *why)
{
	const json_t *held = json_object_get(root, "held");
	const char *reason = json_string_value(json_object_get(root, "why"));
	bool wanted = event != HOOK_WITHDRAW;

	if (!held || json_is_true(held) == wanted)
		return 0;
	text_addf(why, "says that it %s",
		  event == HOOK_SYNC ? "does not hold these plans and no others"
		  : wanted           ? "does not hold it"
				     : "still holds it");
	if (reason)
		hook_excerpt(reason, strlen(reason), why);
	return -EACCES;
}

int hook_answer(enum hook_event event, const char *data, size_t len, struct text *why)
{
	const char *text = data;
	size_t left = len;

	while (left && isspace((unsigned char)*text)) {
		text++;
		left--;
	}
	if (left == 0 || *text != '{')
		return 0;
	json_t *root = json_loadb(text, left, JSON_REJECT_DUPLICATES, NULL);
	const json_t *held = json_object_get(root, "held");
	int err = !root || (held && !json_is_boolean(held)) ? say_nonsense(text, left, why)
							    : judge(event, root, why);
	json_decref(root);
	return err;
}
