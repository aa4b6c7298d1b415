/* SPDX-License-Identifier: Apache-2.0 */
/* crew: wanted sets in, effects out; a thread and a mailbox for each actuator. */
#include "daemon/crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/caught.h"

/* With something in force it is looked at again after so long, for counters and for what was lost. */
#define LOOK_NS   NS_PER_S
/* With nothing in force. */
#define IDLE_NS   (30 * NS_PER_S)
/* After failures: this, then twice as long each time. */
#define RETRY_NS  NS_PER_S
#define RETRY_MAX (30 * NS_PER_S)
/* What it caught of what it drops is read this often. */
#define CATCH_NS  (100 * NS_PER_MS)

/* A set with memory of its own. */
struct parcel {
	struct wanted_set set;
	struct wanted plans[CREW_PLANS];
	struct ip sources[CREW_SOURCES];
	uint64_t at_ns; /* monotonic, when it was wanted */
};

struct hand {
	const struct actuator *actuator;
	struct crew_member member;
	void *state;
	bool open;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below; never held while the actuator works */
	pthread_cond_t changed;
	bool ending;
	bool news;   /* `next` is newer than `now` */
	bool behind; /* has not begun anything since the configuration changed */
	struct parcel *next;
	struct parcel *now; /* the thread's, except to swap the two */
	struct crew_report report;
	bool told;
	struct caught *caught; /* NULL: it catches nothing */
};

struct crew {
	struct hand hands[CREW_MEMBERS];
	size_t count;
};

static void copy_set(struct parcel *parcel, const struct wanted_set *set)
{
	size_t used = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct wanted *plan = &parcel->plans[i];
		*plan = set->plans[i];
		if (plan->source_count)
			memcpy(parcel->sources + used, plan->sources,
			       plan->source_count * sizeof(struct ip));
		plan->sources = parcel->sources + used;
		used += plan->source_count;
	}
	parcel->set = *set;
	parcel->set.plans = parcel->plans;
	parcel->at_ns = clock_mono_ns();
}

/* Return: how long until the next look, when all went well. Called without the mutex, by whoever works. */
static uint64_t work_once(struct hand *hand, struct crew_report *report)
{
	struct text why = text_fixed(report->why, sizeof(report->why));
	struct actuator_result result = { .effects = report->effects, .why = &why };
	uint64_t begin_ns = clock_mono_ns();
	struct wanted_set set = hand->now->set;

	/* The set's clock goes on while it waits and is looked at again. */
	set.now_ns += begin_ns - hand->now->at_ns;
	memset(report->effects, 0, sizeof(report->effects));
	text_clear(&why);
	int err = hand->actuator->reconcile(hand->state, &set, &result);
	if (err && why.len == 0)
		text_add(&why, err_text(err));
	(void)text_string(&why);
	report->failing = err != 0;
	report->tries++;
	report->failures += err != 0;
	report->added += result.added;
	report->removed += result.removed;
	report->peers = result.peers;
	report->count = (unsigned)set.count;
	report->took_ns = clock_mono_ns() - begin_ns;
	if (err)
		return 0;
	return result.again_ns ? result.again_ns : report->count ? LOOK_NS : IDLE_NS;
}

static void wait_until(struct hand *hand, uint64_t mono_ns)
{
	struct timespec until = { .tv_sec = (time_t)(mono_ns / NS_PER_S),
				  .tv_nsec = (long)(mono_ns % NS_PER_S) };

	while (!hand->ending && !hand->news && !hand->behind && clock_mono_ns() < mono_ns)
		pthread_cond_timedwait(&hand->changed, &hand->mutex, &until);
}

/* The same, reading meanwhile what it catches; with the mutex, which is let go for that. */
static void catch_until(struct hand *hand, uint64_t mono_ns)
{
	while (!hand->ending && !hand->news && clock_mono_ns() < mono_ns) {
		uint64_t next_ns = clock_mono_ns() + CATCH_NS;
		wait_until(hand, next_ns < mono_ns ? next_ns : mono_ns);
		pthread_mutex_unlock(&hand->mutex);
		caught_read(hand->caught, hand->actuator, hand->state, &hand->now->set);
		pthread_mutex_lock(&hand->mutex);
	}
	hand->report.drops = caught_counts(hand->caught);
}

static void *work(void *self)
{
	struct hand *hand = self;
	struct crew_report *report = calloc(1, sizeof(*report));
	uint64_t pause_ns = RETRY_NS;

	pthread_mutex_lock(&hand->mutex);
	while (report && !hand->ending) {
		if (hand->news) {
			struct parcel *taken = hand->next;
			hand->next = hand->now;
			hand->now = taken;
			hand->news = false;
		}
		hand->behind = false;
		pthread_mutex_unlock(&hand->mutex);
		uint64_t next_ns = work_once(hand, report);
		pthread_mutex_lock(&hand->mutex);
		report->ready = !hand->news;
		hand->report = *report;
		hand->told = false;
		next_ns = report->failing ? pause_ns : next_ns;
		pause_ns = !report->failing           ? RETRY_NS
			   : pause_ns * 2 < RETRY_MAX ? pause_ns * 2
						      : RETRY_MAX;
		if (hand->caught && report->count)
			catch_until(hand, clock_mono_ns() + next_ns);
		else
			wait_until(hand, clock_mono_ns() + next_ns);
		report->drops = hand->report.drops;
	}
	pthread_mutex_unlock(&hand->mutex);
	free(report);
	return NULL;
}

