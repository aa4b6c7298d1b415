/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline: tallies through all rooms to events, in one order. Control thread. */
#include "daemon/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/hands.h"
#include "detect/detector.h"
#include "incident/incidents.h"
#include "incident/journal.h"
#include "report/report.h"

#define DETECTORS_MAX 16

struct pipeline {
	const struct config *config;
	uint64_t now_ns; /* of the running tick */
	const struct detector *detectors[DETECTORS_MAX];
	void *detector_states[DETECTORS_MAX];
	unsigned detector_count;
	struct hands *hands;
	bool doubt; /* what is measured may be wrong by a factor */
	struct journal *journal;
	struct journal_stats journal_stats;
	struct incidents *incidents;
	struct report *report; /* NULL in a replay */
	struct status_detector detector_views[DETECTORS_MAX];
	struct status_sink *sink_views;
	struct status_row row_views[STATUS_ROWS];
	struct event_sink also;
};

static int open_detectors(struct pipeline *p, uint64_t seed)
{
	for (unsigned i = 0; detector_registry[i] && i < DETECTORS_MAX; i++) {
		int err = detector_registry[i]->open(p->config, seed, &p->detector_states[i]);
		if (err)
			return err;
		p->detectors[p->detector_count++] = detector_registry[i];
	}
	return 0;
}

static void emit(struct pipeline *p, const struct event *event)
{
	if (p->report)
		report_emit(p->report, event);
	if (p->also.emit)
		p->also.emit(p->also.self, event);
}

/* What the hands do is written down before it is told. */
static void take_plan_event(void *self, const struct event *event)
{
	struct pipeline *p = self;

	if (p->journal)
		journal_add(p->journal, event);
	emit(p, event);
}

static void take_event(void *self, const struct event *event)
{
	struct pipeline *p = self;
	struct event with_verdict = *event;
	struct verdict verdict;
	struct plan plan;

	if (event->type == EVENT_INCIDENT_UPDATED) {
		hands_plan(p->hands, event->incident, &plan);
		with_verdict.plan = &plan;
		with_verdict.source_count =
			hands_sources(p->hands, event->incident, &with_verdict.sources);
		if (hands_verdict(p->hands, event->incident, &verdict))
			with_verdict.verdict = &verdict;
	}
	emit(p, &with_verdict);
	hands_incident(p->hands, event);
}

static void take_finding(void *self, const struct finding *finding)
{
	struct pipeline *p = self;

	incidents_finding(p->incidents, finding);
}

static const struct incident *find_incident(void *self, const char *id)
{
	const struct pipeline *p = self;

	return incidents_find(p->incidents, id);
}

static int open_hands(struct pipeline *p, const struct pipeline_options *options,
		      struct text *error)
{
	const struct hands_options hands = {
		.act = options->act,
		.journal = p->journal,
		.seed = options->seed,
		.now_ns = options->now_ns,
	};

	return hands_open(p->config, &hands, error, &p->hands);
}

static int open_rooms(struct pipeline *p, const struct pipeline_options *options,
		      struct text *error)
{
	int err = 0;

	if (options->state_path)
		err = journal_open(options->state_path, error, &p->journal);
	if (!err && options->report) {
		p->report = report_open(p->config, error);
		err = p->report ? 0 : -EIO;
	}
	if (!err)
		err = open_detectors(p, options->seed);
	if (!err)
		err = open_hands(p, options, error);
	if (!err)
		err = incidents_open(p->config, p->journal, options->now_ns, &p->incidents);
	if (!err)
		hands_resume(p->hands, find_incident, p);
	if (err && error->len == 0)
		text_addf(error, "the rooms cannot be opened: %s", err_text(err));
	return err;
}

int pipeline_open(const struct config *config, const struct pipeline_options *options,
		  struct text *error, struct pipeline **ret_pipeline)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->config = config;
	p->now_ns = options->now_ns;
	p->also = options->also;
	int err = open_rooms(p, options, error);
	if (err) {
		pipeline_close(p);
		return err;
	}
	*ret_pipeline = p;
	return 0;
}

void pipeline_close(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	incidents_close(pipeline->incidents);
	hands_close(pipeline->hands);
	for (unsigned i = 0; i < pipeline->detector_count; i++)
		pipeline->detectors[i]->close(pipeline->detector_states[i]);
	report_close(pipeline->report);
	journal_close(pipeline->journal);
	free(pipeline->sink_views);
	free(pipeline);
}

