/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: start, loop, reload and stop of the control thread.
 *
 * Every tick it takes what the workers have finished, lets the pipeline
 * decide, and publishes what the API may show. Everything slow is elsewhere.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "archive/keeper.h"
#include "base/clock.h"
#include "base/log.h"
#include "control/server.h"
#include "daemon/board.h"
#include "daemon/health.h"
#include "daemon/learning.h"
#include "daemon/links.h"
#include "daemon/logs.h"
#include "daemon/orders.h"
#include "daemon/pipeline.h"
#include "daemon/sockets.h"
#include "daemon/traffic.h"
#include "daemon/worker.h"

#define EVENTS 16

struct daemon {
	const char *path;
	struct config *config;
	struct config *first;    /* of the start: what needs a restart goes on with it */
	struct config *retiring; /* replaced, but perhaps still read by a worker */
	bool reload_wanted;
	bool stopping;
	uint64_t generation;
	uint64_t reloads_refused;
	uint64_t started_ns;
	uint64_t now_ns;        /* never goes back */
	uint64_t second_due_ns; /* monotonic */
	bool hot;               /* ticks are short */
	int64_t clock_step_ns;  /* how far the wall clock is behind ours, as last told */
	struct worker *workers[WORKERS_MAX + 1]; /* one more for flow logs */
	unsigned worker_count;
	struct pipeline *pipeline;
	struct health *health;
	struct traffic *traffic;
	struct logs_told logs_told;
	struct board *board;
	struct orders *orders;
	struct learning *learning; /* NULL: nothing learned is kept */
	struct keeper *keeper;     /* NULL: the coverage ledger is not kept */
	struct links *links;
	struct text listen_words;
	struct text restart_words; /* settings that differ from the start's; "": none */
	int signal_fd;
	int timer_fd;
	int epoll_fd;
};

/* Time in the rooms only grows, the same for all threads. */
static uint64_t step_clock(struct daemon *d)
{
	uint64_t now_ns = clock_steady_ns();

	if (now_ns > d->now_ns)
		d->now_ns = now_ns;
	return d->now_ns;
}

/* Somebody set the wall clock: say it once, and how we go on. */
static void watch_clock(struct daemon *d)
{
	int64_t step_ns = clock_steady_follow();
	int64_t news_ns = step_ns - d->clock_step_ns;

	if (step_ns > 0)
		log_warning("daemon", "the system's clock was set forward by %.1f s; followed",
			    (double)step_ns / NS_PER_S);
	else if (step_ns < 0 && (news_ns < -(int64_t)NS_PER_S || news_ns > (int64_t)NS_PER_S))
		log_warning(
			"daemon",
			"the system's clock was set back by %.1f s; detection goes on, with times"
			" that are so far ahead until a restart",
			-(double)step_ns / NS_PER_S);
	d->clock_step_ns = step_ns < 0 ? step_ns : 0;
}

static void fill_keeper(struct daemon *d, struct status_view *view, struct keeper_stats *ret_stats)
{
	if (!d->keeper)
		return;
	keeper_stats(d->keeper, ret_stats);
	view->coverage.path = keeper_path(d->keeper);
	view->coverage.degraded = ret_stats->degraded;
	view->coverage.reason = ret_stats->reason;
	view->coverage.kept = ret_stats->kept;
	view->coverage.written = ret_stats->written;
	view->coverage.waiting = ret_stats->waiting;
	view->coverage.lost = ret_stats->lost;
	view->coverage.failed = ret_stats->failed;
}

/* @second: one is over, and rates are shown anew */
static void publish(struct daemon *d, bool second)
{
	struct keeper_stats keeper;
	struct status_view view = {
		.version = WEIR_VERSION,
		.started_ns = d->started_ns,
		.now_ns = d->now_ns,
		.config_file = d->config->file,
		.generation = d->generation,
		.reloads_refused = d->reloads_refused,
		.needs_restart = text_string(&d->restart_words),
		.listen = text_string(&d->listen_words),
	};

	health_fill(d->health, d->config, &view);
	links_fill(d->links, &view);
	logs_fill(&d->logs_told, &view);
	traffic_fill(d->traffic, &view);
	pipeline_fill(d->pipeline, &view);
	fill_keeper(d, &view, &keeper);
	board_status(d->board, &view);
	if (!second)
		return;
	pipeline_top(d->pipeline, &view);
	board_top(d->board, &view);
}

