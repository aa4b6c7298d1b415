/* SPDX-License-Identifier: Apache-2.0 */
/* actuators: entries of `actuators` in, what is missing or contradicts itself out. */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "config/checks.h"
#include "config/entries.h"
#include "config/read.h"
#include "config/tree.h"

const char *attach_mode_name(enum attach_mode mode)
{
	static const char *const names[ATTACH_MODE_COUNT] = {
		[ATTACH_BEST] = "best",
		[ATTACH_NATIVE] = "native",
		[ATTACH_GENERIC] = "generic",
	};

	return names[mode];
}

static const char *attach_word(unsigned index)
{
	return attach_mode_name((enum attach_mode)index);
}

const struct words words_attach = {
	.name = attach_word,
	.count = ATTACH_MODE_COUNT,
	.allowed = (1U << ATTACH_MODE_COUNT) - 1,
};

static bool is_kind(const struct config_actuator *actuator, const char *kind)
{
	return actuator->kind && strcmp(actuator->kind, kind) == 0;
}

static void check_host(struct reader *r, const struct config_actuator *actuator)
{
	if (actuator->interface_count == 0)
		problem_add(r->problems, actuator->at,
			    "`kind: %s` needs `interfaces`, such as [eth0]; `ip -br link` lists "
			    "those there are",
			    actuator->kind);
	if (is_kind(actuator, "xdp") && r->known && r->known->no_xdp)
		problem_add(r->problems, actuator->at,
			    "`kind: xdp`: this program was built without BPF; build it with "
			    "-Dbpf=enabled, or use `nft`");
}

/* The name ends there: http://127.0.0.1@example.net and http://localhost.example.net do not count. */
static bool is_this_machine(const char *url)
{
	static const char *const heads[] = { "http://127.0.0.1", "http://[::1]",
					     "http://localhost" };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size_t len = strlen(heads[i]);
		size_t digits = 0;
		if (strncmp(url, heads[i], len) != 0)
			continue;
		if (url[len] == ':')
			digits = 1 + strspn(url + len + 1, "0123456789");
		return url[len + digits] == '\0' || url[len + digits] == '/';
	}
	return false;
}

/* Files that say who we are, or whom we trust. */
static void check_files(struct reader *r, const struct config_actuator *actuator)
{
	const char *url = actuator->url;
	bool https = url && strncmp(url, "https://", 8) == 0;

	if (!url && (actuator->token_file || actuator->secret_file))
		problem_add(r->problems, actuator->at,
			    "`token_file` and `secret_file` go with `url`; a program is ours, and "
			    "nobody has to prove anything to it");
	if (!https && (actuator->ca_file || actuator->cert_file || actuator->key_file))
		problem_add(r->problems, actuator->at,
			    "`ca_file`, `cert_file` and `key_file` go with a `url` that begins "
			    "with https://");
	if (actuator->key_file && !actuator->cert_file)
		problem_add(r->problems, actuator->at,
			    "`key_file` is the key of `cert_file`; give both, or none");
}

static void check_hook(struct reader *r, const struct config_actuator *actuator)
{
	const char *url = actuator->url;

	if (!actuator->program == !url)
		problem_add(r->problems, actuator->at,
			    "`kind: hook` needs either `program` or `url`");
	if (url && strncmp(url, "https://", 8) != 0 && !is_this_machine(url))
		problem_add(r->problems, actuator->at,
			    "`url` begins with https://; http:// only to this machine");
	check_files(r, actuator);
}

static void check_communities(struct reader *r, const struct config_actuator *actuator)
{
	for (size_t i = 0; i < actuator->community_count; i++) {
		const struct config_word *word = &actuator->communities[i];
		unsigned high;
		unsigned low;
		char rest;
		char shown[QUOTE_MAX];
		if (sscanf(word->text, "%5u:%5u%c", &high, &low, &rest) != 2 || high > 65535 ||
		    low > 65535)
			problem_add(r->problems, word->at,
				    "`%s` is no community; write two numbers up to 65535, as "
				    "65535:666",
				    quote(word->text, shown));
	}
}

void actuator_finish(struct reader *r, const struct node *map, void *entry)
{
	const struct config_actuator *actuator = entry;

	(void)map;
	if (r->subject_bad || !actuator->kind)
		return;
	if (is_kind(actuator, "xdp") || is_kind(actuator, "nft"))
		check_host(r, actuator);
	if (is_kind(actuator, "hook"))
		check_hook(r, actuator);
	check_communities(r, actuator);
}

static const struct config_actuator *actuator_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->actuator_count; i++) {
		if (strcmp(config->actuators[i].name, name) == 0)
			return &config->actuators[i];
	}
	return NULL;
}