int pipeline_reload(struct pipeline *pipeline, const struct config *config, struct text *error)
{
	struct report *report = NULL;

	if (pipeline->report) {
		report = report_open(config, error);
		if (!report)
			return -EIO;
	}
	int err = incidents_reload(pipeline->incidents, config);
	if (err) {
		report_close(report);
		return err;
	}
	report_close(pipeline->report);
	pipeline->report = report;
	for (unsigned i = 0; i < pipeline->detector_count; i++)
		pipeline->detectors[i]->reload(pipeline->detector_states[i], config);
	hands_reload(pipeline->hands, config);
	pipeline->config = config;
	return 0;
}

bool pipeline_is_behind(const struct pipeline *pipeline)
{
	return hands_is_behind(pipeline->hands);
}

void pipeline_observe(struct pipeline *pipeline, const struct tally_set *set)
{
	hands_observe(pipeline->hands, set);
	for (unsigned i = 0; i < pipeline->detector_count; i++)
		pipeline->detectors[i]->observe(pipeline->detector_states[i], set);
}

void pipeline_tick(struct pipeline *pipeline, uint64_t now_ns)
{
	const struct finding_sink findings = { .finding = take_finding, .self = pipeline };
	const struct event_sink events = { .emit = take_event, .self = pipeline };
	const struct event_sink plans = { .emit = take_plan_event, .self = pipeline };

	pipeline->now_ns = now_ns;
	for (unsigned i = 0; i < pipeline->detector_count; i++)
		pipeline->detectors[i]->tick(pipeline->detector_states[i], now_ns, &findings);
	incidents_tick(pipeline->incidents, now_ns, &events);
	hands_tick(pipeline->hands, now_ns, pipeline->doubt, &plans);
	if (pipeline->journal)
		journal_commit(pipeline->journal, now_ns);
	hands_act(pipeline->hands, now_ns);
}

struct recall {
	struct pipeline *pipeline;
	struct incident *incidents; /* newest first, as the journal gives them */
	size_t count;
};

static void remember(void *self, const struct incident *incident)
{
	struct recall *recall = self;

	recall->incidents[recall->count++] = *incident;
}

int pipeline_recall(struct pipeline *pipeline, unsigned limit, const struct event_sink *sink)
{
	struct recall recall = { .pipeline = pipeline };

	if (!pipeline->journal)
		return 0;
	recall.incidents = calloc(limit, sizeof(*recall.incidents));
	if (!recall.incidents)
		return -ENOMEM;
	int count = journal_each(pipeline->journal, JOURNAL_ALL, limit, remember, &recall);
	while (recall.count > 0) {
		const struct incident *incident = &recall.incidents[--recall.count];
		struct plan plan;
		const struct event event = {
			.type = EVENT_INCIDENT_UPDATED,
			.time_ns = incident->updated_ns,
			.incident = incident,
			.plan = &plan,
		};

		hands_plan(pipeline->hands, incident, &plan);
		sink->emit(sink->self, &event);
	}
	free(recall.incidents);
	return count;
}

static void fill_detectors(struct pipeline *p, struct status_view *view)
{
	for (unsigned i = 0; i < p->detector_count; i++) {
		struct detector_stats stats;
		p->detectors[i]->stats(p->detector_states[i], &stats);
		p->detector_views[i] = (struct status_detector){
			.name = p->detectors[i]->name,
			.hosts = stats.hosts,
			.turned_away = stats.turned_away,
			.watched = stats.watched,
			.watched_turned_away = stats.watched_turned_away,
			.watched_replaced = stats.watched_replaced,
			.rings = stats.rings,
			.rings_turned_away = stats.rings_turned_away,
			.vantages_replaced = stats.vantages_replaced,
			.details_turned_away = stats.details_turned_away,
			.late = stats.late,
			.profiles = stats.profiles,
			.profiles_turned_away = stats.profiles_turned_away,
			.profiles_replaced = stats.profiles_replaced,
			.stories_turned_away = stats.stories_turned_away,
			.ports_turned_away = stats.ports_turned_away,
			.pairs_fill = stats.pairs_fill,
			.pairs_turned_early = stats.pairs_turned_early,
			.settling_s = stats.settling_s,
			.held_back = stats.held_back,
		};
	}
	view->detectors = p->detector_views;
	view->detector_count = p->detector_count;
}

static void fill_sinks(struct pipeline *p, struct status_view *view)
{
	size_t count = p->report ? report_count(p->report) : 0;
	struct status_sink *views = realloc(p->sink_views, (count + 1) * sizeof(*views));

	if (!views)
		return;
	p->sink_views = views;
	for (size_t i = 0; i < count; i++) {
		const struct config_sink *config;
		struct sink_stats stats;
		report_stats(p->report, i, &config, &stats);
		views[i] = (struct status_sink){
			.kind = config->kind,
			.path = config->path,
			.emitted = stats.emitted,
			.dropped = stats.dropped,
			.last_error = stats.last_error,
		};
	}
	view->sinks = views;
	view->sink_count = count;
}

