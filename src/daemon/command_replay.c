/* SPDX-License-Identifier: Apache-2.0 */
/* command_replay: `weir replay`, recorded input to events on standard output. */
#include "base/jsonw.h"
#include "config/config.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/interrupt.h"
#include "daemon/output.h"
#include "daemon/recorded.h"
#include "daemon/replay.h"

#include <string.h>

enum { OPTION_CONFIG, OPTION_AS, OPTION_FORMAT, OPTION_COVERAGE, OPTION_LEARN };

static const struct cli_option options[] = {
	[OPTION_CONFIG] = { "config", 'c', "FILE", NULL, CLI_KIND_FILE,
			    "configuration: networks, limits; without one: built-in defaults" },
	[OPTION_AS] = { "as", 0, "FORMAT", RECORDED_FORMATS, CLI_KIND_TEXT,
			"what the files hold; default: recognised" },
	[OPTION_FORMAT] = { "format", 0, "FORM", "jsonl|text", CLI_KIND_TEXT,
			    "one JSON object a line (default), or for people" },
	[OPTION_COVERAGE] = { .name = "coverage",
			      .help = "also what each exporter delivered, minute by minute" },
	[OPTION_LEARN] = { "learn", 0, "DIR", NULL, CLI_KIND_FILE,
			   "leave what was learned in this state folder, for `weir run`" },
	{ 0 },
};

struct printer {
	struct output output;
	bool text;
};

static void print_event(void *self, const struct event *event)
{
	struct printer *p = self;

	if (p->text) {
		event_to_text(event, &p->output.text);
	} else {
		event_to_json(event, &p->output.text);
		text_add_n(&p->output.text, "\n", 1);
	}
	output_spill(&p->output);
}

static void put_row_json(const struct coverage *row, const char *name, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", "coverage");
	jsonw_time(&w, "time", row->begin_ns + row->minutes * COVERAGE_MINUTE_NS);
	coverage_to_json(row, name, &w, "coverage");
	jsonw_object_end(&w);
	text_add_n(out, "\n", 1);
}

static void print_row(void *self, const struct coverage *row, const char *name)
{
	struct printer *p = self;

	if (p->text)
		coverage_to_text(row, name, &p->output.text);
	else
		put_row_json(row, name, &p->output.text);
	output_spill(&p->output);
}

static void put_undecodable(struct jsonw *w, const uint64_t *undecodable)
{
	jsonw_object(w, "undecodable");
	for (unsigned i = 0; i < REASON_COUNT_OF; i++) {
		if (undecodable[i])
			jsonw_u64(w, reason_name(i), undecodable[i]);
	}
	jsonw_object_end(w);
}

static void put_summary_json(const struct replay_totals *t, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", "summary");
	if (t->last_ns) {
		jsonw_time(&w, "time", t->end_ns);
		jsonw_time(&w, "first", t->first_ns);
		jsonw_time(&w, "last", t->last_ns);
	}
	jsonw_u64(&w, "packets", t->packets);
	jsonw_u64(&w, "late_packets", t->late_packets);
	jsonw_u64(&w, "datagrams", t->datagrams);
	jsonw_u64(&w, "records", t->records);
	jsonw_u64(&w, "exporters", t->exporters);
	jsonw_u64(&w, "lost", t->lost);
	jsonw_u64(&w, "unknown_sampling", t->unknown_sampling);
	put_undecodable(&w, t->undecodable);
	jsonw_u64(&w, "nodata", t->nodata);
	jsonw_u64(&w, "skipdata", t->skipdata);
	jsonw_u64(&w, "hosts_turned_away", t->hosts_turned_away);
	jsonw_u64(&w, "profiles_turned_away", t->profiles_turned_away);
	jsonw_u64(&w, "stories_turned_away", t->stories_turned_away);
	jsonw_u64(&w, "ports_turned_away", t->ports_turned_away);
	jsonw_u64(&w, "late", t->late);
	jsonw_u64(&w, "faults", t->faults);
	jsonw_u64(&w, "faults_turned_away", t->faults_turned_away);
	jsonw_u64(&w, "faults_untold", t->faults_untold);
	jsonw_u64(&w, "incidents", t->incidents);
	jsonw_u64(&w, "incidents_open", t->incidents_open);
	jsonw_u64(&w, "incidents_turned_away", t->incidents_turned_away);
	jsonw_object_end(&w);
	text_add_n(out, "\n", 1);
}

static void put_count(struct text *out, uint64_t count, const char *noun, const char *after)
{
	text_addf(out, "%llu %s%s%s", (unsigned long long)count, noun, count == 1 ? "" : "s",
		  after);
}