static void take_fault(void *self, const struct fault *fault)
{
	struct daemon *d = self;

	pipeline_fault(d->pipeline, fault);
}

static void take_row(void *self, const struct coverage *row, const char *name)
{
	struct daemon *d = self;

	if (d->keeper)
		keeper_put(d->keeper, row, name);
}

static struct ledger_sink ledger_sink_of(struct daemon *d)
{
	return (struct ledger_sink){ .row = take_row, .fault = take_fault, .self = d };
}

static void take_parcels(struct daemon *d)
{
	const struct ledger_sink sink = ledger_sink_of(d);

	for (unsigned i = 0; i < d->worker_count; i++) {
		for (struct parcel *p; (p = worker_take(d->workers[i]));) {
			const struct tally_set set = tally_batch_set(p->batch);
			pipeline_observe(d->pipeline, &set);
			traffic_observe(d->traffic, &set);
			health_take(d->health, i, p, &sink);
			if (i + 1 == d->worker_count)
				logs_take(&d->logs_told, p);
			links_take(d->links, i, p);
			worker_give_back(d->workers[i], p);
		}
	}
}

static void retire_config(struct daemon *d)
{
	if (!d->retiring || pipeline_is_behind(d->pipeline))
		return;
	for (unsigned i = 0; i < d->worker_count; i++) {
		if (worker_config(d->workers[i]) != d->config)
			return;
	}
	if (d->retiring != d->first)
		config_free(d->retiring);
	d->retiring = NULL;
}

static void refuse(struct daemon *d, const char *errors)
{
	d->reloads_refused++;
	log_error("daemon", "configuration not changed, the old one stays in force:\n%s", errors);
}

static void swap_config(struct daemon *d, struct config *config)
{
	text_clear(&d->restart_words);
	if (config_restart_needed(d->first, config, &d->restart_words) > 0)
		log_warning("daemon",
			    "these settings changed and wait for a restart; until then those "
			    "of the start hold: %s",
			    text_string(&d->restart_words));
	const struct ledger_sink sink = ledger_sink_of(d);
	ledger_reload(health_ledger(d->health), config, &sink);
	traffic_reload(d->traffic, config);
	d->retiring = d->config;
	d->config = config;
	d->generation++;
	for (unsigned i = 0; i < d->worker_count; i++)
		worker_reload(d->workers[i], config);
	log_info("daemon", "configuration %s is in force, generation %llu", config->file,
		 (unsigned long long)d->generation);
}

/* Check everything first; only then swap (promise 5: a bad configuration changes nothing). */
static void reload(struct daemon *d)
{
	struct text errors = text_heap();
	struct config *config = NULL;

	d->reload_wanted = false;
	if (d->path && strcmp(d->path, "/dev/stdin") == 0) {
		refuse(d, "it came from standard input, which cannot be read again");
		text_done(&errors);
		return;
	}
	int err = daemon_load(d->path, &errors, &config);
	if (!err)
		err = pipeline_reload(d->pipeline, config, &errors);
	if (err) {
		refuse(d, errors.len ? text_string(&errors) : err_text(err));
		config_free(config);
	} else {
		swap_config(d, config);
	}
	text_done(&errors);
}

static void set_timer(struct daemon *d, uint64_t tick_ns)
{
	const struct itimerspec every_tick = {
		.it_interval.tv_nsec = (long)tick_ns,
		.it_value.tv_nsec = (long)tick_ns,
	};

	if (timerfd_settime(d->timer_fd, 0, &every_tick, NULL))
		log_warning("daemon", "the length of ticks stays as it is");
}

