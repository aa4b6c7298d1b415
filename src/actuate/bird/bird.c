/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird: plans in, routes of a BIRD 2 on this machine out.
 *
 * The wanted set is a file that BIRD's configuration includes; BIRD is told over
 * its control socket to read it, and asked what it holds. Nothing is kept here
 * between two calls: what is in force is what BIRD says. reconcile runs on the
 * worker thread; see bird.md for what the operator sets up.
 */
#include "actuate/actuator.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actuate/bgp/attributes.h"
#include "actuate/bgp/pace.h"
#include "actuate/bgp/routes.h"
#include "actuate/bird/disk.h"
#include "actuate/bird/file.h"
#include "actuate/bird/held.h"
#include "actuate/bird/link.h"
#include "actuate/bird/peers.h"
#include "base/clock.h"

#define LOOK_AGAIN_NS (5 * NS_PER_MS)
/* After "Reconfigured" only what was flushed before is still going on. */
#define SOON_NS       (500 * NS_PER_MS)

struct state {
	const struct config_actuator *settings;
	const struct config *_Atomic config; /* whose networks count; either thread */
	struct bird_style style;
	/* The worker's alone. */
	struct bgp_peers peers;
	struct bgp_pace pace;
};

/* One call of reconcile. */
struct job {
	struct state *state;
	const struct bgp_routes *routes;
	struct text fresh; /* the file as it shall be */
	struct text old;   /* as it is */
	bool old_there;
	char set[BIRD_SET_MAX];
	struct bird_link link;
	struct text *why;
};

static int open(const struct config *config, const struct config_actuator *settings,
		void **ret_state, uint32_t *ret_caps, struct text *why)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->settings = settings;
	atomic_init(&state->config, config);
	state->style = (struct bird_style){ .next_hop_v4 = settings->next_hop_v4,
					    .next_hop_v6 = settings->next_hop_v6,
					    .flowspec = settings->flowspec };
	int err = bgp_check_settings(config, settings, settings->socket, "socket", why);
	if (err == 0 && !settings->include) {
		text_addf(why, "%s: `kind: bird` needs `include`", settings->name);
		err = -EINVAL;
	}
	if (err == 0)
		err = bgp_communities(settings, state->style.communities,
				      &state->style.community_count, why);
	if (err == 0)
		err = bgp_pace_open(&state->pace, settings->changes);
	if (err < 0) {
		free(state);
		return err;
	}
	*ret_state = state;
	*ret_caps = bgp_caps(settings);
	return 0;
}

static struct bgp_limits limits_of(const struct state *state)
{
	return bgp_limits_of(atomic_load_explicit(&state->config, memory_order_acquire),
			     state->settings);
}

static int check(void *self, const struct wanted *wanted, struct text *why)
{
	const struct bgp_limits limits = limits_of(self);

	return bgp_check(&limits, wanted, why);
}

static void reload(void *self, const struct config *config)
{
	struct state *state = self;

	atomic_store_explicit(&state->config, config, memory_order_release);
}

/* What BIRD said to `configure`. Return: 0 if it is or will be loaded; -EOPNOTSUPP: refused. */
static int judge(const struct job *job, const struct bird_answer *answer)
{
	switch (answer->code) {
	case BIRD_CONFIGURED:
	case BIRD_IN_PROGRESS:
	case BIRD_QUEUED:
		return 0;
	case BIRD_SHUTTING_DOWN:
		text_add(job->why, "BIRD is shutting down; start it again");
		return -ENOTCONN;
	case BIRD_BAD_CONFIG:
		text_addf(job->why,
			  "BIRD refuses its configuration, and goes on with the one before: %s; "
			  "mend that line, or see the manual for the tables it needs",
			  bird_last(answer));
		return -EOPNOTSUPP;
	default:
		text_addf(job->why, "BIRD did not understand `configure`: %s; look at `socket`",
			  bird_last(answer));
		return -WEIR_EFORMAT;
	}
}

/* @ret_patience_ns: how long it may take until it is loaded. */
static int configure(struct job *job, uint64_t *ret_patience_ns)
{
	struct bird_answer answer = { 0 };
	int err = bird_ask(&job->link, "configure", &answer, job->why);

	if (err == 0)
		err = judge(job, &answer);
	*ret_patience_ns = job->state->settings->timeout_ns;
	if (answer.code == BIRD_CONFIGURED && *ret_patience_ns > SOON_NS)
		*ret_patience_ns = SOON_NS;
	bird_answer_done(&answer);
	return err;
}

static bool holds(const struct job *job, const struct bird_held *held, struct text *why)
{
	return bird_holds(held, job->set, job->routes, job->state->settings->flowspec, why);
}

/* A reconfiguration may go on for a while after its answer. */
static int wait_until_held(struct job *job, uint64_t patience_ns)
{
	uint64_t until_ns = clock_mono_ns() + patience_ns;
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };
	struct bird_held held;

	for (;;) {
		int err = bird_ask_held(&job->link, &held, job->why);
		if (err < 0)
			return err;
		if (strcmp(held.set, job->set) == 0)
			disk_settle(job->state->settings->include);
		if (holds(job, &held, NULL))
			return 0;
		if (clock_mono_ns() >= until_ns)
			break;
		nanosleep(&pause, NULL);
	}
	holds(job, &held, job->why);
	return -EOPNOTSUPP;
}