void pipeline_fill(struct pipeline *pipeline, struct status_view *view)
{
	struct incidents_stats stats;

	fill_detectors(pipeline, view);
	fill_sinks(pipeline, view);
	hands_fill(pipeline->hands, view);
	incidents_stats(pipeline->incidents, &stats);
	view->incidents_open = stats.open;
	view->incidents_total = stats.opened + stats.resumed;
	view->incidents_limit = stats.limit;
	view->incidents_turned_away = stats.turned_away;
	if (pipeline->journal) {
		journal_stats(pipeline->journal, &pipeline->journal_stats);
		view->journal = (struct status_journal){
			.path = journal_path(pipeline->journal),
			.degraded = pipeline->journal_stats.degraded,
			.reason = pipeline->journal_stats.reason,
			.failed = pipeline->journal_stats.failed,
		};
	}
}

static struct status_row view_of(const struct detector *detector, const struct detector_row *row)
{
	return (struct status_row){
		.detector = detector->name,
		.what = row->what,
		.outside = row->outside,
		.direction = row->direction,
		.class = row->class,
		.pps = row->pps,
		.bps = row->bps,
		.usual_pps = row->usual_pps,
		.usual_bps = row->usual_bps,
		.envelope_pps = row->envelope_pps,
		.envelope_bps = row->envelope_bps,
		.times = row->times,
		.state = row->state,
		.alarm = row->alarm,
		.nats = row->nats,
	};
}

void pipeline_top(struct pipeline *pipeline, struct status_view *view)
{
	struct detector_row rows[STATUS_ROWS];
	size_t count = 0;

	for (unsigned i = 0; i < pipeline->detector_count; i++) {
		const struct detector *detector = pipeline->detectors[i];
		if (!detector->top)
			continue;
		size_t more =
			detector->top(pipeline->detector_states[i], rows, STATUS_ROWS - count);
		for (size_t j = 0; j < more; j++)
			pipeline->row_views[count++] = view_of(detector, &rows[j]);
	}
	view->rows = pipeline->row_views;
	view->row_count = count;
}

void pipeline_fault(struct pipeline *pipeline, const struct fault *fault)
{
	const struct event event = { .type = EVENT_TELEMETRY_FAULT,
				     .time_ns = fault->time_ns,
				     .fault = fault };

	emit(pipeline, &event);
}

void pipeline_doubt(struct pipeline *pipeline, bool doubt)
{
	pipeline->doubt = doubt;
}

int pipeline_act(struct pipeline *pipeline, const struct act_request *request, uint64_t now_ns,
		 struct text *answer)
{
	if (strcmp(request->act, "audit") == 0)
		return pipeline->journal
			       ? journal_acts(pipeline->journal, (unsigned)request->level, answer)
			       : -ENOENT;
	const struct order order = {
		.act = request->act,
		.id = request->id,
		.level = request->level,
		.for_ns = request->for_ns,
		.who = request->who,
		.why = request->why,
	};

	return hands_order(pipeline->hands, &order, now_ns, answer);
}

void pipeline_save(const struct pipeline *pipeline, struct text *out)
{
	/* One detector learns; a second one would need its length before its bytes. */
	for (unsigned i = 0; i < pipeline->detector_count; i++) {
		if (pipeline->detectors[i]->save) {
			pipeline->detectors[i]->save(pipeline->detector_states[i], out);
			return;
		}
	}
}

int pipeline_load(struct pipeline *pipeline, const void *data, size_t len, uint64_t now_ns)
{
	for (unsigned i = 0; i < pipeline->detector_count; i++) {
		if (pipeline->detectors[i]->load)
			return pipeline->detectors[i]->load(pipeline->detector_states[i], data, len,
							    now_ns);
	}
	return 0;
}

bool pipeline_is_hot(const struct pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->detector_count; i++) {
		const struct detector *detector = pipeline->detectors[i];
		if (detector->is_hot && detector->is_hot(pipeline->detector_states[i]))
			return true;
	}
	return false;
}

bool pipeline_is_idle(const struct pipeline *pipeline)
{
	struct incidents_stats incidents;
	struct detector_stats detector;

	incidents_stats(pipeline->incidents, &incidents);
	if (incidents.open > 0)
		return false;
	for (unsigned i = 0; i < pipeline->detector_count; i++) {
		pipeline->detectors[i]->stats(pipeline->detector_states[i], &detector);
		if (detector.hosts > 0)
			return false;
	}
	return true;
}