/* Shorter ticks while something is suspected: then they decide how soon it is known. */
static void adapt_ticks(struct daemon *d)
{
	bool hot = pipeline_is_hot(d->pipeline);

	if (hot == d->hot)
		return;
	d->hot = hot;
	set_timer(d, hot ? TICK_HOT_NS : TICK_NS);
	for (unsigned i = 0; i < d->worker_count; i++)
		worker_tick(d->workers[i], hot ? TICK_HOT_NS : TICK_NS);
}

static int do_order(void *self, const struct act_request *request, struct text *answer)
{
	struct daemon *d = self;

	return pipeline_act(d->pipeline, request, step_clock(d), answer);
}

static void tick(struct daemon *d)
{
	uint64_t mono_ns = clock_mono_ns();

	const struct ledger_sink sink = ledger_sink_of(d);

	take_parcels(d);
	ledger_tick(health_ledger(d->health), step_clock(d), &sink);
	pipeline_doubt(d->pipeline, ledger_doubt(health_ledger(d->health)));
	orders_do(d->orders, do_order, d);
	pipeline_tick(d->pipeline, step_clock(d));
	traffic_tick(d->traffic, d->now_ns);
	adapt_ticks(d);
	retire_config(d);
	if (d->reload_wanted && !d->retiring)
		reload(d);
	if (mono_ns >= d->second_due_ns) {
		d->second_due_ns = mono_ns + NS_PER_S;
		learning_second(d->learning, mono_ns, d->now_ns);
		watch_clock(d);
		health_second(d->health);
		publish(d, true);
	} else if (board_has_news(d->board)) {
		publish(d, false);
	}
	board_show(d->board);
}

static void take_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			d->reload_wanted = true;
			continue;
		}
		log_info("daemon", "stopping");
		d->stopping = true;
	}
}

static void loop(struct daemon *d)
{
	while (!d->stopping) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(d->epoll_fd, events, EVENTS, -1);
		for (int i = 0; i < count; i++) {
			uint64_t times;
			int fd = events[i].data.fd;
			if (fd == d->signal_fd)
				take_signals(d);
			else if (read(fd, &times, sizeof(times)) <= 0)
				continue;
			else if (fd == d->timer_fd)
				tick(d); /* ticks missed while busy are one tick */
			else
				take_parcels(d); /* one ended early: its worker needs the room */
		}
	}
}

static int watch(struct daemon *d, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return fd < 0 || epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_loop(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A full disk or a reader that went away is an error code, not the end. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	d->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	int err = watch(d, d->signal_fd);
	if (!err)
		err = watch(d, d->timer_fd);
	if (!err)
		set_timer(d, TICK_NS);
	return err;
}

static int open_workers(struct daemon *d, uint64_t seed, struct text *error)
{
	for (unsigned i = 0; i < config_workers(d->config); i++) {
		d->workers[i] = worker_new(d->config, i, seed);
		if (!d->workers[i]) {
			text_add(error, "not enough memory for the ingest threads; lower `limits` "
					"or `ingest.threads`");
			return -ENOMEM;
		}
		d->worker_count++;
		int watched = watch(d, worker_early_fd(d->workers[i]));
		if (watched)
			return watched;
	}
	const struct config *config = d->config;
	int err = sockets_open(config, d->workers, config->threads, &d->listen_words, error);
	if (!err)
		err = links_open(config, d->workers, config->threads, &d->listen_words, error,
				 &d->links);
	/* Disks may be slow: the last thread reads flow logs and nothing else. */
	if (!err && config->flowlog_count)
		err = logs_open(config, d->workers[config->threads], &d->listen_words, error);
	return err;
}

static int open_keeper(struct daemon *d, struct text *error)
{
	const struct config *config = d->config;

	if (!config->state_path || !config->coverage_ns)
		return 0;
	d->keeper = keeper_start(config->state_path, config->coverage_ns,
				 2 * config->max_exporters * config->threads);
	if (d->keeper)
		return 0;
	text_add(error, "not enough memory or threads for the coverage ledger; set archive.coverage"
			" to 0s to go without");
	return -ENOMEM;
}

static int open_rooms(struct daemon *d, struct text *error)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = clock_mono_ns();
	d->health = health_new(d->config, config_workers(d->config));
	d->traffic = traffic_new(d->config, seed);
	d->board = board_new();
	d->orders = orders_new();
	if (!d->health || !d->traffic || !d->board || !d->orders)
		return -ENOMEM;
	const struct pipeline_options options = {
		.act = true,
		.state_path = d->config->state_path,
		.seed = seed,
		.now_ns = step_clock(d),
		.report = true,
		.also = board_event_sink(d->board),
	};
	/* The journal's lock comes first: only it can tell of another daemon on the same state. */
	int err = pipeline_open(d->config, &options, error, &d->pipeline);
	if (!err && pipeline_recall(d->pipeline, CONTROL_CLOSED_MAX, &options.also) < 0)
		log_warning("daemon", "earlier incidents cannot be read from the journal");
	if (!err)
		err = learning_open(d->config, d->pipeline, d->now_ns, error, &d->learning);
	if (!err)
		err = open_keeper(d, error);
	if (!err)
		err = open_workers(d, seed, error);
	if (!err && d->config->control_socket)
		err = board_listen(d->board, d->config->control_socket, error);
	if (!err && d->keeper)
		board_coverage(d->board, keeper_path(d->keeper));
	if (!err)
		board_acts(d->board, orders_api(d->orders));
	return err;
}

