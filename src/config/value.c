/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value: single values: numbers with units, words, texts, addresses.
 *
 * Text of a node in; the value in its place out, or what is wrong with it.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "config/read.h"

/* Longest tenant, region, name. */
#define TEXT_VALUE_MAX 64
#define PATH_VALUE_MAX 4095

static void store_number(const struct schema_key *key, uint64_t value, void *at)
{
	if (key->size == sizeof(uint64_t)) {
		memcpy(at, &value, sizeof(value));
		return;
	}
	uint32_t narrow = (uint32_t)value;
	assert(key->size == sizeof(narrow) && narrow == value);
	memcpy(at, &narrow, sizeof(narrow));
}

static uint64_t limit_of(const struct schema_key *key, const char *limit, uint64_t without)
{
	uint64_t value = without;

	if (limit && parse_quantity(limit, key->quantity, &value))
		assert(!"a limit of the schema is right");
	return value;
}

static void explain_number(struct reader *r, const struct schema_key *key, const struct node *node,
			   int err)
{
	const char *noun = quantity_noun(key->quantity);
	const char *example = quantity_example(key->quantity);
	char shown[QUOTE_MAX];

	quote(node->text, shown);
	if (err == -WEIR_ERANGE && key->most)
		problem_add(r->problems, node->at, "`%s`: `%s` is too large; at most %s", key->name,
			    shown, key->most);
	else if (err == -WEIR_EUNIT)
		problem_add(r->problems, node->at,
			    "`%s`: `%s` has no unit that fits; expected a %s, as %s", key->name,
			    shown, noun, example);
	else
		problem_add(r->problems, node->at, "`%s`: `%s` is not a %s; write it as %s",
			    key->name, shown, noun, example);
}

static void read_number(struct reader *r, const struct schema_key *key, const struct node *node,
			void *at)
{
	uint64_t value;
	char shown[QUOTE_MAX];

	int err = parse_quantity(node->text, key->quantity, &value);
	if (err || value > limit_of(key, key->most, UINT64_MAX)) {
		explain_number(r, key, node, err ? err : -WEIR_ERANGE);
		return;
	}
	if (value < limit_of(key, key->least, 0)) {
		problem_add(r->problems, node->at, "`%s`: `%s` is too small; at least %s",
			    key->name, quote(node->text, shown), key->least);
		return;
	}
	store_number(key, value, at);
}

static void read_bool(struct reader *r, const struct schema_key *key, const struct node *node,
		      void *at)
{
	bool value = strcmp(node->text, "true") == 0;
	char shown[QUOTE_MAX];

	if (!value && strcmp(node->text, "false") != 0)
		problem_add(r->problems, node->at, "`%s`: `%s` is neither; write true or false",
			    key->name, quote(node->text, shown));
	memcpy(at, &value, sizeof(value));
}

static void keep_text(struct reader *r, const char *text, void *at)
{
	const char *copy = arena_string(r->arena, text);

	r->short_memory |= !copy;
	memcpy(at, &copy, sizeof(copy));
}

static void read_text(struct reader *r, const struct schema_key *key, const struct node *node,
		      void *at)
{
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(node->text);
	char shown[QUOTE_MAX];

	if (len == 0 && node->at.line)
		problem_add(r->problems, node->at, "`%s` is empty; give it a value or remove it",
			    key->name);
	else if (len > TEXT_VALUE_MAX)
		problem_add(r->problems, node->at, "`%s`: longer than %d bytes; shorten it",
			    key->name, TEXT_VALUE_MAX);
	else if (key->kind == VALUE_NAME && node->text[strspn(node->text, name_chars)])
		problem_add(r->problems, node->at,
			    "`%s`: `%s` is no name; use lower-case letters, digits and dashes",
			    key->name, quote(node->text, shown));
	else
		keep_text(r, node->text, at);
}

