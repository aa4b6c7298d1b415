/* SPDX-License-Identifier: Apache-2.0 */
/* replay: captures in, events out, on a virtual clock. One thread. */
#include "daemon/replay.h"

#include <errno.h>
#include <stdlib.h>

#include "archive/ledger.h"
#include "base/clock.h"
#include "daemon/learning.h"
#include "daemon/pipeline.h"
#include "daemon/worker.h"
#include "daemon/recorded.h"
#include "ingest/state.h"
#include "tally/shard.h"

/* Any fixed number: no output depends on it, and a replay must not differ from the last one. */
#define SEED 0x5765697273656564U

/* Of silence that nothing else happens in: the ledger sees so much of it, in such steps. */
#define SILENCE_SEEN_NS (86400 * NS_PER_S)
#define SILENCE_STEP_NS (5 * NS_PER_S)

struct replay {
	struct decode_state *state;
	struct shard *shard;
	struct tally_batch *batch;
	struct pipeline *pipeline;
	struct ledger *ledger;
	struct ledger_sink ledger_sink;
	struct exporter_stats *readings; /* max_exporters, for the ledger */
	struct flow_sketch *sketches;    /* beside them */
	struct recorded recorded;
	struct progress *progress; /* of the file being read */
	struct event_sink sink;
	struct replay_rows rows;
	struct replay_watch watch;
	bool (*stop)(void); /* NULL: never */
	uint64_t incidents;
	uint64_t incidents_open;
	uint64_t faults;
	uint64_t first_ns;
	uint64_t now_ns;  /* latest packet */
	uint64_t said_ns; /* latest time of anything given out */
	uint64_t tick_ns; /* end of the running tick; 0 before the first packet */
};

static void take_event(void *self, const struct event *event)
{
	struct replay *r = self;

	if (event->time_ns > r->said_ns)
		r->said_ns = event->time_ns;
	r->faults += event->type == EVENT_TELEMETRY_FAULT &&
		     (event->fault->state == FAULT_BEGUN || event->fault->state == FAULT_NOTED);
	if (event->type == EVENT_INCIDENT_OPENED) {
		r->incidents++;
		r->incidents_open++;
	} else if (event->type == EVENT_INCIDENT_CLOSED) {
		r->incidents_open--;
	}
	r->sink.emit(r->sink.self, event);
}

static void take_fault(void *self, const struct fault *fault)
{
	struct replay *r = self;

	pipeline_fault(r->pipeline, fault);
}

static void take_row(void *self, const struct coverage *row, const char *name)
{
	struct replay *r = self;
	uint64_t end_ns = row->begin_ns + row->minutes * COVERAGE_MINUTE_NS;

	if (!r->rows.row)
		return;
	if (end_ns > r->said_ns)
		r->said_ns = end_ns;
	r->rows.row(r->rows.self, row, name);
}

static int open_ledger(struct replay *r, const struct config *config)
{
	r->ledger = ledger_new(config, 1);
	r->ledger_sink = (struct ledger_sink){ .row = take_row, .fault = take_fault, .self = r };
	r->readings = calloc(config->max_exporters, sizeof(*r->readings));
	r->sketches = calloc(config->max_exporters, sizeof(*r->sketches));
	return r->ledger && r->readings && r->sketches ? 0 : -ENOMEM;
}

static int open_rooms(struct replay *r, const struct config *config, struct text *error)
{
	const struct pipeline_options options = {
		.seed = SEED,
		.also = { .emit = take_event, .self = r },
	};

	r->state = decode_state_new(config, SEED);
	r->batch = tally_batch_new(config);
	if (!r->state || !r->batch)
		return -ENOMEM;
	int err = shard_open(config, SEED, &r->shard);
	if (!err)
		err = open_ledger(r, config);
	if (err)
		return err;
	return pipeline_open(config, &options, error, &r->pipeline);
}

int replay_open(const struct config *config, const struct event_sink *sink, struct text *error,
		struct replay **ret_replay)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->sink = *sink;
	int err = open_rooms(r, config, error);
	if (err) {
		replay_close(r);
		return err;
	}
	*ret_replay = r;
	return 0;
}

