/* SPDX-License-Identifier: Apache-2.0 */
/*
 * play: a scenario of the laboratory as real packets over one virtual cable.
 *
 *     play FOLDER OUT IN SCENARIO SEED MEDIAN_PPS SHRINK SAMPLING WARM_S
 *
 * First writes weir.yaml and telemetry.pcap into FOLDER: everyday traffic of the WARM_S seconds
 * before now, as an exporter tells of it that samples 1:SAMPLING. Says "ready", and waits for lines:
 *
 *     go BEFORE DURING AFTER   from now on packets leave OUT: everyday traffic, after BEFORE seconds
 *                              the scenario, for DURING seconds, and AFTER seconds more
 *     probe N                  N more packets of the attack's kind
 *     end                      sooner than said
 *
 * What happens stands in truth.json from then on. At the end it says in one line of JSON what was sent and what arrived at IN, for each tenth of a
 * second. It ends as well when its standard input does. tests/netns/cable.h tells of its limits.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "cable.h"
#include "lab/files.h"
#include "lab/truth.h"
#include "quiet.h"

/* Packets that are due within this go out together. */
#define SLOT_NS    NS_PER_MS
/* Lateness that is counted: a machine too busy to keep the rates. */
#define LATE_NS    (100 * NS_PER_MS)
#define PROBE_MOST 1000

struct player {
	const char *folder;
	const char *out;
	const char *in;
	uint64_t seed;
	uint64_t sampling;
	double warm_s;
	struct stage stage;
	struct cable *cable;
	struct cable_counts counts;
	uint64_t go_ns;
	double before_s;
	double during_s;
	double after_s;
	uint64_t late;
	uint64_t late_most_ns;
	uint64_t packets;
	bool over;
};

static _Noreturn void stop(const char *what, int err)
{
	fprintf(stderr, "play: %s: %s\n", what, err_text(err));
	exit(1);
}

static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || !(value > 0) || value > 1e7)
		stop(text, -EINVAL);
	return value;
}

static void read_words(struct player *p, char **words)
{
	const struct stage_plan plan = {
		.scenario = words[4],
		.seed = (uint64_t)number(words[5]),
		.median_pps = number(words[6]),
		.shrink = number(words[7]),
	};

	p->folder = words[1];
	p->out = words[2];
	p->in = words[3];
	p->seed = plan.seed;
	p->sampling = (uint64_t)number(words[8]);
	p->warm_s = number(words[9]);
	int err = stage_open(&p->stage, &plan);
	if (err)
		stop(words[4], err);
}

static enum cable_group group_of(const struct player *p, const struct lab_packet *packet)
{
	if (packet->origin == LAB_ATTACK)
		return CABLE_ATTACK;
	if (packet->origin == LAB_REPLY)
		return CABLE_REPLY;
	return cast_concerns(&p->stage.cast, packet) ? CABLE_OWN : CABLE_OTHERS;
}

static void sleep_until(uint64_t wall_ns)
{
	const struct timespec until = { .tv_sec = (time_t)(wall_ns / NS_PER_S),
					.tv_nsec = (long)(wall_ns % NS_PER_S) };

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
}

static void send_at(struct player *p, const struct lab_packet *packet, uint64_t *now_ns)
{
	if (packet->time_ns > *now_ns) {
		*now_ns = clock_wall_ns();
		if (packet->time_ns > *now_ns + SLOT_NS) {
			cable_flush(p->cable);
			sleep_until(packet->time_ns);
			*now_ns = clock_wall_ns();
		}
	}
	uint64_t late_ns = *now_ns > packet->time_ns ? *now_ns - packet->time_ns : 0;
	p->late += late_ns > LATE_NS;
	p->packets++;
	if (late_ns > p->late_most_ns)
		p->late_most_ns = late_ns;
	cable_put(p->cable, packet, group_of(p, packet), *now_ns);
}

static void probe(struct player *p, unsigned count)
{
	struct lab_packet packet;

	for (unsigned i = 0; i < count && i < PROBE_MOST; i++) {
		if (!stage_attack(&p->stage, p->stage.cast.onset_s, &packet))
			return;
		cable_put(p->cable, &packet, CABLE_PROBE, clock_wall_ns());
	}
}

