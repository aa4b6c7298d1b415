/* SPDX-License-Identifier: Apache-2.0 */
/* api: request and snapshot in, JSON or problem details (RFC 9457) out. */
#include "control/api.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/parse.h"
#include "control/problem.h"

/* What a list request asks for, checked. */
struct list_query {
	bool open;
	bool closed;
	uint64_t limit;
	uint64_t offset;
};

static const char *status_title(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 410:
		return "Gone";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

unsigned problem(struct text *body, unsigned status, const char *detail)
{
	struct jsonw w = jsonw_on(body);

	text_clear(body);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "type", "about:blank");
	jsonw_string(&w, "title", status_title(status));
	jsonw_u64(&w, "status", status);
	jsonw_string(&w, "detail", detail);
	jsonw_object_end(&w);
	return status;
}

/* A problem that quotes the request, cut to a readable length. */
static unsigned problem_about(struct text *body, unsigned status, const char *before,
			      const char *quoted, const char *after)
{
	char buffer[512];
	struct text detail = text_fixed(buffer, sizeof(buffer));

	text_addf(&detail, "%s\"%.200s\"%s", before, quoted, after);
	return problem(body, status, text_string(&detail));
}

static unsigned parse_state(const char *state, struct list_query *query, struct text *body)
{
	bool all = !state || strcmp(state, "all") == 0;

	query->open = all || strcmp(state, "open") == 0;
	query->closed = all || strcmp(state, "closed") == 0;
	if (!query->open && !query->closed)
		return problem_about(body, 400, "state ", state,
				     " is not known: open, closed or all");
	return 200;
}

static unsigned check_names(const struct api_request *request, struct text *body)
{
	if (request->unknown)
		return problem_about(body, 400, "there is no parameter ", request->unknown,
				     ": state, limit and offset of " API_ROOT
				     "/incidents, and from, to, exporter and step of " API_ROOT
				     "/coverage are known");
	if (request->repeated)
		return problem_about(body, 400, "parameter ", request->repeated,
				     " is given more than once: give it once");
	return 200;
}

/* Which part of the query is none of this path's business. */
static unsigned refuse_query(const struct api_request *request, bool list, bool coverage,
			     struct text *body)
{
	const char *of_list = request->state    ? "state"
			      : request->limit  ? "limit"
			      : request->offset ? "offset"
						: NULL;
	const char *of_coverage = request->from       ? "from"
				  : request->to       ? "to"
				  : request->exporter ? "exporter"
				  : request->step     ? "step"
						      : NULL;

	if (of_list && !list)
		return problem_about(body, 400, "there is no parameter ", of_list,
				     " here: only " API_ROOT "/incidents takes it");
	if (of_coverage && !coverage)
		return problem_about(body, 400, "there is no parameter ", of_coverage,
				     " here: only " API_ROOT "/coverage takes it");
	return 200;
}

static unsigned parse_list(const struct api_request *request, struct list_query *query,
			   struct text *body)
{
	query->limit = API_LIMIT;
	query->offset = 0;
	if (request->limit && (parse_u64(request->limit, &query->limit) < 0 ||
			       query->limit > API_LIMIT_MAX || query->limit == 0))
		return problem_about(body, 400, "limit ", request->limit,
				     " is not a number from 1 to 1000");
	if (request->offset &&
	    (parse_u64(request->offset, &query->offset) < 0 || query->offset > API_OFFSET_MAX))
		return problem_about(body, 400, "offset ", request->offset,
				     " is not a number from 0 to 1000000000");
	return parse_state(request->state, query, body);
}

/* Writes those asked for. Return: how many there are, whatever limit and offset. */
static uint64_t put_matching(const struct control_snapshot *snapshot,
			     const struct list_query *query, struct jsonw *w)
{
	uint64_t matching = 0;

	for (size_t i = 0; i < control_snapshot_count(snapshot); i++) {
		const struct control_incident *incident = control_snapshot_incident(snapshot, i);
		if (!(control_incident_is_open(incident) ? query->open : query->closed))
			continue;
		if (matching >= query->offset && matching - query->offset < query->limit)
			jsonw_raw(w, NULL, control_incident_json(incident));
		matching++;
	}
	return matching;
}

static unsigned answer_list(const struct api_request *request,
			    const struct control_snapshot *snapshot, struct text *body)
{
	struct list_query query;
	struct jsonw w = jsonw_on(body);
	unsigned status = refuse_query(request, true, false, body);

	if (status == 200)
		status = parse_list(request, &query, body);
	if (status != 200)
		return status;
	jsonw_object(&w, NULL);
	jsonw_array(&w, "incidents");
	uint64_t matching = put_matching(snapshot, &query, &w);
	jsonw_array_end(&w);
	jsonw_u64(&w, "matching", matching);
	jsonw_u64(&w, "limit", query.limit);
	jsonw_u64(&w, "offset", query.offset);
	jsonw_u64(&w, "closed_kept_max", CONTROL_CLOSED_MAX);
	jsonw_object_end(&w);
	return 200;
}