void replay_close(struct replay *replay)
{
	if (!replay)
		return;
	pipeline_close(replay->pipeline);
	ledger_free(replay->ledger);
	free(replay->readings);
	free(replay->sketches);
	shard_close(replay->shard);
	tally_batch_free(replay->batch);
	decode_state_free(replay->state);
	recorded_done(&replay->recorded);
	free(replay);
}

static void hand_over(struct replay *r)
{
	shard_tick(r->shard, r->tick_ns, r->batch);
	const struct tally_set set = tally_batch_set(r->batch);
	pipeline_observe(r->pipeline, &set);
}

/* All counters as they stand; with the sketches when a minute is over. */
static void read_counters(struct replay *r, bool minute_over)
{
	const struct ledger_reading reading = { .exporters = r->readings,
						.count = r->state->exporter_count,
						.sketches = minute_over ? r->sketches : NULL };

	for (unsigned i = 0; i < r->state->exporter_count; i++) {
		r->readings[i] = r->state->exporters[i].stats;
		if (minute_over)
			exporter_sketch_take(r->state, i, &r->sketches[i]);
	}
	ledger_take(r->ledger, 0, &reading, &r->ledger_sink);
}

static void end_tick(struct replay *r)
{
	hand_over(r);
	if (r->tick_ns % NS_PER_S == 0)
		read_counters(r, r->tick_ns % COVERAGE_MINUTE_NS == 0);
	ledger_tick(r->ledger, r->tick_ns, &r->ledger_sink);
	if (r->watch.tick)
		r->watch.tick(r->watch.self, r->tick_ns);
	pipeline_doubt(r->pipeline, ledger_doubt(r->ledger));
	pipeline_tick(r->pipeline, r->tick_ns);
	uint64_t tick_ns = pipeline_is_hot(r->pipeline) ? TICK_HOT_NS : TICK_NS;
	r->tick_ns += tick_ns - r->tick_ns % tick_ns;
}

/* Nothing is left to decide before @now_ns; only the ledger has to see that nobody sent. */
static void skip_silence(struct replay *r, uint64_t now_ns)
{
	uint64_t until_ns = now_ns;
	uint64_t from_ns = r->tick_ns - 1;

	/* The ticks that end a second are skipped too, when datagrams come in bursts. */
	if (from_ns / NS_PER_S != now_ns / NS_PER_S)
		read_counters(r, from_ns / COVERAGE_MINUTE_NS != now_ns / COVERAGE_MINUTE_NS);
	if (until_ns > r->tick_ns + SILENCE_SEEN_NS)
		until_ns = r->tick_ns + SILENCE_SEEN_NS;
	for (uint64_t at_ns = r->tick_ns - r->tick_ns % SILENCE_STEP_NS + SILENCE_STEP_NS;
	     at_ns <= until_ns; at_ns += SILENCE_STEP_NS)
		ledger_tick(r->ledger, at_ns, &r->ledger_sink);
	r->tick_ns = now_ns - now_ns % TICK_NS + TICK_NS;
}

/* The clock of the input moves on; silence in which nothing is left to decide is skipped. */
static void take_time(void *self, uint64_t now_ns)
{
	struct replay *r = self;

	if (r->tick_ns == 0) {
		r->first_ns = now_ns;
		r->tick_ns = now_ns - now_ns % TICK_NS + TICK_NS;
	}
	if (now_ns > r->now_ns)
		r->now_ns = now_ns;
	while (r->tick_ns <= now_ns) {
		end_tick(r);
		if (r->tick_ns <= now_ns && pipeline_is_idle(r->pipeline))
			skip_silence(r, now_ns);
	}
}

static void take_flows(void *self, struct flow *flows, size_t count)
{
	struct replay *r = self;

	struct flow *const all = flows;
	const size_t all_count = count;

	for (size_t taken; (taken = shard_add(r->shard, flows, count)) < count;) {
		flows += taken;
		count -= taken;
		hand_over(r);
	}
	if (r->watch.flows)
		r->watch.flows(r->watch.self, all, all_count);
}

