/* SPDX-License-Identifier: Apache-2.0 */
/* worker: the loop of one ingest thread. See worker.h for who owns what. */
#include "daemon/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ingest/state.h"

#define PARCELS      4
#define MINUTE_NS    (60 * NS_PER_S)
/* Batches taken from one source before the others and the tick get their turn. */
#define TURN_BATCHES 16
/* Waiting for the control thread to give a parcel back: step, and most in one tick. */
#define NAP_NS       500000U
#define WAIT_MAX_NS  (50 * NS_PER_MS)

/* A source, and when it wants to be read without being asked. */
struct worker_source {
	struct source *source;
	uint64_t due_ns; /* monotonic; of those with a period */
};

struct worker {
	unsigned number;
	int cpu; /* that it stays on; -1: any */
	pthread_t thread;
	bool running;
	int epoll_fd;
	int wake_fd;
	int early_fd; /* tells the control thread of a tick that ended early */
	struct worker_source sources[WORKER_SOURCES];
	unsigned source_count;
	struct decode_state *state;
	struct shard *shard;
	struct interfaces *interfaces;
	struct parcel parcels[PARCELS];
	struct ring *full;  /* finished, to the control thread */
	struct ring *empty; /* back from it */
	uint32_t unused;    /* bit: the parcel is here and empty */
	uint64_t ticks_late;
	uint64_t waited_ns;           /* for a parcel, in this tick */
	uint64_t counters_due_ns;     /* monotonic */
	uint64_t minute;              /* that the sketches are of */
	struct flow_sketch *sketches; /* max_exporters; the first parcel carries them */
	_Atomic uint64_t tick_ns;     /* length of ticks, by the control thread */
	atomic_bool stop;
	_Atomic(const struct config *) wanted; /* by the control thread */
	_Atomic(const struct config *) used;   /* by this thread */
};

static bool parcels_new(struct worker *w, const struct config *config)
{
	for (unsigned i = 0; i < PARCELS; i++) {
		struct parcel *p = &w->parcels[i];
		p->batch = tally_batch_new(config);
		p->exporters = calloc(config->max_exporters, sizeof(*p->exporters));
		p->interfaces = calloc(WORKER_INTERFACES, sizeof(*p->interfaces));
		if (!p->batch || !p->exporters || !p->interfaces || !ring_push(w->empty, p))
			return false;
	}
	w->sketches = calloc(config->max_exporters, sizeof(*w->sketches));
	return w->sketches != NULL;
}

struct worker *worker_new(const struct config *config, unsigned number, uint64_t seed)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->number = number;
	/* The thread that reads flow logs has none of its own. */
	w->cpu = number < config->cpu_count ? (int)config->cpus[number].cpu : -1;
	w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->early_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	w->state = decode_state_new(config, seed);
	if (shard_open(config, seed, &w->shard))
		w->shard = NULL;
	w->interfaces = interfaces_new(WORKER_INTERFACES, seed);
	w->full = ring_new(PARCELS);
	w->empty = ring_new(PARCELS);
	if (w->state)
		w->state->thread = number;
	atomic_store(&w->wanted, config);
	atomic_store(&w->tick_ns, TICK_NS);
	atomic_store(&w->used, config);
	struct epoll_event wake = { .events = EPOLLIN, .data.ptr = NULL };
	if (w->wake_fd < 0 || w->early_fd < 0 || w->epoll_fd < 0 || !w->state || !w->shard ||
	    !w->interfaces || !w->full || !w->empty || !parcels_new(w, config) ||
	    epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &wake)) {
		worker_free(w);
		return NULL;
	}
	return w;
}

int worker_source(struct worker *worker, struct source *source)
{
	if (worker->source_count == WORKER_SOURCES)
		return -WEIR_EFULL;
	struct worker_source *slot = &worker->sources[worker->source_count];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };
	if (source->fd >= 0 && epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, source->fd, &event))
		return -errno;
	*slot = (struct worker_source){ .source = source };
	worker->source_count++;
	return 0;
}

static void copy_interfaces(struct worker *w, struct parcel *parcel)
{
	const struct interface_rate *rates =
		interfaces_rates(w->interfaces, &parcel->interface_count);

	memcpy(parcel->interfaces, rates, parcel->interface_count * sizeof(*rates));
	parcel->interfaces_turned_away = interfaces_turned_away(w->interfaces);
}

static void copy_sources(struct worker *w, struct parcel *parcel)
{
	uint64_t now_ns = clock_mono_ns();

	parcel->source_count = w->source_count;
	for (unsigned i = 0; i < w->source_count; i++) {
		struct source *source = w->sources[i].source;
		if (source->kind->refresh)
			source->kind->refresh(source, now_ns);
		parcel->sources[i] = source->stats;
	}
}