/* Signals are the control thread's business. The thread begins with the first set. */
static int start_thread(struct hand *hand)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&hand->thread, NULL, work, hand);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	hand->threaded = err == 0;
	if (hand->threaded)
		(void)pthread_setname_np(hand->thread, "actuator");
	return -err;
}

static int open_hand(struct hand *hand, const struct config *config,
		     const struct config_actuator *settings, struct text *error)
{
	const char *kind = settings ? settings->kind : "observe";
	pthread_condattr_t monotonic;

	hand->actuator = actuator_find(kind);
	if (!hand->actuator)
		return -EOPNOTSUPP;
	pthread_mutex_init(&hand->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&hand->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	hand->now = calloc(1, sizeof(*hand->now));
	hand->next = calloc(1, sizeof(*hand->next));
	if (hand->actuator->drops)
		hand->caught = caught_new();
	if (!hand->now || !hand->next || (hand->actuator->drops && !hand->caught))
		return -ENOMEM;
	hand->member = (struct crew_member){ .name = settings ? settings->name : "observe",
					     .kind = kind,
					     .profile = hand->actuator->profile };
	int err = hand->actuator->open(config, settings, &hand->state, &hand->member.caps, error);
	hand->open = err == 0;
	return err;
}

int crew_open(const struct config *config, bool act, struct text *error, struct crew **ret_crew)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	size_t wanted = act ? config->actuator_count : 0;
	int err = crew ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i <= wanted && i < CREW_MEMBERS; i++) {
		const struct config_actuator *settings = i ? &config->actuators[i - 1] : NULL;
		crew->count++;
		err = open_hand(&crew->hands[i], config, settings, error);
		if (err && settings) {
			char words[256];
			snprintf(words, sizeof(words), "%s",
				 error->len ? text_string(error) : err_text(err));
			text_clear(error);
			text_addf(error, "%s:%u:%u: actuator %s: %s", config->file,
				  settings->at.line, settings->at.column, settings->name, words);
		}
	}
	if (err) {
		crew_close(crew);
		return err;
	}
	*ret_crew = crew;
	return 0;
}

static void close_hand(struct hand *hand)
{
	if (hand->threaded) {
		pthread_mutex_lock(&hand->mutex);
		hand->ending = true;
		pthread_cond_signal(&hand->changed);
		pthread_mutex_unlock(&hand->mutex);
		pthread_join(hand->thread, NULL);
	}
	if (hand->open)
		hand->actuator->close(hand->state);
	free(hand->now);
	free(hand->next);
	caught_free(hand->caught);
	if (hand->actuator) {
		pthread_mutex_destroy(&hand->mutex);
		pthread_cond_destroy(&hand->changed);
	}
}

void crew_close(struct crew *crew)
{
	if (!crew)
		return;
	for (size_t i = 0; i < crew->count; i++)
		close_hand(&crew->hands[i]);
	free(crew);
}

size_t crew_count(const struct crew *crew)
{
	return crew->count;
}

const struct crew_member *crew_member(const struct crew *crew, size_t index)
{
	return &crew->hands[index].member;
}

int crew_check(const struct crew *crew, size_t index, const struct wanted *wanted, struct text *why)
{
	const struct hand *hand = &crew->hands[index];

	return hand->actuator->check(hand->state, wanted, why);
}

void crew_reload(struct crew *crew, const struct config *config)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct hand *hand = &crew->hands[i];
		if (!hand->actuator->reload)
			continue;
		hand->actuator->reload(hand->state, config);
		pthread_mutex_lock(&hand->mutex);
		hand->behind = hand->threaded;
		pthread_cond_signal(&hand->changed);
		pthread_mutex_unlock(&hand->mutex);
	}
}

bool crew_is_behind(struct crew *crew)
{
	bool behind = false;

	for (size_t i = 0; i < crew->count; i++) {
		struct hand *hand = &crew->hands[i];
		pthread_mutex_lock(&hand->mutex);
		behind |= hand->behind;
		pthread_mutex_unlock(&hand->mutex);
	}
	return behind;
}

static bool fits(const struct wanted_set *set)
{
	size_t sources = 0;

	for (size_t i = 0; i < set->count; i++)
		sources += set->plans[i].source_count;
	return set->count <= CREW_PLANS && sources <= CREW_SOURCES;
}

int crew_want(struct crew *crew, size_t index, const struct wanted_set *set)
{
	struct hand *hand = &crew->hands[index];

	if (!fits(set))
		return -WEIR_EFULL;
	if (index == 0) { /* never waits, and has nothing to tell */
		copy_set(hand->now, set);
		(void)work_once(hand, &hand->report);
		hand->report.ready = true;
		hand->told = false;
		return 0;
	}
	pthread_mutex_lock(&hand->mutex);
	copy_set(hand->next, set);
	hand->news = true;
	hand->report.ready = false;
	pthread_cond_signal(&hand->changed);
	pthread_mutex_unlock(&hand->mutex);
	return hand->threaded ? 0 : start_thread(hand);
}

bool crew_report(struct crew *crew, size_t index, struct crew_report *ret_report)
{
	struct hand *hand = &crew->hands[index];

	pthread_mutex_lock(&hand->mutex);
	bool news = !hand->told;
	hand->told = true;
	if (news)
		*ret_report = hand->report;
	pthread_mutex_unlock(&hand->mutex);
	return news;
}

struct caught *crew_caught(struct crew *crew, size_t index)
{
	return crew->hands[index].caught;
}