static void read_path(struct reader *r, const struct schema_key *key, const struct node *node,
		      void *at)
{
	size_t len = strlen(node->text);
	uint64_t most = PATH_VALUE_MAX;

	if (key->most && parse_u64(key->most, &most))
		assert(!"a limit of the schema is right");
	if (len == 0)
		problem_add(r->problems, node->at, "`%s` is empty; give it a path%s", key->name,
			    key->or_none ? ", or `none`" : "");
	else if (len > most)
		problem_add(r->problems, node->at,
			    "`%s`: the path has %zu bytes; at most %llu fit, move it up", key->name,
			    len, (unsigned long long)most);
	else if (!key->or_none || strcmp(node->text, "none") != 0)
		keep_text(r, node->text, at);
}

static void read_address(struct reader *r, const struct schema_key *key, const struct node *node,
			 void *at)
{
	char shown[QUOTE_MAX];

	if (ip_parse(node->text, at))
		problem_add(
			r->problems, node->at,
			"`%s`: `%s` is no address; write one as 192.0.2.1 or 2001:db8::1, names "
			"are not looked up",
			key->name, quote(node->text, shown));
}

/*
 * The network that was meant by "10.0.0.1/8", "10.0.0.0/08" or "::ffff:10.0.0.0/104".
 * Return: false if that is not clear.
 */
static bool prefix_meant(const char *text, char ret_text[IP_TEXT_MAX])
{
	char host[IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	struct prefix prefix;
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (ip_parse(host, &prefix.ip) || parse_u64(slash + 1, &len))
		return false;
	bool v4 = ip_is_v4(&prefix.ip);
	if (v4 && len <= 32)
		len += 96;
	if (len > 128 || (v4 && len < 96))
		return false;
	prefix.len = (uint8_t)len;
	for (unsigned i = prefix.len; i < 128; i++)
		prefix.ip.b[i / 8] &= (uint8_t) ~(0x80U >> (i % 8));
	prefix_format(&prefix, ret_text);
	return true;
}

static void read_prefix(struct reader *r, const struct schema_key *key, const struct node *node,
			void *at)
{
	char shown[QUOTE_MAX];
	char better[IP_TEXT_MAX];
	int err = prefix_parse(node->text, at);

	if (!err)
		return;
	quote(node->text, shown);
	bool clear = prefix_meant(node->text, better);
	if (err == -EINVAL && clear)
		problem_add(r->problems, node->at, "`%s`: %s has host bits set; did you mean %s?",
			    key->name, shown, better);
	else if (err == -WEIR_ERANGE && clear)
		problem_add(r->problems, node->at,
			    "`%s`: %s: IPv4 inside IPv6 is written as IPv4; did you mean %s?",
			    key->name, shown, better);
	else if (err == -WEIR_ESYNTAX && clear)
		problem_add(r->problems, node->at,
			    "`%s`: %s: a length has no zeros in front; did you mean %s?", key->name,
			    shown, better);
	else if (err == -WEIR_ERANGE)
		problem_add(r->problems, node->at,
			    "`%s`: %s has a length that does not exist; at most /32 for IPv4, /128 "
			    "for IPv6",
			    key->name, shown);
	else
		problem_add(
			r->problems, node->at,
			"`%s`: `%s` is no network; write it as 198.51.100.0/24 or 2001:db8::/32",
			key->name, shown);
}

void read_scalar(struct reader *r, const struct schema_key *key, const struct node *node, void *at)
{
	if (key->kind != VALUE_WORDS && node_is_empty(node) && node->at.line) {
		problem_add(r->problems, node->at, "`%s` has no value; give it one or remove it",
			    key->name);
		return;
	}
	switch (key->kind) {
	case VALUE_NUMBER:
		read_number(r, key, node, at);
		break;
	case VALUE_BOOL:
		read_bool(r, key, node, at);
		break;
	case VALUE_TEXT:
	case VALUE_NAME:
		read_text(r, key, node, at);
		break;
	case VALUE_PATH:
		read_path(r, key, node, at);
		break;
	case VALUE_ADDRESS:
		read_address(r, key, node, at);
		break;
	case VALUE_PREFIX:
		read_prefix(r, key, node, at);
		break;
	default:
		read_words(r, key, node, at);
		break;
	}
}