static void copy_counters(struct worker *w, struct parcel *parcel)
{
	const struct decode_state *state = w->state;

	parcel->exporter_count = state->exporter_count;
	parcel->gone = state->gone;
	for (unsigned i = 0; i < state->exporter_count; i++)
		parcel->exporters[i] = state->exporters[i].stats;
	memcpy(parcel->undecodable, state->undecodable, sizeof(parcel->undecodable));
	copy_interfaces(w, parcel);
	copy_sources(w, parcel);
	shard_stats(w->shard, &parcel->shard);
	parcel->cpu = w->cpu;
	parcel->datagrams = state->datagrams;
	parcel->records = state->records;
	parcel->ticks_late = w->ticks_late;
	parcel->fresh = true;
}

/* Once a minute, with counters of the same moment; only in the parcel that owns the room. */
static bool sketches_are_due(const struct worker *w, const struct parcel *parcel, uint64_t now_ns)
{
	return parcel == &w->parcels[0] && now_ns / MINUTE_NS != w->minute;
}

static void copy_sketches(struct worker *w, struct parcel *parcel, uint64_t now_ns)
{
	for (unsigned i = 0; i < w->state->exporter_count; i++)
		exporter_sketch_take(w->state, i, &w->sketches[i]);
	parcel->sketches = w->sketches;
	w->minute = now_ns / MINUTE_NS;
}

/*
 * The first of those that are empty; NULL when all are away. In turns they would all
 * be touched, and their rows always come from far; so while one is enough, one is used.
 */
static struct parcel *take_parcel(struct worker *w)
{
	for (struct parcel *parcel; (parcel = ring_pop(w->empty));)
		w->unused |= 1U << (parcel - w->parcels);
	if (!w->unused)
		return NULL;
	unsigned first = (unsigned)__builtin_ctz(w->unused);
	w->unused &= ~(1U << first);
	return &w->parcels[first];
}

/* Hand over what there is. Return: false without a free parcel to put it in. */
static bool hand_over(struct worker *w)
{
	struct parcel *parcel = take_parcel(w);
	uint64_t mono_ns = clock_mono_ns();
	uint64_t now_ns = clock_steady_ns();

	if (!parcel)
		return false;
	shard_tick(w->shard, now_ns, parcel->batch);
	parcel->fresh = false;
	parcel->sketches = NULL;
	bool minute_over = sketches_are_due(w, parcel, now_ns);
	if (mono_ns >= w->counters_due_ns || minute_over) {
		copy_counters(w, parcel);
		w->counters_due_ns = mono_ns + NS_PER_S;
	}
	if (minute_over)
		copy_sketches(w, parcel, now_ns);
	/* Never full: there are as many slots as parcels. */
	(void)ring_push(w->full, parcel);
	for (unsigned i = 0; i < w->source_count; i++) {
		struct source *source = w->sources[i].source;
		if (source->kind->handed)
			source->kind->handed(source, mono_ns);
	}
	return true;
}

static void poke(int event_fd)
{
	const uint64_t one = 1;
	/* It cannot fail but when it is full, and then somebody is awake. */
	ssize_t written = write(event_fd, &one, sizeof(one));
	(void)written;
}

static void finish_tick(struct worker *w)
{
	if (!hand_over(w))
		w->ticks_late++;
	w->waited_ns = 0;
}

/*
 * Hand over before the tick is over. Without a free parcel, wait a while: what comes
 * meanwhile has room in the socket's buffer, and nowhere else.
 */
static bool hand_over_early(struct worker *w)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	bool done = hand_over(w);

	poke(w->early_fd);
	for (; !done && w->waited_ns < WAIT_MAX_NS; w->waited_ns += NAP_NS) {
		nanosleep(&nap, NULL);
		done = hand_over(w);
	}
	return done;
}

/* Rows that are full end the tick early; only without a parcel are flows turned away. */
static void take_flows(void *self, struct flow *flows, size_t count)
{
	struct worker *w = self;
	size_t taken = shard_add(w->shard, flows, count);

	while (taken < count && hand_over_early(w)) {
		flows += taken;
		count -= taken;
		taken = shard_add(w->shard, flows, count);
	}
	if (taken < count)
		shard_squeeze(w->shard, flows + taken, count - taken);
}

static void take_counters(void *self, const struct interface_counters *counters)
{
	struct worker *w = self;

	interfaces_update(w->interfaces, counters);
}

static void read_source(struct worker *w, struct source *source)
{
	const struct flow_sink sink = { .flows = take_flows,
					.interface = take_counters,
					.self = w };
	uint64_t now_ns = clock_steady_ns();

	for (int i = 0; i < TURN_BATCHES; i++) {
		int more = source->kind->read(source, now_ns, w->state, &sink);
		source->stats.failures += more < 0;
		if (more <= 0)
			return;
	}
}

