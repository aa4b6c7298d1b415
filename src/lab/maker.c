/* SPDX-License-Identifier: Apache-2.0 */
/* maker: steps of 10 ms, each sorted by time, into one encoder or two. */
#include "lab/maker.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab/encoder.h"
#include "lab/fault.h"
#include "lab/files.h"
#include "lab/flow_export.h"
#include "lab/pcap_out.h"
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
#define ACTIVE_MS         60000
#define INACTIVE_MS       15000
#define CACHE_FLOWS       400000
#define TEMPLATES_NS      30000000000ULL
#define MEAN_OCTETS       700
/* Of a step, unsampled. */
#define STEP_PACKETS      (1U << 20)
#define EXPORTERS         2

struct exporter_out {
	const struct lab_encoder *encoder;
	void *state;
};

struct maker {
	const struct maker_request *request;
	struct site site;
	struct background *background;
	struct cast cast;
	struct measure measure;
	struct population *population;
	struct truth truth;
	struct lab_pcap_out *out;
	struct lab_sink sink;
	struct lab_loss loss;
	struct exporter_out exporters[EXPORTERS];
	unsigned exporter_count;
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

static const struct lab_encoder *encoder_of(const char *mode)
{
	const struct lab_encoder *const all[] = { &lab_encoder_sflow, &lab_encoder_netflow9,
						  &lab_encoder_ipfix, &lab_encoder_packet };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->mode, mode) == 0)
			return all[i];
	}
	return NULL;
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

static void set_fault(struct maker *m, struct lab_exporter *exporter)
{
	double onset_s = m->cast.onset_s;

	switch (m->request->fault) {
	case MAKER_CLOCK:
		lab_fault_clock(exporter, 120 * 1000000000LL);
		break;
	case MAKER_RATE10:
		lab_fault_rate(exporter, at(m, m->warm_s / 2 + 60), 10);
		break;
	case MAKER_TEMPLATES:
		lab_fault_templates(exporter, at(m, onset_s - 30), at(m, onset_s + 60));
		break;
	default:
		break;
	}
}

static int open_exporter(struct maker *m, uint32_t number)
{
	struct exporter_out *out = &m->exporters[number];
	struct lab_exporter exporter = {
		.sampling = m->truth.sampling,
		.active_timeout_ms = ACTIVE_MS,
		.inactive_timeout_ms = INACTIVE_MS,
		.cache_flows = CACHE_FLOWS,
		.boot_ns = m->truth.begin_ns - 7200 * 1000000000ULL,
		.template_every_ns = TEMPLATES_NS,
	};
	const uint8_t be[4] = { 192, 0, 2, (uint8_t)(1 + number) };

	exporter.address = ip_from_v4(be);
	set_fault(m, &exporter);
	out->encoder = encoder_of(m->request->mode);
	int err = out->encoder->open(&exporter, &m->sink, &out->state);
	m->exporter_count += err == 0;
	return err;
}

static int open_out(struct maker *m, struct text *error)
{
	const uint8_t be[4] = { 192, 0, 2, 254 };
	const struct ip collector = ip_from_v4(be);
	struct text path = text_heap();

	text_addf(&path, "%s/telemetry.pcap", m->request->folder);
	int err = lab_pcap_out_open(text_string(&path), &collector, &m->out);
	if (err)
		text_addf(error, "%s: %s", text_string(&path), err_text(err));
	text_done(&path);
	if (err)
		return err;
	m->sink = lab_pcap_out_sink(m->out);
	if (m->request->fault == MAKER_LOSS) {
		double from_s = m->request->scenario->benign ? (m->warm_s + m->truth.finish_s) / 2
							     : m->cast.onset_s + 20;
		const struct lab_sink next = m->sink;
		m->sink = lab_fault_loss(&next, at(m, from_s), at(m, from_s + 60), 300,
					 m->request->seed, &m->loss);
	}
	err = open_exporter(m, 0);
	if (!err && m->request->fault == MAKER_TWICE)
		err = open_exporter(m, 1);
	return err;
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
				   .active_ms = flows ? ACTIVE_MS : 0,
				   .inactive_ms = flows ? INACTIVE_MS : 0 };
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
	return err ? err : open_out(m, error);
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
	m->exporters[0].encoder->packet(m->exporters[0].state, packet);
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

	if (m->exporter_count < 2)
		return;
	background_step(m->background, m->truth.begin_ns, from_s, STEP_S, &taker);
	cast_step(&m->cast, m->truth.begin_ns, from_s, STEP_S, &taker);
	qsort(m->step, m->step_count, sizeof(*m->step), time_order);
	for (uint32_t i = 0; i < m->step_count; i++)
		m->exporters[1].encoder->packet(m->exporters[1].state, &m->step[i]);
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

	flow_export_flow(m->exporters[0].state, &record, at(m, now_s));
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

	for (uint64_t i = 0; i < steps && !lab_pcap_out_error(m->out); i++) {
		one_step(m, i, &pool);
		if (i % TICK_STEPS != TICK_STEPS - 1)
			continue;
		uint64_t now_ns = at(m, (double)(i + 1) * STEP_S);
		for (unsigned e = 0; e < m->exporter_count; e++)
			m->exporters[e].encoder->time(m->exporters[e].state, now_ns, (uint64_t)pool,
						      (uint64_t)(pool * MEAN_OCTETS));
		pool -= floor(pool);
		if ((i + 1) % (TICK_STEPS * 10) == 0)
			each_second(m, round((double)(i + 1) * STEP_S));
	}
}

static int finish(struct maker *m, struct text *error)
{
	const char *folder = m->request->folder;

	for (unsigned e = 0; e < m->exporter_count; e++)
		m->exporters[e].encoder->close(m->exporters[e].state);
	m->truth.datagrams = lab_pcap_out_datagrams(m->out);
	int err = lab_pcap_out_close(m->out);
	m->out = NULL;
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