static void put_summary_text(const struct replay_totals *t, struct text *out)
{
	put_count(out, t->datagrams, "datagram", " from ");
	put_count(out, t->exporters, "exporter", ", ");
	put_count(out, t->records, "record", ", ");
	text_addf(out, "%llu lost by sequence; ", (unsigned long long)t->lost);
	if (t->faults)
		put_count(out, t->faults, "fault", " of the telemetry, ");
	put_count(out, t->incidents, "incident", "");
	text_addf(out, ", %llu still open at the end\n", (unsigned long long)t->incidents_open);
	if (t->faults_turned_away)
		put_count(
			out, t->faults_turned_away, "fault",
			" of the telemetry found no room: list your exporters under `exporters`\n");
	if (t->incidents_turned_away)
		put_count(out, t->incidents_turned_away, "further incident",
			  " found no room: raise incidents.max_open\n");
	if (t->hosts_turned_away)
		put_count(out, t->hosts_turned_away, "record",
			  " of hosts that found no room: raise limits.hosts\n");
	if (t->profiles_turned_away)
		put_count(out, t->profiles_turned_away, "usual rate",
			  " found no room to be learned: raise limits.profiles\n");
	if (t->stories_turned_away)
		put_count(
			out, t->stories_turned_away, "time",
			" that an attack found no room among 512 that go on: raise detect.floor\n");
	if (t->ports_turned_away)
		put_count(out, t->ports_turned_away, "sampled packet",
			  " by ports beyond 4096, not looked at for forged sources\n");
	if (t->late_packets) {
		put_count(
			out, t->late_packets, "packet",
			" older than one before: counted as of then, so rates around there are too"
			" high; give files in order of time, and none twice\n");
	}
	if (t->unknown_sampling) {
		put_count(out, t->unknown_sampling, "record",
			  " without a known sampling rate:"
			  " counted as they are, so all rates are lower bounds\n");
	}
	if (t->late) {
		put_count(out, t->late, "record",
			  " not tallied: decoded over a second after they came, or of traffic"
			  " that ended over a day before\n");
	}
	for (unsigned i = 0; i < REASON_COUNT_OF; i++) {
		if (t->undecodable[i])
			text_addf(out, "undecodable: %s %llu\n", reason_name(i),
				  (unsigned long long)t->undecodable[i]);
	}
}

static int play(const struct cli_args *args, struct replay *replay)
{
	int status = CLI_OK;

	for (int i = 0; i < args->word_count && !interrupt_caught(); i++) {
		struct progress progress = progress_of(args->words[i]);
		struct text error = text_heap();
		int err = replay_file(replay, args->words[i], args->values[OPTION_AS], &progress,
				      &error);
		progress_end(&progress);
		if (error.len)
			cli_error("replay", "%s", text_string(&error));
		if (err)
			status = CLI_NO;
		text_done(&error);
	}
	return status;
}

/* Return: @status, or CLI_NO if it cannot be left. */
static int leave_learned(const struct cli_args *args, const struct replay *replay, int status)
{
	const char *folder = args->values[OPTION_LEARN];
	struct text error = text_heap();

	if (folder && replay_learned(replay, folder, &error)) {
		cli_error("replay", "%s", text_string(&error));
		status = CLI_NO;
	}
	text_done(&error);
	return status;
}

static int replay_with(const struct cli_args *args, const struct config *config)
{
	const char *format = args->values[OPTION_FORMAT];
	struct printer printer = { .output = output_open(),
				   .text = format && strcmp(format, "text") == 0 };
	const struct event_sink sink = { .emit = print_event, .self = &printer };
	const struct replay_rows rows = { .row = print_row, .self = &printer };
	struct text error = text_heap();
	struct replay_totals totals;
	struct replay *replay = NULL;
	int status = CLI_NO;

	int err = replay_open(config, &sink, &error, &replay);
	if (err) {
		cli_error("replay", "%s", error.len ? text_string(&error) : err_text(err));
	} else {
		replay_stop(replay, interrupt_caught);
		if (args->values[OPTION_COVERAGE])
			replay_rows(replay, &rows);
		status = play(args, replay);
		replay_finish(replay, &totals);
		if (printer.text)
			put_summary_text(&totals, &printer.output.text);
		else
			put_summary_json(&totals, &printer.output.text);
		status = leave_learned(args, replay, status);
	}
	replay_close(replay);
	text_done(&error);
	err = output_close(&printer.output);
	if (err) {
		cli_error("replay", "standard output: %s; not all events were written",
			  err_text(err));
		return CLI_NO;
	}
	return status;
}

static int run(const struct cli_args *args)
{
	struct config *config = command_config("replay", "nothing replayed", daemon_load_recorded,
					       args->values[OPTION_CONFIG]);

	interrupt_catch();
	int status = config ? replay_with(args, config) : CLI_NO;

	config_free(config);
	interrupt_end();
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.summary = "run recorded input through the whole pipeline",
	.usage = "[-c FILE] [--as FORMAT] [--format FORM] [--coverage] [--learn DIR] FILE...",
	.options = options,
	.words_min = 1,
	.words_max = -1,
	.word_kind = CLI_KIND_FILE,
	.help = "Plays captures (pcap, pcapng) of exporters' datagrams, or of packets,\n"
		"and flow logs of clouds (plain or gzip), with the clock of what is in\n"
		"them: the same input gives the same events, to the byte. Events go to\n"
		"standard output in order of time, a summary is the last line. Several\n"
		"files are played one after the other. Nothing is written to a journal or\n"
		"sent anywhere; with --learn what is usual in the input is left for\n"
		"`weir run` to start with, if it is not older than 30 days.\n"
		"FILE \"-\" is standard input; a pipe is read until it ends. Ctrl-C ends\n"
		"the input there: what was found until then is told, and summed up.\n",
	.examples = "weir replay -c weir.yaml export.pcap                 # what would have been "
		    "found\n"
		    "weir replay --format text -c weir.yaml export.pcap   # the same, to read\n"
		    "weir replay --coverage --format text export.pcap     # what did not arrive\n"
		    "weir replay export.pcap | tail -1                    # the summary alone\n"
		    "weir replay -c weir.yaml --learn state export.pcap   # for `weir run`\n",
	.run = run,
};
