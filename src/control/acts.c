/* SPDX-License-Identifier: Apache-2.0 */
/* acts: the body of a request in, what was done about it out. The API's thread. */
#include "control/acts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "control/problem.h"
#include "model/plan.h"

#define AUDIT_LIMIT 200
#define FOR_S_MAX   2592000LL

static const char *const names[] = { "approve", "reject", "mitigate", "withdraw",
				     "extend",  "panic",  "calm" };

static bool take_text(const json_t *root, const char *key, char *room, size_t size)
{
	const json_t *value = json_object_get(root, key);
	const char *text = json_string_value(value);

	if (!value)
		return true;
	if (!text || strlen(text) >= size)
		return false;
	snprintf(room, size, "%s", text);
	return true;
}

static bool take_level(const json_t *root, struct act_request *request)
{
	const json_t *value = json_object_get(root, "level");
	const char *text = json_string_value(value);

	for (int level = 0; text && level < LEVEL_COUNT; level++) {
		if (strcmp(plan_level_name((enum plan_level)level), text) == 0)
			request->level = level;
	}
	return !value || request->level >= 0;
}

static const char *take_rest(const json_t *root, struct act_request *request)
{
	const json_t *for_s = json_object_get(root, "for_s");
	json_int_t seconds = json_integer_value(for_s);

	if (!take_text(root, "id", request->id, sizeof(request->id)))
		return "id is not that of an incident or a plan";
	if (!take_text(root, "why", request->why, sizeof(request->why)))
		return "why is a text of at most 255 bytes";
	if (!take_level(root, request))
		return "level is one of observe, rate-limit, drop, quarantine, blackhole";
	if (for_s && (seconds < 1 || seconds > FOR_S_MAX))
		return "for_s is a number of seconds from 1 to 2592000";
	request->for_ns = for_s ? (uint64_t)seconds * NS_PER_S : 0;
	return NULL;
}

/* Return: NULL, or what is wrong. */
static const char *read_act(const json_t *root, struct act_request *request)
{
	bool known = false;

	if (!json_is_object(root) || !take_text(root, "act", request->act, sizeof(request->act)))
		return "the body is a JSON object with act, id and why";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known |= strcmp(names[i], request->act) == 0;
	if (!known)
		return "act is one of approve, reject, mitigate, withdraw, extend, panic, calm";
	return take_rest(root, request);
}

static unsigned status_of(int err)
{
	switch (err) {
	case 0:
		return 200;
	case -ENOENT:
		return 404;
	case -EALREADY:
		return 409;
	case -ETIME:
		return 410;
	case -EPERM:
		return 403;
	case -EINVAL:
		return 400;
	default:
		return 503;
	}
}

static unsigned do_act(const struct api_acts *acts, const struct act_request *request,
		       struct text *out)
{
	struct text answer = text_heap();
	int err = acts->act(acts->self, request, &answer);
	unsigned status = status_of(err);

	if (status == 200) {
		struct jsonw w = jsonw_on(out);
		jsonw_object(&w, NULL);
		jsonw_string(&w, "act", request->act);
		jsonw_string(&w, "who", request->who);
		jsonw_string(&w, "answer", text_string(&answer));
		jsonw_object_end(&w);
	} else {
		(void)problem(out, status, text_string(&answer));
	}
	text_done(&answer);
	return status;
}

unsigned acts_answer(const struct api_acts *acts, const char *body, size_t len, const char *who,
		     struct text *out)
{
	struct act_request request = { .level = -1 };

	if (!acts)
		return problem(out, 503, "weir is still starting: ask again in a second");
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong = read_act(root, &request);
	json_decref(root);
	if (wrong)
		return problem(out, 400, wrong);
	snprintf(request.who, sizeof(request.who), "%s", who);
	return do_act(acts, &request, out);
}

unsigned acts_list(const struct api_acts *acts, struct text *out)
{
	struct text rows = text_heap();
	struct jsonw w = jsonw_on(out);
	int count = acts ? acts->audit(acts->self, AUDIT_LIMIT, &rows) : -EAGAIN;
	unsigned status = 200;

	if (count < 0) {
		status = problem(out, 503,
				 count == -ENOENT ? "no audit is kept: set state.path"
						  : "the audit cannot be read just now");
	} else {
		jsonw_object(&w, NULL);
		jsonw_raw(&w, "acts", text_string(&rows));
		jsonw_object_end(&w);
	}
	text_done(&rows);
	return status;
}