static unsigned answer_incident(const struct api_request *request, const char *id,
				const struct control_snapshot *snapshot, struct text *body)
{
	const struct control_incident *incident = control_snapshot_find(snapshot, id);
	unsigned status = refuse_query(request, false, false, body);

	if (status != 200)
		return status;
	if (!incident)
		return problem_about(body, 404, "no incident ", id,
				     " among the open ones and the latest closed ones");
	text_add(body, control_incident_json(incident));
	return 200;
}

/* @json: the text that the daemon keeps for this path; NULL: not yet */
static unsigned answer_kept(const struct api_request *request, const char *json, struct text *body)
{
	unsigned status = refuse_query(request, false, false, body);

	if (status != 200)
		return status;
	if (!json)
		return problem(body, 503, "weir is still starting: ask again in a second");
	text_add(body, json);
	return 200;
}

static unsigned parse_coverage(const struct api_request *request, struct coverage_query *query,
			       struct text *body)
{
	uint64_t step = 1;

	if (!request->from || time_parse(request->from, &query->from_ns) < 0)
		return problem(body, 400,
			       "from is wanted: a time as 2026-11-22T14:00:00Z; rows begin then");
	if (!request->to || time_parse(request->to, &query->to_ns) < 0 ||
	    query->to_ns <= query->from_ns)
		return problem(body, 400,
			       "to is wanted: a time behind from, as 2026-11-22T15:00:00Z");
	if (request->step && (parse_u64(request->step, &step) < 0 || step == 0 || step > 1000000))
		return problem_about(body, 400, "step ", request->step,
				     " is not a number of minutes from 1 to 1000000");
	query->step = (uint32_t)step;
	query->limit = API_ROWS_MAX;
	query->exporter = request->exporter;
	return 200;
}

static void put_row(void *self, const struct coverage *row, const char *name)
{
	coverage_to_json(row, name, self, NULL);
}

/* Rows come straight from the disk: this path alone does not answer from the snapshot. */
static unsigned answer_coverage(const struct api_request *request, struct text *body)
{
	char buffer[512];
	struct text error = text_fixed(buffer, sizeof(buffer));
	struct jsonw w = jsonw_on(body);
	struct coverage_query query;
	unsigned status = refuse_query(request, false, true, body);

	if (status == 200)
		status = parse_coverage(request, &query, body);
	if (status != 200)
		return status;
	if (!request->coverage)
		return problem(body, 404,
			       "no coverage ledger is kept: set state.path and archive.coverage");
	jsonw_object(&w, NULL);
	jsonw_time(&w, "from", query.from_ns);
	jsonw_time(&w, "to", query.to_ns);
	jsonw_u64(&w, "step_minutes", query.step);
	jsonw_array(&w, "rows");
	int64_t given =
		request->coverage->read(request->coverage->self, &query, put_row, &w, &error);
	jsonw_array_end(&w);
	jsonw_bool(&w, "more", given > API_ROWS_MAX);
	jsonw_object_end(&w);
	return given < 0 ? problem(body, 503, text_string(&error)) : 200;
}

static unsigned route(const struct api_request *request, const struct control_snapshot *snapshot,
		      struct text *body)
{
	static const char list[] = API_ROOT "/incidents";
	const char *path = request->path;
	unsigned status = check_names(request, body);

	if (status != 200)
		return status;
	if (strcmp(path, API_ROOT "/status") == 0)
		return answer_kept(request, control_snapshot_status(snapshot), body);
	if (strcmp(path, API_ROOT "/top") == 0)
		return answer_kept(request, control_snapshot_top(snapshot), body);
	if (strcmp(path, API_ROOT "/coverage") == 0)
		return answer_coverage(request, body);
	if (strcmp(path, API_ROOT "/acts") == 0)
		return acts_list(request->acts, body);
	if (strcmp(path, list) == 0)
		return answer_list(request, snapshot, body);
	if (strncmp(path, list, strlen(list)) == 0 && path[strlen(list)] == '/')
		return answer_incident(request, path + strlen(list) + 1, snapshot, body);
	return problem_about(body, 404, "there is nothing at ", path,
			     ": see " API_ROOT "/status, " API_ROOT "/top, " API_ROOT
			     "/incidents, " API_ROOT "/coverage and " API_ROOT "/acts");
}

unsigned api_answer(const struct api_request *request, const struct control_snapshot *snapshot,
		    struct text *body)
{
	if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
		return problem_about(body, 405, "method ", request->method,
				     " changes something; only " API_ROOT "/acts takes POST, all "
				     "else GET and HEAD");
	if (request->has_body)
		return problem(body, 413, "this request takes no body");
	if (!snapshot)
		return problem(body, 503, "weir is still starting: ask again in a second");
	unsigned status = route(request, snapshot, body);
	if (body->failed)
		return problem(body, 503, "no memory for the answer: ask for less with limit");
	return status;
}

void api_query_set(struct api_request *request, const char *name, const char *value)
{
	const struct {
		const char *name;
		const char **place;
	} known[] = {
		{ "state", &request->state },   { "limit", &request->limit },
		{ "offset", &request->offset }, { "from", &request->from },
		{ "to", &request->to },         { "exporter", &request->exporter },
		{ "step", &request->step },
	};
	const char **place = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i].name) == 0)
			place = known[i].place;
	}
	if (!place)
		request->unknown = name;
	else if (*place)
		request->repeated = name;
	else
		*place = value ? value : "";
}
