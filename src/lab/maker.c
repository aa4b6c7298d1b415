/* SPDX-License-Identifier: Apache-2.0 */
/* maker: steps of 10 ms, each sorted by time, into one encoder or two. */
#include "lab/maker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/exporters.h"
#include "lab/files.h"
#include "lab/flow_export.h"
#include "lab/population.h"
#include "lab/truth.h"

#define PURPOSE_ONSET     6
#define PURPOSE_TWICE     7
#define NS                1e9
#define STEP_S            0.01
#define TICK_STEPS        10UL
#define WARM_S            600
#define WARM_PACKET_S     300
#define AFTER_S           150
#define PACKET_S          20
#define EPOCH_NS          1780358400000000000ULL /* 2026-06-02T00:00:00Z */
#define MEDIAN_PPS        300
#define MEDIAN_PACKET_PPS 2
#define MEAN_OCTETS       700
/* Of a step, unsampled. */
#define STEP_PACKETS      (1U << 20)

struct maker {
	const struct maker_request *request;
	struct site site;
	struct background *background;
	struct cast cast;
	struct measure measure;
	struct population *population;
	struct truth truth;
	struct exporters exporters;
	struct lab_rng twice;
	struct lab_packet *step; /* STEP_PACKETS */
	uint32_t step_count;
	uint64_t latest_ns;
	double warm_s;
};

const char *maker_fault_name(enum maker_fault fault)
{
	static const char *const names[MAKER_FAULTS] = {
		[MAKER_NO_FAULT] = "none",       [MAKER_LOSS] = "loss",
		[MAKER_RATE10] = "rate10",       [MAKER_CLOCK] = "clock",
		[MAKER_TEMPLATES] = "templates", [MAKER_TWICE] = "twice",
		[MAKER_LONGFLOW] = "longflow",
	};

	return names[fault];
}

static bool is_packet(const struct maker *m)
{
	return strcmp(m->request->mode, "packet") == 0;
}

static uint64_t at(const struct maker *m, double s)
{
	return m->truth.begin_ns + (uint64_t)(s * NS);
}

/* Seconds within which all happens. */
static void set_times(struct maker *m)
{
	const struct scenario *s = m->request->scenario;
	struct lab_rng rng;

	lab_rng_seed(&rng, m->request->seed, PURPOSE_ONSET);
	m->warm_s = is_packet(m) ? WARM_PACKET_S : WARM_S;
	m->truth.begin_ns = EPOCH_NS + m->request->seed % 1000 * 3600 * 1000000000ULL;
	m->cast.onset_s = m->warm_s + 5 * lab_rng_unit(&rng) + s->ride_s;
	double length_s = m->request->whole && s->long_s ? s->long_s : s->duration_s;
	/* Where every packet is written, what is steady need not last. */
	if (is_packet(m) && !m->request->whole && !s->ride_s && s->parts[0].shape == SHAPE_STEADY)
		length_s = fmin(length_s, PACKET_S);
	m->cast.end_s = m->cast.onset_s + length_s;
	m->truth.finish_s = ceil(m->cast.end_s + AFTER_S);
	if (s->duration_s == 0) {
		double hours = m->request->hours > 0 ? m->request->hours : 24;
		m->cast.onset_s = m->cast.end_s = m->truth.finish_s = ceil(hours * 3600);
	}
}

static int open_exporters(struct maker *m, struct text *error)
{
	double middle_s = (m->warm_s + m->truth.finish_s) / 2;
	const struct exporters_setup setup = {
		.request = m->request,
		.sampling = m->truth.sampling,
		.begin_ns = m->truth.begin_ns,
		.onset_ns = at(m, m->cast.onset_s),
		.rate_ns = at(m, m->warm_s / 2 + 60),
		.loss_ns = at(m, m->request->scenario->benign ? middle_s : m->cast.onset_s + 20),
	};

	return exporters_open(&m->exporters, &setup, error);
}

static int open_all(struct maker *m, struct text *error)
{
	const struct maker_request *r = m->request;
	uint32_t sampling = r->sampling ? r->sampling : is_packet(m) ? 1 : 1000;
	bool flows = strcmp(r->mode, "netflow9") == 0 || strcmp(r->mode, "ipfix") == 0;

	site_open(&m->site, r->seed, is_packet(m) ? MEDIAN_PACKET_PPS : MEDIAN_PPS, r->ipv6);
	m->site.two_routers = r->fault == MAKER_TWICE;
	cast_open(&m->cast, r->scenario, &m->site, r->seed, sampling);
	m->truth = (struct truth){ .cast = &m->cast,
				   .mode = r->mode,
				   .fault = maker_fault_name(r->fault),
				   .seed = r->seed,
				   .sampling = sampling,
				   .active_ms = flows ? EXPORTERS_ACTIVE_MS : 0,
				   .inactive_ms = flows ? EXPORTERS_INACTIVE_MS : 0 };
	set_times(m);
	m->measure.cast = &m->cast;
	m->background = background_new(&m->site, r->seed, sampling);
	m->population = calloc(1, sizeof(*m->population));
	m->step = calloc(STEP_PACKETS, sizeof(*m->step));
	if (!m->background || !m->population || !m->step) {
		text_add(error, "not enough memory");
		return -ENOMEM;
	}
	population_open(m->population, r->seed);
	lab_rng_seed(&m->twice, r->seed, PURPOSE_TWICE);
	int err = files_config(r->folder, &m->site, r->mode, error);
	if (!err)
		err = files_truth(r->folder, &m->truth, error);
	return err ? err : open_exporters(m, error);
}