static void take_progress(void *self, uint64_t done_bytes, uint64_t total_bytes)
{
	struct replay *r = self;

	progress_show(r->progress, done_bytes, total_bytes);
}

static bool is_stopped(void *self)
{
	const struct replay *r = self;

	return r->stop && r->stop();
}

void replay_stop(struct replay *replay, bool (*stop)(void))
{
	replay->stop = stop;
}

void replay_rows(struct replay *replay, const struct replay_rows *rows)
{
	replay->rows = *rows;
}

void replay_watch(struct replay *replay, const struct replay_watch *watch)
{
	replay->watch = *watch;
}

int replay_file(struct replay *replay, const char *path, const char *as, struct progress *progress,
		struct text *error)
{
	const struct flow_sink sink = { .flows = take_flows, .self = replay };
	const struct capture_request request = {
		.path = path,
		.as = as,
		.hooks = { .time = take_time,
			   .progress = take_progress,
			   .stop = is_stopped,
			   .self = replay },
	};

	replay->progress = progress;
	return recorded_read(&replay->recorded, &request, replay->state, &sink, error);
}

static void add_exporter(struct replay_totals *totals, const struct exporter_stats *stats)
{
	totals->exporters += stats->key.source != FLOW_PACKET;
	totals->lost += stats->lost;
	totals->unknown_sampling += stats->unknown_sampling;
	for (unsigned i = 0; i < REASON_COUNT_OF; i++)
		totals->undecodable[i] += stats->undecodable[i];
}

static void add_detectors(struct replay_totals *totals, const struct status_view *view)
{
	for (size_t i = 0; i < view->detector_count; i++) {
		totals->profiles_turned_away += view->detectors[i].profiles_turned_away;
		totals->stories_turned_away += view->detectors[i].stories_turned_away;
		totals->ports_turned_away += view->detectors[i].ports_turned_away;
	}
}

void replay_finish(struct replay *replay, struct replay_totals *ret_totals)
{
	struct replay *r = replay;
	struct shard_stats shard;
	struct ledger_stats ledger;
	struct status_view view = { 0 };
	const struct flowlog_counts logs = recorded_logs(&r->recorded);

	if (r->tick_ns)
		end_tick(r);
	shard_stats(r->shard, &shard);
	pipeline_fill(r->pipeline, &view);
	decode_state_finish(r->state);
	read_counters(r, true);
	ledger_finish(r->ledger, &r->ledger_sink);
	ledger_stats(r->ledger, &ledger);
	*ret_totals = (struct replay_totals){
		.packets = r->recorded.capture.packets,
		.late_packets = r->recorded.capture.late,
		.datagrams = r->state->datagrams,
		.records = r->state->records,
		.nodata = logs.nodata,
		.skipdata = logs.skipdata,
		.exporters = r->state->gone.exporters,
		.lost = r->state->gone.lost,
		.unknown_sampling = r->state->gone.unknown_sampling,
		.incidents = r->incidents,
		.incidents_open = r->incidents_open,
		.faults = r->faults,
		.faults_turned_away = ledger.faults.turned_away,
		.faults_untold = ledger.faults.untold,
		.incidents_turned_away = view.incidents_turned_away,
		.hosts_turned_away = shard.turned_away,
		.late = shard.late,
		.first_ns = r->first_ns,
		.last_ns = r->now_ns,
		.end_ns = r->said_ns > r->now_ns ? r->said_ns : r->now_ns,
	};
	add_detectors(ret_totals, &view);
	for (unsigned i = 0; i < REASON_COUNT_OF; i++)
		ret_totals->undecodable[i] = r->state->undecodable[i];
	for (unsigned i = 0; i < r->state->exporter_count; i++)
		add_exporter(ret_totals, &r->state->exporters[i].stats);
}

int replay_learned(const struct replay *replay, const char *folder, struct text *error)
{
	return learning_leave(replay->pipeline, folder, error);
}