static int start(struct daemon *d, struct text *error)
{
	int err = open_loop(d);

	if (!err)
		err = open_rooms(d, error);
	for (unsigned i = 0; !err && i < d->worker_count; i++)
		err = worker_start(d->workers[i]);
	if (err)
		return err;
	publish(d, true);
	board_show(d->board);
	log_info("daemon", "weir %s runs: configuration %s, listening on %s, %u ingest thread%s",
		 WEIR_VERSION, d->config->file, text_string(&d->listen_words), d->worker_count,
		 d->worker_count == 1 ? "" : "s");
	if (d->config->network_count == 0)
		log_warning("daemon",
			    "no `networks` configured: every destination counts as own and"
			    " outbound attacks cannot be seen");
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void stop(struct daemon *d)
{
	for (unsigned i = 0; i < d->worker_count; i++)
		worker_stop(d->workers[i]);
	if (d->pipeline) {
		const struct ledger_sink sink = ledger_sink_of(d);
		take_parcels(d);
		ledger_finish(health_ledger(d->health), &sink);
		pipeline_tick(d->pipeline, step_clock(d));
	}
	learning_close(d->learning, d->now_ns);
	orders_stop(d->orders);
	board_free(d->board);
	orders_free(d->orders);
	pipeline_close(d->pipeline);
	keeper_stop(d->keeper);
	for (unsigned i = 0; i < d->worker_count; i++)
		worker_free(d->workers[i]);
	links_free(d->links);
	traffic_free(d->traffic);
	health_free(d->health);
	text_done(&d->listen_words);
	text_done(&d->restart_words);
	if (d->retiring != d->first)
		config_free(d->retiring);
	if (d->config != d->first)
		config_free(d->config);
	config_free(d->first);
	close_fd(d->signal_fd);
	close_fd(d->timer_fd);
	close_fd(d->epoll_fd);
}

int daemon_run(const char *path, struct config *config)
{
	struct text error = text_heap();
	struct daemon d = {
		.path = path,
		.config = config,
		.first = config,
		.generation = 1,
		.started_ns = clock_steady_ns(),
		.listen_words = text_heap(),
		.restart_words = text_heap(),
		.signal_fd = -1,
		.timer_fd = -1,
		.epoll_fd = -1,
	};
	int err = start(&d, &error);

	if (err)
		log_error("daemon", "cannot start: %s",
			  error.len ? text_string(&error) : err_text(err));
	else
		loop(&d);
	stop(&d);
	text_done(&error);
	return err;
}
