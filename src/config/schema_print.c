/* SPDX-License-Identifier: Apache-2.0 */
/* schema_print: the tables of settings in, the manual's Markdown table out. */
#include <string.h>

#include "config/schema.h"

/* Kinds with a value of their own, and how it is written. */
static const char *const kinds[] = {
	[VALUE_BOOL] = "`true` or `false`",
	[VALUE_TEXT] = "text of at most 64 bytes",
	[VALUE_NAME] = "name",
	[VALUE_PATH] = "path",
	[VALUE_ADDRESS] = "address, as `192.0.2.1` or `2001:db8::1`",
	[VALUE_PREFIX] = "network, as `198.51.100.0/24`",
	[VALUE_SOCKETS] = "address and port, as `0.0.0.0:2055` or `\"[::]:2055\"`; one or a list",
	[VALUE_MAP] = "keys below",
};

static void print_words(const struct schema_key *key, struct text *out)
{
	const struct words *words = key->words;
	const char *comma = "";

	if (words->all) {
		text_addf(out, "`%s`", words->all);
		comma = ", ";
	}
	for (unsigned i = 0; i < words->count; i++) {
		if (!(words->allowed & 1U << i))
			continue;
		text_addf(out, "%s`%s`", comma, words->name(i));
		comma = ", ";
	}
	text_add(out, key->kind == VALUE_WORDS ? "; one or a list" : "");
}

static void print_value(const struct schema_key *key, struct text *out)
{
	switch (key->kind) {
	case VALUE_NUMBER:
		text_addf(out, "%s, as `%s`", quantity_noun(key->quantity),
			  quantity_example(key->quantity));
		break;
	case VALUE_WORD:
	case VALUE_WORDS:
		print_words(key, out);
		break;
	case VALUE_LIST:
		if (key->inside->brief)
			text_add(out, "name, or ");
		text_addf(out, "list of at most %zu", key->inside->entries_max);
		break;
	default:
		text_add(out, kinds[key->kind]);
		break;
	}
	if (key->kind != VALUE_NUMBER)
		return;
	if (key->least && key->most)
		text_addf(out, "; %s to %s", key->least, key->most);
	else if (key->most)
		text_addf(out, "; at most %s", key->most);
}

static void print_default(const struct schema_key *key, struct text *out)
{
	if (key->required)
		text_add(out, "required");
	else if (!key->fallback || !*key->fallback)
		text_add(out, "none");
	else if (strchr(key->fallback, '\n'))
		text_add(out, "see below");
	else
		text_addf(out, "`%s`", key->fallback);
}

static void print_map(const struct schema *schema, const char *above, struct text *out)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_key *key = &schema->keys[i];
		if (key->kind == VALUE_LATER)
			continue;
		text_addf(out, "| `%s%s` | ", above, key->name);
		print_value(key, out);
		text_add(out, " | ");
		print_default(key, out);
		/* Of keys with keys inside, each has its own. */
		bool whole = key->kind == VALUE_MAP && !key->differs;
		text_addf(out, " | %s | %s |\n",
			  whole          ? ""
			  : key->restart ? "restart"
					 : "reload",
			  key->doc);
		if (!key->inside)
			continue;
		char path[64];
		struct text prefix = text_fixed(path, sizeof(path));
		text_addf(&prefix, "%s%s%s.", above, key->name,
			  key->kind == VALUE_LIST ? "[]" : "");
		print_map(key->inside, path, out);
	}
}

void config_schema_print(struct text *out)
{
	text_add(out, "| Key | Value | Default | Changes by | Meaning |\n"
		      "|---|---|---|---|---|\n");
	print_map(&schema_file, "", out);
}
