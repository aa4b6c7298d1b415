/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots and what the API answers from them, without a server. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "control/api.h"

static struct incident make_incident(unsigned n, enum incident_state state)
{
	struct incident incident = { .state = (uint8_t)state, .direction = DIRECTION_INBOUND };

	snprintf(incident.id, sizeof(incident.id), "inc-%u", n);
	incident.onset_ns = (1000 + n) * NS_PER_S;
	return incident;
}

static void put(struct control_snapshot *snapshot, unsigned n, enum incident_state state)
{
	struct incident incident = make_incident(n, state);

	assert_int_equal(control_snapshot_put_incident(snapshot, &incident, NULL, NULL), 0);
}

static json_t *ask(const struct control_snapshot *snapshot, struct api_request request,
		   unsigned want)
{
	struct text body = text_heap();

	if (!request.method)
		request.method = "GET";
	assert_int_equal(api_answer(&request, snapshot, &body), want);
	json_t *json = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	if (want != 200)
		assert_int_equal(json_integer_value(json_object_get(json, "status")), want);
	text_done(&body);
	return json;
}

static json_int_t number_of(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static const char *id_at(const json_t *list, size_t index)
{
	const json_t *item = json_array_get(json_object_get(list, "incidents"), index);

	return json_string_value(json_object_get(json_object_get(item, "incident"), "id"));
}

static void incidents_are_listed_newest_first(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	(void)state;
	put(snapshot, 1, INCIDENT_OPEN);
	put(snapshot, 2, INCIDENT_OPEN);
	put(snapshot, 3, INCIDENT_CLOSED);
	put(snapshot, 1, INCIDENT_CLOSED); /* an update keeps the place */
	json_t *list = ask(snapshot, (struct api_request){ .path = "/api/v1/incidents" }, 200);
	assert_int_equal(number_of(list, "matching"), 3);
	assert_string_equal(id_at(list, 0), "inc-3");
	assert_string_equal(id_at(list, 2), "inc-1");
	json_decref(list);
	list = ask(snapshot, (struct api_request){ .path = "/api/v1/incidents", .state = "open" },
		   200);
	assert_int_equal(number_of(list, "matching"), 1);
	assert_string_equal(id_at(list, 0), "inc-2");
	json_decref(list);
	list = ask(snapshot,
		   (struct api_request){ .path = "/api/v1/incidents",
					 .state = "closed",
					 .limit = "1",
					 .offset = "1" },
		   200);
	assert_int_equal(number_of(list, "matching"), 2);
	assert_int_equal(json_array_size(json_object_get(list, "incidents")), 1);
	assert_string_equal(id_at(list, 0), "inc-1");
	json_decref(list);
	control_snapshot_unref(snapshot);
}

static void an_offset_beyond_the_end_gives_nothing(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	(void)state;
	put(snapshot, 1, INCIDENT_OPEN);
	json_t *list =
		ask(snapshot,
		    (struct api_request){
			    .path = "/api/v1/incidents", .limit = "1000", .offset = "1000000000" },
		    200);
	assert_int_equal(number_of(list, "matching"), 1);
	assert_int_equal(json_array_size(json_object_get(list, "incidents")), 0);
	json_decref(list);
	control_snapshot_unref(snapshot);
}

static void one_incident_is_found_by_its_id(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();
	struct incident incident = make_incident(7, INCIDENT_OPEN);

	(void)state;
	assert_int_equal(control_snapshot_put_incident(snapshot, &incident, "{\"id\":\"p\"}", NULL),
			 0);
	json_t *one = ask(snapshot, (struct api_request){ .path = "/api/v1/incidents/inc-7" }, 200);
	assert_string_equal(json_string_value(json_object_get(json_object_get(one, "plan"), "id")),
			    "p");
	json_decref(one);
	json_decref(ask(snapshot, (struct api_request){ .path = "/api/v1/incidents/inc-8" }, 404));
	json_decref(ask(snapshot, (struct api_request){ .path = "/api/v1/incidents/" }, 404));
	json_decref(
		ask(snapshot, (struct api_request){ .path = "/api/v1/incidents/inc-7/x" }, 404));
	control_snapshot_unref(snapshot);
}

static void rates_are_what_was_kept_last(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	(void)state;
	json_decref(ask(snapshot, (struct api_request){ .path = "/api/v1/top" }, 503));
	assert_int_equal(control_snapshot_set_top(snapshot, "{\"rows\":1}"), 0);
	assert_int_equal(control_snapshot_set_top(snapshot, "{\"rows\":2}"), 0);
	struct control_snapshot *copy = control_snapshot_copy(snapshot);
	control_snapshot_unref(snapshot);
	json_t *json = ask(copy, (struct api_request){ .path = "/api/v1/top" }, 200);
	assert_int_equal(number_of(json, "rows"), 2);
	json_decref(json);
	json_decref(ask(copy, (struct api_request){ .path = "/api/v1/top", .limit = "1" }, 400));
	control_snapshot_unref(copy);
}

static void bad_requests_are_problems(void **state)
{
	static const struct {
		struct api_request request;
		unsigned status;
	} cases[] = {
		{ { .path = "/api/v1/incidents", .state = "ajar" }, 400 },
		{ { .path = "/api/v1/incidents", .limit = "0" }, 400 },
		{ { .path = "/api/v1/incidents", .limit = "1001" }, 400 },
		{ { .path = "/api/v1/incidents", .limit = "-1" }, 400 },
		{ { .path = "/api/v1/incidents", .limit = "" }, 400 },
		{ { .path = "/api/v1/incidents", .offset = "x" }, 400 },
		{ { .path = "/api/v1/incidents", .offset = "1000000001" }, 400 },
		{ { .path = "/api/v1/incidents", .unknown = "page" }, 400 },
		{ { .path = "/api/v1/incidents", .limit = "1", .repeated = "limit" }, 400 },
		{ { .path = "/api/v1/incidents/inc-1", .unknown = "y" }, 400 },
		{ { .path = "/api/v1/incidents/inc-1", .state = "open" }, 400 },
		{ { .path = "/api/v1/status", .unknown = "x" }, 400 },
		{ { .path = "/api/v1/status", .offset = "0" }, 400 },
		{ { .path = "/" }, 404 },
		{ { .path = "" }, 404 },
		{ { .path = "/api/v1/status/" }, 404 },
		{ { .path = "/api/v1/incidentsx" }, 404 },
		{ { .path = "/api/v2/status" }, 404 },
		{ { .path = "/api/v1/status", .method = "DELETE" }, 405 },
		{ { .path = "/api/v1/status", .has_body = true }, 413 },
		{ { .path = "/api/v1/status" }, 503 },
	};
	struct control_snapshot *snapshot = control_snapshot_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		json_decref(ask(snapshot, cases[i].request, cases[i].status));
	json_decref(ask(NULL, (struct api_request){ .path = "/api/v1/incidents" }, 503));
	control_snapshot_unref(snapshot);
}

static void a_query_is_kept_by_name(void **state)
{
	struct api_request request = { 0 };

	(void)state;
	api_query_set(&request, "limit", "1");
	api_query_set(&request, "state", NULL);
	assert_string_equal(request.limit, "1");
	assert_string_equal(request.state, "");
	assert_null(request.unknown);
	assert_null(request.repeated);
	api_query_set(&request, "limit", "2");
	assert_string_equal(request.repeated, "limit");
	api_query_set(&request, "page", "2");
	assert_string_equal(request.unknown, "page");
}

static int64_t read_one(void *self, const struct coverage_query *query,
			void (*each)(void *to, const struct coverage *row, const char *name),
			void *to, struct text *error)
{
	const struct coverage row = {
		.minutes = query->step, .seconds = 60, .units = 9, .lost = 1
	};

	(void)error;
	*(struct coverage_query *)self = *query;
	each(to, &row, "edge1");
	return 1;
}

static void the_ledger_is_asked_with_what_was_wanted(void **state)
{
	struct coverage_query asked;
	const struct api_coverage ledger = { .read = read_one, .self = &asked };
	struct control_snapshot *snapshot = control_snapshot_new();
	struct api_request request = { .path = "/api/v1/coverage",
				       .from = "2026-11-22T14:00:00Z",
				       .to = "2026-11-22T15:00:00Z",
				       .exporter = "edge1",
				       .step = "5" };

	(void)state;
	json_decref(ask(snapshot, request, 404));
	request.coverage = &ledger;
	json_t *answer = ask(snapshot, request, 200);
	assert_int_equal(asked.to_ns - asked.from_ns, 3600000000000U);
	assert_int_equal(asked.step, 5);
	assert_string_equal(asked.exporter, "edge1");
	json_t *row = json_array_get(json_object_get(answer, "rows"), 0);
	assert_int_equal(json_integer_value(json_object_get(row, "lost")), 1);
	assert_int_equal(json_integer_value(json_object_get(row, "expected")), 10);
	assert_true(json_is_false(json_object_get(answer, "more")));
	json_decref(answer);
	request.step = "0";
	json_decref(ask(snapshot, request, 400));
	request.step = NULL;
	request.to = request.from;
	json_decref(ask(snapshot, request, 400));
	request.to = "2026-11-22T15:00:00Z";
	request.state = "open";
	json_decref(ask(snapshot, request, 400));
	control_snapshot_unref(snapshot);
}

static void a_long_path_is_quoted_short(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();
	char path[9000];

	(void)state;
	memset(path, 0xc3, sizeof(path) - 1); /* the first half of a letter, again and again */
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	json_t *problem = ask(snapshot, (struct api_request){ .path = path }, 404);
	assert_true(strlen(json_string_value(json_object_get(problem, "detail"))) < 1000);
	json_decref(problem);
	control_snapshot_unref(snapshot);
}

static void the_oldest_closed_one_makes_room(void **state)
{
	struct control_snapshot *snapshot = control_snapshot_new();

	(void)state;
	put(snapshot, 0, INCIDENT_OPEN);
	for (unsigned i = 1; i <= CONTROL_CLOSED_MAX + 5; i++)
		put(snapshot, i, INCIDENT_CLOSED);
	assert_int_equal(control_snapshot_count(snapshot), CONTROL_CLOSED_MAX + 1);
	assert_non_null(control_snapshot_find(snapshot, "inc-0"));
	assert_null(control_snapshot_find(snapshot, "inc-5"));
	assert_non_null(control_snapshot_find(snapshot, "inc-6"));
	put(snapshot, 0, INCIDENT_CLOSED);
	assert_int_equal(control_snapshot_count(snapshot), CONTROL_CLOSED_MAX);
	assert_null(control_snapshot_find(snapshot, "inc-0"));
	control_snapshot_unref(snapshot);
}

static void a_copy_leaves_the_original_as_it_was(void **state)
{
	struct control_snapshot *before = control_snapshot_new();

	(void)state;
	assert_int_equal(control_snapshot_set_status(before, "{\"n\":1}"), 0);
	put(before, 1, INCIDENT_OPEN);
	put(before, 2, INCIDENT_OPEN);
	struct control_snapshot *after = control_snapshot_copy(before);
	assert_int_equal(control_snapshot_set_status(after, "{\"n\":2}"), 0);
	put(after, 1, INCIDENT_CLOSED);
	put(after, 3, INCIDENT_OPEN);
	assert_string_equal(control_snapshot_status(before), "{\"n\":1}");
	assert_int_equal(control_snapshot_count(before), 2);
	assert_true(control_incident_is_open(control_snapshot_find(before, "inc-1")));
	assert_false(control_incident_is_open(control_snapshot_find(after, "inc-1")));
	assert_ptr_equal(control_snapshot_find(before, "inc-2"),
			 control_snapshot_find(after, "inc-2"));
	control_snapshot_unref(before);
	assert_string_equal(control_snapshot_status(after), "{\"n\":2}");
	assert_non_null(
		strstr(control_incident_json(control_snapshot_find(after, "inc-2")), "\"inc-2\""));
	control_snapshot_unref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(incidents_are_listed_newest_first),
		cmocka_unit_test(an_offset_beyond_the_end_gives_nothing),
		cmocka_unit_test(one_incident_is_found_by_its_id),
		cmocka_unit_test(rates_are_what_was_kept_last),
		cmocka_unit_test(bad_requests_are_problems),
		cmocka_unit_test(a_query_is_kept_by_name),
		cmocka_unit_test(the_ledger_is_asked_with_what_was_wanted),
		cmocka_unit_test(a_long_path_is_quoted_short),
		cmocka_unit_test(the_oldest_closed_one_makes_room),
		cmocka_unit_test(a_copy_leaves_the_original_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