/* Does it wait for itself, over however many others? */
static bool is_circle(const struct config *config, const struct config_actuator *actuator)
{
	const struct config_actuator *at = actuator;

	for (size_t i = 0; i < config->actuator_count && at && at->canary; i++) {
		at = actuator_named(config, at->canary);
		if (at == actuator)
			return true;
	}
	return false;
}

static void check_canary(struct reader *r, const struct config_actuator *actuator)
{
	char shown[QUOTE_MAX];

	if (!actuator->canary)
		return;
	const struct config_actuator *canary = actuator_named(r->config, actuator->canary);
	if (!canary)
		problem_add(r->problems, actuator->at,
			    "`canary`: no actuator is called `%s`; the names are those under "
			    "`actuators`",
			    quote(actuator->canary, shown));
	else if (is_kind(canary, "observe"))
		problem_add(r->problems, actuator->at,
			    "`canary`: `%s` only observes, so nothing can be seen to go wrong "
			    "there; name one that acts",
			    quote(actuator->canary, shown));
	else if (is_circle(r->config, actuator))
		problem_add(r->problems, actuator->at,
			    "`canary`: `%s` waits for itself in the end, and would never get a "
			    "plan; leave one `canary` of the circle out",
			    quote(actuator->name, shown));
}

void actuators_check(struct reader *r)
{
	const struct config_actuator *list = r->config->actuators;

	for (size_t i = 0; i < r->config->actuator_count; i++) {
		if (r->known && r->known->actuators && list[i].kind)
			check_kind(r, list[i].at, list[i].kind, r->known->actuators);
		check_canary(r, &list[i]);
		for (size_t j = 0; j < i; j++) {
			if (strcmp(list[i].name, list[j].name) == 0)
				problem_add(
					r->problems, list[i].at,
					"`%s` is the name of %s:%u:%u as well; give each its own",
					list[i].name, r->problems->file, list[j].at.line,
					list[j].at.column);
		}
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_words(const struct config_word *a, size_t a_count, const struct config_word *b,
		       size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (strcmp(a[i].text, b[i].text) != 0)
			return false;
	}
	return true;
}

static bool same_numbers(const struct config_actuator *a, const struct config_actuator *b)
{
	return a->mode == b->mode && a->flowspec == b->flowspec &&
	       a->source_rules == b->source_rules && a->routes == b->routes &&
	       a->changes == b->changes && a->timeout_ns == b->timeout_ns &&
	       a->retries == b->retries && ip_equal(&a->next_hop_v4, &b->next_hop_v4) &&
	       ip_equal(&a->next_hop_v6, &b->next_hop_v6);
}

static bool same_files(const struct config_actuator *a, const struct config_actuator *b)
{
	return same_text(a->token_file, b->token_file) &&
	       same_text(a->secret_file, b->secret_file) && same_text(a->ca_file, b->ca_file) &&
	       same_text(a->cert_file, b->cert_file) && same_text(a->key_file, b->key_file);
}

/* But for canaries, which the daemon sees to and not the actuator. */
static bool same_actuator(const struct config_actuator *a, const struct config_actuator *b)
{
	return same_text(a->name, b->name) && same_text(a->kind, b->kind) &&
	       same_text(a->pin, b->pin) && same_text(a->table, b->table) &&
	       same_text(a->socket, b->socket) && same_text(a->include, b->include) &&
	       same_text(a->address, b->address) && same_text(a->program, b->program) &&
	       same_text(a->url, b->url) && same_files(a, b) && same_numbers(a, b) &&
	       same_words(a->interfaces, a->interface_count, b->interfaces, b->interface_count) &&
	       same_words(a->communities, a->community_count, b->communities, b->community_count);
}

bool actuators_differ(const struct config *before, const struct config *after)
{
	if (before->actuator_count != after->actuator_count)
		return true;
	for (size_t i = 0; i < before->actuator_count; i++) {
		if (!same_actuator(&before->actuators[i], &after->actuators[i]))
			return true;
	}
	return false;
}

static void name(const char *what, const struct config_actuator *actuator, unsigned *count,
		 struct text *out)
{
	text_addf(out, "%s%s %s", (*count)++ ? ", " : " (", actuator->name, what);
}

void actuators_explain(const struct config *before, const struct config *after, struct text *out)
{
	unsigned count = 0;

	for (size_t i = 0; i < after->actuator_count; i++) {
		const struct config_actuator *now = &after->actuators[i];
		const struct config_actuator *then = actuator_named(before, now->name);
		if (!then)
			name("is new", now, &count, out);
		else if (!same_actuator(then, now))
			name("is set differently", now, &count, out);
	}
	for (size_t i = 0; i < before->actuator_count; i++) {
		if (!actuator_named(after, before->actuators[i].name))
			name("is gone", &before->actuators[i], &count, out);
	}
	text_add(out, count ? ")" : " (another order)");
}