/* Lines come whole: one write each. */
static bool read_line(char *line, size_t room)
{
	ssize_t len = read(STDIN_FILENO, line, room - 1);

	line[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static void obey(struct player *p)
{
	struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];
	unsigned count;

	if (poll(&ready, 1, 0) <= 0)
		return;
	if (!read_line(line, sizeof(line)) || strncmp(line, "end", 3) == 0)
		p->over = true;
	else if (sscanf(line, "probe %u", &count) == 1)
		probe(p, count);
}

/* What happens, as the laboratory's scorer wants to know it. */
static void write_truth(const struct player *p)
{
	const struct truth truth = {
		.cast = &p->stage.cast,
		.mode = "live",
		.fault = "none",
		.seed = p->seed,
		.sampling = (uint32_t)p->sampling,
		.begin_ns = p->go_ns - (uint64_t)(p->warm_s * 1e9),
		.finish_s = p->warm_s + p->before_s + p->during_s + p->after_s,
		.complete = true,
	};
	struct text error = text_heap();

	int err = files_truth(p->folder, &truth, &error);
	if (err)
		stop(text_string(&error), err);
	text_done(&error);
}

static void live(struct player *p)
{
	const uint64_t zero_ns = p->go_ns - (uint64_t)(p->warm_s * 1e9);
	const double onset_s = p->warm_s + p->before_s;
	const double length_s = p->before_s + p->during_s + p->after_s;
	const uint64_t first = (uint64_t)(p->warm_s / STAGE_STEP_S);
	const uint64_t steps = (uint64_t)(length_s / STAGE_STEP_S);

	stage_happens(&p->stage, onset_s, onset_s + p->during_s);
	write_truth(p);
	for (uint64_t i = 0; i < steps && !p->over; i++) {
		uint64_t now_ns = clock_wall_ns();
		obey(p);
		stage_step(&p->stage, zero_ns, (double)(first + i) * STAGE_STEP_S);
		for (unsigned k = 0; k < p->stage.count; k++)
			send_at(p, &p->stage.packets[k], &now_ns);
		cable_flush(p->cable);
		uint64_t end_ns = p->go_ns + (uint64_t)((double)(i + 1) * STAGE_STEP_S * 1e9);
		if (clock_wall_ns() + SLOT_NS < end_ns)
			sleep_until(end_ns - SLOT_NS);
	}
}

static void put_counts(struct jsonw *w, const char *key,
		       const uint32_t counts[CABLE_GROUPS][CABLE_BINS], uint64_t bins)
{
	static const char *const names[CABLE_GROUPS] = { "others", "own", "attack", "reply",
							 "probe" };

	jsonw_object(w, key);
	for (unsigned g = 0; g < CABLE_GROUPS; g++) {
		jsonw_array(w, names[g]);
		for (uint64_t i = 0; i < bins; i++)
			jsonw_u64(w, NULL, counts[g][i]);
		jsonw_array_end(w);
	}
	jsonw_object_end(w);
}

static void tell(const struct player *p)
{
	uint64_t bins = (clock_wall_ns() - p->go_ns) / CABLE_BIN_NS + 1;
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);

	bins = bins < CABLE_BINS ? bins : CABLE_BINS;
	jsonw_object(&w, NULL);
	jsonw_u64(&w, "go_ns", p->go_ns);
	jsonw_u64(&w, "packets", p->packets);
	jsonw_u64(&w, "late", p->late);
	jsonw_number(&w, "late_most_s", (double)p->late_most_ns / 1e9);
	jsonw_u64(&w, "left_out", p->stage.left_out);
	jsonw_u64(&w, "unsent", p->counts.unsent);
	jsonw_u64(&w, "missed", p->counts.missed);
	jsonw_number(&w, "bin_s", (double)CABLE_BIN_NS / 1e9);
	put_counts(&w, "sent", p->counts.sent, bins);
	put_counts(&w, "arrived", p->counts.arrived, bins);
	jsonw_object_end(&w);
	puts(text_string(&out));
	text_done(&out);
}

int main(int argc, char **argv)
{
	static struct player player;
	struct player *p = &player;
	char line[64];

	if (argc != 10)
		stop("usage: play FOLDER OUT IN SCENARIO SEED MEDIAN_PPS SHRINK SAMPLING WARM_S",
		     -EINVAL);
	read_words(p, argv);
	struct text error = text_heap();
	int err = quiet_record(&p->stage, p->folder, (uint32_t)p->sampling, p->warm_s, &error);
	if (err)
		stop(error.len ? text_string(&error) : p->folder, err);
	text_done(&error);
	puts("ready");
	fflush(stdout);
	if (!read_line(line, sizeof(line)))
		return 0;
	if (sscanf(line, "go %lf %lf %lf", &p->before_s, &p->during_s, &p->after_s) != 3)
		stop(line, -EINVAL);
	p->go_ns = clock_wall_ns();
	err = cable_open(p->out, p->in, p->go_ns, &p->cable);
	if (err)
		stop("no virtual cable of this namespace", err);
	live(p);
	cable_close(p->cable, &p->counts);
	tell(p);
	stage_close(&p->stage);
	return 0;
}
