/* SPDX-License-Identifier: Apache-2.0 */
/* lab_run: a run's folder in, a result out. One thread. */
#include "daemon/lab_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/daemon.h"
#include "daemon/replay.h"
#include "ingest/capture.h"

#define FILE_MAX_BYTES  ((size_t)256 << 20)
/* Own hosts times directions that the references follow: a dark /16 scanned, and more. */
#define REFERENCE_HOSTS 262144
/* Where the truth names no onset; and the onset is up to 5 s behind the end of the warm-up. */
#define LEARN_NS        (600 * NS_PER_S)
#define ONSET_SPREAD_NS (5 * NS_PER_S)
/* A maker at work writes its files around opening the FIFO, the counted truth once it has ended. */
#define WAIT_STEPS      100
#define WAIT_STEP_NS    (100 * (long)NS_PER_MS)

struct run {
	const char *dir;
	struct text *error;
	struct config *config;
	bool piped;
	struct score_truth truth; /* as it was known beforehand */
	struct score *score;
	struct reference *reference;
	struct text json; /* of the event being told */
};

static void path_of(const struct run *run, const char *name, struct text *path)
{
	text_addf(path, "%s/%s", run->dir, name);
}

static int read_stream(FILE *file, struct text *ret_text)
{
	char chunk[16384];
	size_t len;

	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0 && ret_text->len < FILE_MAX_BYTES)
		text_add_n(ret_text, chunk, len);
	return ferror(file) ? -EIO : ret_text->failed ? -ENOMEM : len ? -EFBIG : 0;
}

static void wait_a_step(void)
{
	const struct timespec step = { .tv_nsec = WAIT_STEP_NS };

	nanosleep(&step, NULL);
}

static void wait_for_file(const struct run *run, const char *name)
{
	struct text path = text_heap();

	path_of(run, name, &path);
	for (unsigned i = 0; i < WAIT_STEPS && access(text_string(&path), F_OK) != 0; i++)
		wait_a_step();
	text_done(&path);
}

static int read_file(const struct run *run, const char *name, struct text *ret_text)
{
	struct text path = text_heap();
	path_of(run, name, &path);
	FILE *file = fopen(text_string(&path), "re");
	int err = file ? read_stream(file, ret_text) : -errno;

	if (err)
		text_addf(run->error, "%s: %s", text_string(&path), err_text(err));
	if (file)
		fclose(file);
	text_done(&path);
	return err;
}

static int read_truth(const struct run *run, struct score_truth *ret_truth)
{
	struct text json = text_heap();
	struct text why = text_heap();
	int err = read_file(run, "truth.json", &json);

	if (!err) {
		err = score_truth_parse(text_string(&json), &why, ret_truth);
		if (err)
			text_addf(run->error, "%s/truth.json: %s", run->dir, text_string(&why));
	}
	text_done(&json);
	text_done(&why);
	return err;
}

/*
 * A FIFO becomes standard input, because a capture is opened by path: by then its writer may be
 * gone again, and a second opening would wait for another one for ever.
 */
static int open_recording(struct run *run, struct text *ret_path)
{
	struct stat info;

	path_of(run, "telemetry.pcap", ret_path);
	if (stat(text_string(ret_path), &info) < 0) {
		int err = -errno;
		text_addf(run->error, "%s: %s", text_string(ret_path), err_text(err));
		return err;
	}
	run->piped = S_ISFIFO(info.st_mode);
	if (!run->piped)
		return 0;
	int fd = open(text_string(ret_path), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0) {
		int err = -errno;
		text_addf(run->error, "%s: %s", text_string(ret_path), err_text(err));
		return err;
	}
	close(fd);
	clearerr(stdin);
	__fpurge(stdin);
	text_clear(ret_path);
	text_add(ret_path, "-");
	return 0;
}

static int load_config(struct run *run)
{
	struct text path = text_heap();
	struct text errors = text_heap();

	path_of(run, "weir.yaml", &path);
	int err = daemon_load_recorded(text_string(&path), &errors, &run->config);
	if (err && errors.len) /* each line with its newline, the caller adds the last one */
		text_add_n(run->error, errors.data, errors.len - 1);
	else if (err)
		text_addf(run->error, "%s: %s", text_string(&path), err_text(err));
	text_done(&path);
	text_done(&errors);
	return err;
}

static void take_event(void *self, const struct event *event)
{
	struct run *run = self;

	text_clear(&run->json);
	event_to_json(event, &run->json);
	score_event(run->score, text_string(&run->json));
}