static bool same(const struct text *a, const struct text *b)
{
	return a->len == b->len && memcmp(text_string(a), text_string(b), a->len) == 0;
}

static int write_file(struct job *job)
{
	const char *path = job->state->settings->include;

	if (job->old_there && same(&job->old, &job->fresh))
		return 0;
	int err = disk_keep(path, job->why);
	return err < 0 ? err : disk_replace(path, &job->fresh, job->why);
}

/* What went wrong on the way back, behind what went wrong at first. */
static void add_trouble(struct job *job, const struct text *trouble)
{
	if (trouble->len)
		text_addf(job->why, " (%s)", text_string(trouble));
}

static int load_file(struct job *job)
{
	uint64_t patience_ns;
	struct text trouble = text_heap();
	int err = write_file(job);

	if (err < 0)
		return err;
	err = configure(job, &patience_ns);
	if (err == 0)
		return wait_until_held(job, patience_ns);
	/* A file that BIRD refuses would keep it from starting again. */
	if (err == -EOPNOTSUPP &&
	    disk_take_back(job->state->settings->include, job->old_there, &trouble) < 0)
		add_trouble(job, &trouble);
	text_done(&trouble);
	return err;
}

/* Nobody there: what is taken back must not return with a start of BIRD. */
static void forget_all(struct job *job)
{
	struct text trouble = text_heap();

	if (job->routes->count == 0 && job->old_there && !same(&job->old, &job->fresh) &&
	    disk_replace(job->state->settings->include, &job->fresh, &trouble) < 0)
		add_trouble(job, &trouble);
	text_done(&trouble);
}

static int put_in_force(struct job *job, struct actuator_result *result)
{
	const struct config_actuator *settings = job->state->settings;
	struct bird_change change = { 0 };
	struct bird_held held;
	int err = disk_read(settings->include, &job->old, &job->old_there, job->why);

	if (err == 0)
		err = bird_file_compare(&job->old, &job->fresh, &change);
	if (err < 0)
		return err;
	err = bird_connect(settings->socket, settings->timeout_ns, &job->link, job->why);
	if (err == -ENOTCONN)
		forget_all(job);
	if (err < 0)
		return err;
	err = bird_ask_held(&job->link, &held, job->why);
	if (err == 0) {
		if (same(&job->old, &job->fresh) && holds(job, &held, NULL))
			disk_settle(settings->include);
		else
			err = load_file(job);
	}
	if (err == 0)
		result->peers = bird_ask_peers(&job->link, &job->state->peers);
	bird_hang_up(&job->link);
	if (err == 0) {
		result->added = change.added;
		result->removed = change.removed;
		result->kept = change.kept;
	}
	return err;
}

static int reconcile_routes(struct state *state, const struct bgp_routes *routes,
			    struct actuator_result *result)
{
	struct job job = { .state = state,
			   .routes = routes,
			   .fresh = text_heap(),
			   .old = text_heap(),
			   .link = { .fd = -1 },
			   .why = result->why };

	bird_file_write(&state->style, routes, &job.fresh, job.set);
	int err = job.fresh.failed ? -ENOMEM : put_in_force(&job, result);
	text_done(&job.fresh);
	text_done(&job.old);
	return err;
}

/* What stands in the file of before was announced before, by whichever process. */
static int begin_pace(struct state *state, const struct bgp_routes *routes, struct text *why)
{
	struct text old = text_heap();
	bool there;
	bool *held = calloc(routes->count + 1, sizeof(*held));
	int err = held ? disk_read(state->settings->include, &old, &there, why) : -ENOMEM;

	if (err == 0)
		err = bird_file_held(&state->style, routes, &old, held);
	if (err == 0)
		err = bgp_pace_begin(&state->pace, routes, held);
	text_done(&old);
	free(held);
	return err;
}

static int announce(struct state *state, struct bgp_routes *routes, struct actuator_result *result)
{
	int err = state->pace.begun ? 0 : begin_pace(state, routes, result->why);

	if (err == 0)
		err = bgp_pace_limit(&state->pace, clock_mono_ns(), routes);
	if (err == 0)
		err = reconcile_routes(state, routes, result);
	if (err == 0)
		err = bgp_pace_took(&state->pace, clock_mono_ns(), routes);
	result->again_ns = bgp_pace_wait_ns(&state->pace, clock_mono_ns());
	return err;
}

static int reconcile(void *self, const struct wanted_set *set, struct actuator_result *result)
{
	struct state *state = self;
	const struct bgp_limits limits = limits_of(state);
	struct bgp_routes routes = { 0 };
	struct text refused = text_heap();
	int err = bgp_routes_make(&limits, set, &routes, result->effects, &refused);

	if (err == 0)
		err = announce(state, &routes, result);
	if (err < 0)
		bgp_effects_none(set, result->effects);
	else
		text_add_n(result->why, text_string(&refused), refused.len);
	if (err == 0)
		bgp_pace_tell(&state->pace, &limits, set, result->effects, result->why);
	text_done(&refused);
	bgp_routes_done(&routes);
	return err;
}

static void close(void *self)
{
	struct state *state = self;

	bgp_pace_close(&state->pace);
	free(state);
}

const struct actuator actuator_bird = {
	.name = "bird",
	.summary = "routes and FlowSpec rules of a BIRD 2 on this machine",
	.profile = "flowspec",
	.open = open,
	.check = check,
	.reconcile = reconcile,
	.reload = reload,
	.close = close,
};