/* Read what is due by time. Return: when the next one is; monotonic. */
static uint64_t read_due(struct worker *w, uint64_t now_ns)
{
	uint64_t next_ns = UINT64_MAX;

	for (unsigned i = 0; i < w->source_count; i++) {
		struct worker_source *slot = &w->sources[i];
		uint64_t period_ns = slot->source->period_ns;

		if (!period_ns)
			continue;
		if (now_ns >= slot->due_ns) {
			read_source(w, slot->source);
			slot->due_ns = now_ns + period_ns;
		}
		if (slot->due_ns < next_ns)
			next_ns = slot->due_ns;
	}
	return next_ns;
}

static void take_config(struct worker *w)
{
	const struct config *wanted = atomic_load_explicit(&w->wanted, memory_order_acquire);

	if (wanted == atomic_load_explicit(&w->used, memory_order_relaxed))
		return;
	decode_state_reload(w->state, wanted);
	shard_reload(w->shard, wanted);
	atomic_store_explicit(&w->used, wanted, memory_order_release);
}

/* Milliseconds until @due_ns, rounded up. */
static int wait_ms(uint64_t now_ns, uint64_t due_ns)
{
	return now_ns >= due_ns ? 0 : (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void *run(void *self)
{
	struct worker *w = self;
	uint64_t tick_due_ns = clock_mono_ns() + TICK_NS;
	uint64_t read_due_ns = 0;

	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		uint64_t tick_ns = atomic_load_explicit(&w->tick_ns, memory_order_relaxed);
		struct epoll_event events[WORKER_SOURCES + 1];
		uint64_t due_ns = tick_due_ns < read_due_ns ? tick_due_ns : read_due_ns;
		int count = epoll_wait(w->epoll_fd, events, WORKER_SOURCES + 1,
				       wait_ms(clock_mono_ns(), due_ns));
		take_config(w);
		for (int i = 0; i < count; i++) {
			struct worker_source *ready = events[i].data.ptr;
			if (ready)
				read_source(w, ready->source);
		}
		uint64_t now_ns = clock_mono_ns();
		read_due_ns = read_due(w, now_ns);
		if (now_ns >= tick_due_ns) {
			finish_tick(w);
			tick_due_ns += (now_ns - tick_due_ns) / tick_ns * tick_ns + tick_ns;
		}
	}
	w->counters_due_ns = 0;
	finish_tick(w);
	return NULL;
}

/* Before the thread runs, so that its first touch of memory is on the right node. */
static int create_thread(struct worker *w)
{
	pthread_attr_t attr;
	cpu_set_t set;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	if (w->cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET((unsigned)w->cpu, &set);
		err = pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	}
	if (!err)
		err = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	return err;
}

int worker_start(struct worker *worker)
{
	char name[16];
	sigset_t all;
	sigset_t before;

	/* Signals are the control thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = create_thread(worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	worker->running = true;
	snprintf(name, sizeof(name), "ingest-%u", worker->number);
	(void)pthread_setname_np(worker->thread, name);
	return 0;
}

void worker_stop(struct worker *worker)
{
	if (!worker->running)
		return;
	atomic_store_explicit(&worker->stop, true, memory_order_release);
	/* Just to wake it: without, it notices at the end of its tick. */
	poke(worker->wake_fd);
	pthread_join(worker->thread, NULL);
	worker->running = false;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	for (unsigned i = 0; i < worker->source_count; i++)
		source_close(worker->sources[i].source);
	if (worker->epoll_fd >= 0)
		close(worker->epoll_fd);
	if (worker->wake_fd >= 0)
		close(worker->wake_fd);
	if (worker->early_fd >= 0)
		close(worker->early_fd);
	for (unsigned i = 0; i < PARCELS; i++) {
		tally_batch_free(worker->parcels[i].batch);
		free(worker->parcels[i].exporters);
		free(worker->parcels[i].interfaces);
	}
	free(worker->sketches);
	ring_free(worker->full);
	ring_free(worker->empty);
	shard_close(worker->shard);
	interfaces_free(worker->interfaces);
	decode_state_free(worker->state);
	free(worker);
}

int worker_early_fd(const struct worker *worker)
{
	return worker->early_fd;
}

struct parcel *worker_take(struct worker *worker)
{
	return ring_pop(worker->full);
}

void worker_give_back(struct worker *worker, struct parcel *parcel)
{
	/* Never full: there are as many slots as parcels. */
	(void)ring_push(worker->empty, parcel);
}

void worker_reload(struct worker *worker, const struct config *config)
{
	atomic_store_explicit(&worker->wanted, config, memory_order_release);
}

void worker_tick(struct worker *worker, uint64_t tick_ns)
{
	atomic_store_explicit(&worker->tick_ns, tick_ns, memory_order_relaxed);
}

const struct config *worker_config(struct worker *worker)
{
	return atomic_load_explicit(&worker->used, memory_order_acquire);
}
