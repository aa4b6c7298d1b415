/* SPDX-License-Identifier: Apache-2.0 */
/* message: wanted plans in, JSON and its key out. Pure; any thread. */
#include "actuate/hook/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/jsonw.h"

/* Never another one: keys of an older process must stay what they were. */
#define KEY_SEED 0x7765697220686f6fU

const char *hook_event_name(enum hook_event event)
{
	static const char *const names[] = {
		[HOOK_APPLY] = "apply",
		[HOOK_WITHDRAW] = "withdraw",
		[HOOK_SYNC] = "sync",
	};

	return names[event];
}

bool hook_hash(const struct wanted *wanted, uint64_t *ret_hash)
{
	struct wanted bare = *wanted;
	struct text text = text_heap();

	bare.plan.has_forecast = false;
	bare.plan.needs_approval = false;
	bare.plan.would = 0;
	bare.plan.why[0] = '\0';
	wanted_to_json(&bare, &text);
	bool good = !text.failed;
	if (good)
		*ret_hash = hash_bytes(text.data, text.len, KEY_SEED);
	text_done(&text);
	return good;
}

/* It becomes a line of HTTP and a variable of a shell. */
static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '.' || c == ':' || c == '_';
}

void hook_key(const char *plan, enum hook_event event, uint64_t hash, char ret_key[HOOK_KEY_MAX])
{
	snprintf(ret_key, HOOK_KEY_MAX, "%s-%s-%016" PRIx64, plan, hook_event_name(event), hash);
	for (char *c = ret_key; *c; c++) {
		if (!is_plain(*c))
			*c = '_';
	}
}

static struct jsonw begin(const struct hook_speaker *speaker, struct hook_message *message)
{
	struct jsonw w = jsonw_on(&message->body);

	jsonw_object(&w, NULL);
	jsonw_u64(&w, "version", 1);
	jsonw_string(&w, "event", hook_event_name(message->event));
	jsonw_string(&w, "key", message->key);
	jsonw_time(&w, "time", speaker->now_ns);
	jsonw_string(&w, "actuator", speaker->actuator);
	return w;
}

void hook_message_plan(const struct hook_speaker *speaker, enum hook_event event,
		       const struct wanted *wanted, uint64_t hash, struct hook_message *ret_message)
{
	*ret_message =
		(struct hook_message){ .event = event, .wanted = wanted, .body = text_heap() };
	hook_key(wanted->plan.id, event, hash, ret_message->key);
	struct jsonw w = begin(speaker, ret_message);
	plan_to_json(&wanted->plan, NULL, 0, &w, "plan");
	jsonw_string(&w, "direction", direction_name(wanted->direction));
	jsonw_prefix(&w, "own", &wanted->own);
	jsonw_array(&w, "sources");
	for (size_t i = 0; i < wanted->source_count; i++)
		jsonw_ip(&w, NULL, &wanted->sources[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

void hook_message_sync(const struct hook_speaker *speaker, const struct hook_line *lines,
		       size_t count, struct hook_message *ret_message)
{
	uint64_t hash = count;

	for (size_t i = 0; i < count; i++)
		hash = hash_words(hash_bytes(lines[i].plan, strlen(lines[i].plan), KEY_SEED),
				  lines[i].hash, hash);
	*ret_message = (struct hook_message){ .event = HOOK_SYNC, .body = text_heap() };
	hook_key(speaker->actuator, HOOK_SYNC, hash, ret_message->key);
	struct jsonw w = begin(speaker, ret_message);
	jsonw_array(&w, "plans");
	for (size_t i = 0; i < count; i++) {
		char key[HOOK_KEY_MAX];
		hook_key(lines[i].plan, HOOK_APPLY, lines[i].hash, key);
		jsonw_object(&w, NULL);
		jsonw_string(&w, "id", lines[i].plan);
		jsonw_string(&w, "key", key);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}

void hook_message_done(struct hook_message *message)
{
	text_done(&message->body);
}
