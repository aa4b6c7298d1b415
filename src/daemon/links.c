/* SPDX-License-Identifier: Apache-2.0 */
/* links: interfaces of the configuration in, sources in the workers and words in the log out. */
#include "daemon/links.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/sockets.h"
#include "ingest/live.h"

/* Numbers tried for the group of an interface's sockets: another program may have taken one. */
#define GROUPS_TRIED 8

struct link_told {
	char name[SOURCE_NAME_MAX];
	unsigned thread; /* speaks for all that read from it: the first that was heard */
	int error;
	struct source_stats of[WORKERS_MAX];
};

struct links {
	size_t count;
	struct source_stats sums[CONFIG_INTERFACES_MAX];
	struct link_told told[];
};

struct opening {
	const struct config *config;
	struct worker *const *workers;
	unsigned count;
	struct text *error;
};

static struct live_options options_of(const struct opening *o, const struct config_interface *i)
{
	return (struct live_options){ .name = i->name,
				      .sampling = i->sampling,
				      .promiscuous = i->promiscuous,
				      .ring_bytes = o->config->packet_ring };
}

/* Takes the source, also on failure. */
static int give(const struct opening *o, unsigned thread, struct source *source)
{
	int err = worker_source(o->workers[thread], source);

	if (!err)
		return 0;
	source_close(source);
	text_addf(o->error, "too much under `listen`: %s", err_text(err));
	return err;
}

/* The first socket finds out whether the group's number is free. */
static int open_first(const struct opening *o, struct live_options *options, unsigned place,
		      struct source **ret_source)
{
	int err = -EINVAL;

	for (unsigned i = 0; err == -EINVAL && i < GROUPS_TRIED; i++) {
		if (o->count > 1)
			options->group =
				(uint16_t)(((unsigned)getpid() + i * 4099) * 16 + place) | 1U << 15;
		text_clear(o->error);
		err = live_packet_open(options, ret_source, o->error);
	}
	return err;
}

static int open_packet(const struct opening *o, unsigned place)
{
	struct live_options options = options_of(o, &o->config->interfaces[place]);
	struct source *source = NULL;
	int err = open_first(o, &options, place, &source);

	if (!err)
		err = give(o, 0, source);
	for (unsigned i = 1; !err && i < o->count; i++) {
		err = live_packet_open(&options, &source, o->error);
		if (!err)
			err = give(o, i, source);
	}
	return err;
}

/* One ring for all threads, so one thread reads it: another one for each interface. */
static int open_xdp(const struct opening *o, unsigned place, bool native_only)
{
	struct live_options options = options_of(o, &o->config->interfaces[place]);
	struct source *source = NULL;

	options.native_only = native_only;
	int err = live_xdp_open(&options, &source, o->error);
	return err ? err : give(o, place % o->count, source);
}

static int open_one(const struct opening *o, unsigned place)
{
	switch (o->config->interfaces[place].mode) {
	case CAPTURE_XDP:
		return open_xdp(o, place, false);
	case CAPTURE_AUTO:
		if (open_xdp(o, place, true) == 0)
			return 0;
		log_info("ingest.live", "%s; a packet socket is used instead",
			 text_string(o->error));
		text_clear(o->error);
		return open_packet(o, place);
	default:
		return open_packet(o, place);
	}
}

int links_open(const struct config *config, struct worker *const *workers, unsigned count,
	       struct text *words, struct text *error, struct links **ret_links)
{
	const struct opening o = {
		.config = config, .workers = workers, .count = count, .error = error
	};
	struct links *links;

	if (!config->interface_count)
		return 0;
	links = calloc(1, sizeof(*links) + config->interface_count * sizeof(links->told[0]));
	if (!links)
		return -ENOMEM;
	links->count = config->interface_count;
	assert(links->count <= CONFIG_INTERFACES_MAX);
	for (unsigned i = 0; i < links->count; i++) {
		int err = open_one(&o, i);
		if (err) {
			links_free(links);
			return err;
		}
		links->told[i].thread = UINT32_MAX;
		snprintf(links->told[i].name, SOURCE_NAME_MAX, "%s", config->interfaces[i].name);
		/* Until the first counters come. */
		snprintf(links->sums[i].name, SOURCE_NAME_MAX, "%s", config->interfaces[i].name);
		links->sums[i].kind = capture_mode_name(config->interfaces[i].mode);
		links->sums[i].sampling = config->interfaces[i].sampling;
		text_addf(words, "%s%s", words->len ? ", " : "", config->interfaces[i].name);
	}
	*ret_links = links;
	return 0;
}

void links_free(struct links *links)
{
	free(links);
}

static void tell(const struct source_stats *stats, int before)
{
	if (stats->error == before)
		return;
	if (stats->error == -ENODEV)
		log_warning("ingest.live",
			    "interface %s is gone; sampled again as soon as it is back",
			    stats->name);
	else if (stats->error == -ENETDOWN)
		log_warning("ingest.live",
			    "interface %s is down; sampled again as soon as it is up", stats->name);
	else if (stats->error)
		log_warning("ingest.live",
			    "interface %s cannot be sampled: %s; tried again every second",
			    stats->name, err_text(stats->error));
	else
		log_info("ingest.live", "interface %s is sampled again, 1:%u", stats->name,
			 stats->sampling);
}

static void sum_up(const struct link_told *told, struct source_stats *sum)
{
	*sum = told->of[told->thread];
	for (unsigned i = 0; i < WORKERS_MAX; i++) {
		if (i == told->thread)
			continue;
		sum->received += told->of[i].received;
		sum->bytes += told->of[i].bytes;
		sum->kernel_drops += told->of[i].kernel_drops;
		sum->others += told->of[i].others;
	}
}

void links_fill(const struct links *links, struct status_view *view)
{
	view->links = links ? links->sums : NULL;
	view->link_count = links ? links->count : 0;
}

void links_take(struct links *links, unsigned thread, const struct parcel *parcel)
{
	if (!links || !parcel->fresh)
		return;
	for (unsigned i = 0; i < parcel->source_count; i++) {
		const struct source_stats *stats = &parcel->sources[i];

		for (size_t k = 0; stats->sampling && k < links->count; k++) {
			struct link_told *told = &links->told[k];
			if (strcmp(told->name, stats->name) != 0)
				continue;
			if (told->thread == UINT32_MAX)
				told->thread = thread;
			told->of[thread] = *stats;
			sum_up(told, &links->sums[k]);
			if (told->thread != thread)
				continue;
			tell(stats, told->error);
			told->error = stats->error;
		}
	}
}