static void take_packet(void *self, const struct lab_packet *packet)
{
	struct maker *m = self;

	if (m->step_count < STEP_PACKETS)
		m->step[m->step_count++] = *packet;
}

static int time_order(const void *a, const void *b)
{
	const struct lab_packet *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static void give_out(struct maker *m, const struct lab_packet *packet)
{
	bool during =
		packet->time_ns >= at(m, m->cast.onset_s) && packet->time_ns < at(m, m->cast.end_s);

	m->truth.samples++;
	if (packet->origin == LAB_ATTACK || (during && cast_concerns(&m->cast, packet)))
		population_add(m->population, packet);
	exporters_packet(&m->exporters, 0, packet);
}

/* Trains go on into the next step: time does not go back for that. */
static void flush_step(struct maker *m, uint64_t end_ns)
{
	qsort(m->step, m->step_count, sizeof(*m->step), time_order);
	for (uint32_t i = 0; i < m->step_count; i++) {
		struct lab_packet *packet = &m->step[i];
		if (packet->time_ns < m->latest_ns)
			packet->time_ns = m->latest_ns;
		if (packet->time_ns > end_ns)
			packet->time_ns = end_ns;
		m->latest_ns = packet->time_ns;
		give_out(m, packet);
	}
	m->step_count = 0;
}

/* The second router samples the same traffic by dice of its own. */
static void second_router(struct maker *m, double from_s)
{
	const struct lab_taker taker = { .packet = take_packet, .self = m };

	if (m->exporters.count < 2)
		return;
	background_step(m->background, m->truth.begin_ns, from_s, STEP_S, &taker);
	cast_step(&m->cast, m->truth.begin_ns, from_s, STEP_S, &taker);
	qsort(m->step, m->step_count, sizeof(*m->step), time_order);
	for (uint32_t i = 0; i < m->step_count; i++)
		exporters_packet(&m->exporters, 1, &m->step[i]);
	m->step_count = 0;
}

static void one_step(struct maker *m, uint64_t number, double *pool)
{
	const struct lab_taker taker = { .packet = take_packet, .self = m };
	double from_s = (double)number * STEP_S;

	double passed = background_step(m->background, m->truth.begin_ns, from_s, STEP_S, &taker);
	passed += cast_step(&m->cast, m->truth.begin_ns, from_s, STEP_S, &taker);
	m->truth.packets += passed;
	*pool += passed;
	flush_step(m, at(m, from_s + STEP_S));
	second_router(m, from_s);
}

static void long_flow(struct maker *m, double now_s)
{
	struct lab_long_flow flow = {
		.src = site_ip(&m->site, m->cast.place),
		.dst = site_ip(&m->site, m->site.hosts[2].ip),
		.end_ns = at(m, now_s),
		.duration_ns = 1800 * 1000000000ULL,
		.bits_per_s = 100000000,
		.length = 1400,
		.in_if = SITE_UPLINK,
		.out_if = SITE_PORT(0),
	};
	const struct lab_flow record = lab_fault_long_flow(&flow, m->truth.sampling);

	flow_export_flow(m->exporters.at[0].state, &record, at(m, now_s));
}

static void each_second(struct maker *m, double now_s)
{
	const struct maker_request *r = m->request;
	double before_s = m->cast.onset_s - r->scenario->ride_s;

	if (now_s < before_s - 1)
		measure_second(&m->measure, m->background);
	if (r->fault == MAKER_LONGFLOW && m->truth.active_ms && now_s == m->warm_s + 30)
		long_flow(m, now_s);
	if (r->progress)
		r->progress(r->self, now_s, m->truth.finish_s);
}

static void run(struct maker *m)
{
	uint64_t steps = (uint64_t)(m->truth.finish_s / STEP_S + 0.5);
	double pool = 0;

	for (uint64_t i = 0; i < steps && !exporters_failed(&m->exporters); i++) {
		one_step(m, i, &pool);
		if (i % TICK_STEPS != TICK_STEPS - 1)
			continue;
		uint64_t now_ns = at(m, (double)(i + 1) * STEP_S);
		exporters_time(&m->exporters, now_ns, (uint64_t)pool,
			       (uint64_t)(pool * MEAN_OCTETS));
		pool -= floor(pool);
		if ((i + 1) % (TICK_STEPS * 10) == 0)
			each_second(m, round((double)(i + 1) * STEP_S));
	}
}

static int finish(struct maker *m, struct text *error)
{
	const char *folder = m->request->folder;

	int err = exporters_close(&m->exporters, &m->truth.datagrams);

	if (err) {
		text_addf(error, "%s/telemetry.pcap: %s", folder, err_text(err));
		return err;
	}
	m->truth.limit_count = measure_limits(&m->measure, &m->cast, m->truth.limits);
	m->truth.complete = true;
	err = files_population(folder, m->population, error);
	return err ? err : files_truth(folder, &m->truth, error);
}

int maker_run(const struct maker_request *request, struct text *error)
{
	struct maker *m = calloc(1, sizeof(*m));

	if (!m) {
		text_add(error, "not enough memory");
		return -ENOMEM;
	}
	m->request = request;
	int err = open_all(m, error);
	if (!err) {
		run(m);
		err = finish(m, error);
	}
	background_free(m->background);
	free(m->population);
	free(m->step);
	free(m);
	return err;
}