static void take_alarm(void *self, const struct reference_alarm *alarm)
{
	struct run *run = self;

	score_alarm(run->score, alarm);
}

static void take_flows(void *self, const struct flow *flows, size_t count)
{
	struct run *run = self;

	reference_flows(run->reference, flows, count);
}

static void take_tick(void *self, uint64_t now_ns)
{
	struct run *run = self;

	reference_tick(run->reference, now_ns);
}

static uint64_t learn_ns(const struct score_truth *truth)
{
	uint64_t until_ns = truth->onset_ns > ONSET_SPREAD_NS ? truth->onset_ns - ONSET_SPREAD_NS
							      : truth->begin_ns + LEARN_NS;

	return until_ns > truth->begin_ns ? until_ns - truth->begin_ns : 0;
}

static int open_judges(struct run *run)
{
	const struct reference_options options = { .hosts_max = REFERENCE_HOSTS,
						   .learn_ns = learn_ns(&run->truth) };
	const struct reference_sink sink = { .alarm = take_alarm, .self = run };

	run->score = score_new(&run->truth);
	run->reference = reference_new(&options, &sink);
	if (run->score && run->reference)
		return 0;
	text_add(run->error, "not enough memory");
	return -ENOMEM;
}

/* How to read the recording: recognising what comes through a FIFO would open it a second time. */
static const char *decoder_of(const struct run *run)
{
	const char *mode = run->truth.mode;

	if (strcmp(mode, "packet") == 0)
		return CAPTURE_AS_PACKETS;
	if (!run->piped)
		return NULL;
	return strcmp(mode, "sflow") == 0 ? "sflow5" : mode;
}

static int play_into(struct run *run, struct replay *replay, const char *path)
{
	const struct replay_watch watch = { .flows = take_flows, .tick = take_tick, .self = run };
	struct progress progress = progress_of(run->dir);
	struct replay_totals totals;

	replay_watch(replay, &watch);
	int err = replay_file(replay, path, decoder_of(run), &progress, run->error);
	progress_end(&progress);
	replay_finish(replay, &totals);
	return err;
}

static int play(struct run *run, const char *path)
{
	const struct event_sink sink = { .emit = take_event, .self = run };
	struct replay *replay = NULL;
	int err = replay_open(run->config, &sink, run->error, &replay);

	if (!err)
		err = play_into(run, replay, path);
	replay_close(replay);
	return err;
}

/* The maker replaces the early truth once all is counted. */
static int read_complete_truth(const struct run *run, struct score_truth *ret_truth)
{
	int err = read_truth(run, ret_truth);

	for (unsigned i = 0; run->piped && !err && !ret_truth->complete && i < WAIT_STEPS; i++) {
		wait_a_step();
		score_truth_done(ret_truth);
		err = read_truth(run, ret_truth);
	}
	return err;
}

/* None is fine: then there is nothing that rules could match. */
static void read_population(const struct run *run, struct score_population *population)
{
	struct text why = text_heap();
	struct text csv = text_heap();
	const struct run quiet = { .dir = run->dir, .error = &why };

	if (read_file(&quiet, "population.csv", &csv) || !csv.len ||
	    score_population_read(csv.data, population))
		*population = (struct score_population){ 0 };
	text_done(&csv);
	text_done(&why);
}

static int judge(const struct run *run, struct score_result *ret_result)
{
	struct score_population population;
	struct score_truth truth;
	int err = read_complete_truth(run, &truth);

	if (err)
		return err;
	read_population(run, &population);
	score_judge(run->score, &truth, &population, ret_result);
	score_population_done(&population);
	score_truth_done(&truth);
	return 0;
}

int lab_run_score(const char *dir, struct text *error, struct score_result *ret_result)
{
	struct run run = { .dir = dir, .error = error, .json = text_heap() };
	struct text path = text_heap();

	/* First: with a FIFO the other files may be there only once it has a writer. */
	int err = open_recording(&run, &path);
	if (run.piped && !err) {
		wait_for_file(&run, "weir.yaml");
		wait_for_file(&run, "truth.json");
	}
	if (!err)
		err = load_config(&run);
	if (!err)
		err = read_truth(&run, &run.truth);
	if (!err)
		err = open_judges(&run);
	if (!err)
		err = play(&run, text_string(&path));
	if (!err)
		err = judge(&run, ret_result);
	reference_free(run.reference);
	score_free(run.score);
	score_truth_done(&run.truth);
	config_free(run.config);
	text_done(&run.json);
	text_done(&path);
	return err;
}
