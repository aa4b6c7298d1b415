/* SPDX-License-Identifier: Apache-2.0 */
/* command_decode: `weir decode`, flow records out of recorded input. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "config/config.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/output.h"
#include "daemon/progress.h"
#include "daemon/recorded.h"
#include "ingest/state.h"

enum { OPTION_FORMAT, OPTION_AS, OPTION_CONFIG, OPTION_STATS };

static const struct cli_option options[] = {
	[OPTION_FORMAT] = { "format", 'f', "FORM", "jsonl|csv|text|none", CLI_KIND_TEXT,
			    "one JSON object a line (default), CSV, for people, or nothing" },
	[OPTION_AS] = { "as", 0, "FORMAT", RECORDED_FORMATS, CLI_KIND_TEXT,
			"what the files hold; default: recognised" },
	[OPTION_CONFIG] = { "config", 'c', "FILE", NULL, CLI_KIND_FILE,
			    "configuration: sampling overrides and limits" },
	[OPTION_STATS] = { "stats", 0, NULL, NULL, CLI_KIND_TEXT,
			   "counters as one JSON object on standard error at the end" },
	{ 0 },
};

struct decode {
	struct output output;
	void (*write)(const struct flow *flow, struct text *out);
	struct recorded recorded;
	struct progress progress;
};

static void write_json_line(const struct flow *flow, struct text *out)
{
	flow_to_json(flow, out);
	text_add_n(out, "\n", 1);
}

static void take_flows(void *self, struct flow *flows, size_t count)
{
	struct decode *d = self;

	if (!d->write)
		return;
	for (size_t i = 0; i < count; i++)
		d->write(&flows[i], &d->output.text);
	output_spill(&d->output);
}

static void choose_format(struct decode *d, const char *format)
{
	if (!format || strcmp(format, "jsonl") == 0) {
		d->write = write_json_line;
	} else if (strcmp(format, "csv") == 0) {
		d->write = flow_to_csv;
		flow_csv_header(&d->output.text);
	} else if (strcmp(format, "text") == 0) {
		d->write = flow_to_text;
	}
}

static uint64_t exporters_of(const struct decode_state *state)
{
	uint64_t count = state->gone.exporters;

	for (unsigned i = 0; i < state->exporter_count; i++)
		count += state->exporters[i].stats.key.source != FLOW_PACKET;
	return count;
}

static void put_exporter(struct jsonw *w, const struct exporter_stats *stats)
{
	jsonw_object(w, NULL);
	jsonw_ip(w, "address", &stats->key.address);
	jsonw_string(w, "protocol", flow_source_name((enum flow_source)stats->key.source));
	jsonw_u64(w, "odid", stats->key.odid);
	jsonw_u64(w, "datagrams", stats->datagrams);
	jsonw_u64(w, "records", stats->records);
	jsonw_u64(w, "expected", stats->expected);
	jsonw_u64(w, "received", stats->received);
	jsonw_u64(w, "restarts", stats->restarts);
	jsonw_u64(w, "reordered", stats->reordered);
	jsonw_u64(w, "repeated", stats->repeated);
	if (stats->samples_expected) {
		jsonw_u64(w, "samples_expected", stats->samples_expected);
		jsonw_u64(w, "samples_received", stats->samples_received);
	}
	jsonw_number(w, "clock_offset_s", (double)stats->clock_offset_ns / (double)NS_PER_S);
	if (stats->active_timeout_ms)
		jsonw_number(w, "active_timeout_s", stats->active_timeout_ms / 1000.0);
	if (stats->inactive_timeout_ms)
		jsonw_number(w, "inactive_timeout_s", stats->inactive_timeout_ms / 1000.0);
	jsonw_u64(w, "sampling", stats->sampling);
	jsonw_u64(w, "sampling_announced", stats->sampling_announced);
	jsonw_u64(w, "rate_doubts", stats->rate_doubts);
	jsonw_u64(w, "rate_refused", stats->rate_refused);
	jsonw_object_end(w);
}

static void put_exporters(struct jsonw *w, const struct decode_state *state)
{
	jsonw_array(w, "by_exporter");
	for (unsigned i = 0; i < state->exporter_count; i++) {
		if (state->exporters[i].stats.key.source != FLOW_PACKET)
			put_exporter(w, &state->exporters[i].stats);
	}
	jsonw_array_end(w);
}

static void put_stats(const struct decode_state *state, const struct recorded *recorded)
{
	const struct flowlog_counts logs = recorded_logs(recorded);
	struct text text = text_heap();
	struct jsonw w = jsonw_on(&text);
	uint64_t lost = state->gone.lost;
	uint64_t optional = state->gone.options;

	jsonw_object(&w, NULL);
	jsonw_u64(&w, "flows", recorded->capture.flows + logs.flows);
	jsonw_u64(&w, "packets", recorded->capture.packets);
	jsonw_u64(&w, "datagrams", state->datagrams);
	jsonw_u64(&w, "exporters", exporters_of(state));
	jsonw_object(&w, "undecodable");
	for (unsigned r = 0; r < REASON_COUNT_OF; r++) {
		uint64_t count = state->undecodable[r];
		for (unsigned i = 0; i < state->exporter_count; i++)
			count += state->exporters[i].stats.undecodable[r];
		if (count)
			jsonw_u64(&w, reason_name(r), count);
	}
	jsonw_object_end(&w);
	for (unsigned i = 0; i < state->exporter_count; i++) {
		lost += state->exporters[i].stats.lost;
		optional += state->exporters[i].stats.options;
	}
	jsonw_u64(&w, "lost", lost);
	jsonw_u64(&w, "options", optional);
	put_exporters(&w, state);
	jsonw_u64(&w, "nodata", logs.nodata);
	jsonw_u64(&w, "skipdata", logs.skipdata);
	jsonw_object_end(&w);
	text_add_n(&text, "\n", 1);
	/* Counters are extra: when standard error is closed there is nobody to tell. */
	ssize_t written = write(STDERR_FILENO, text_string(&text), text.len);
	(void)written;
	text_done(&text);
}

static void take_progress(void *self, uint64_t done_bytes, uint64_t total_bytes)
{
	struct decode *d = self;

	progress_show(&d->progress, done_bytes, total_bytes);
}

static int read_file(const char *path, const char *as, struct decode *d, struct decode_state *state)
{
	const struct flow_sink sink = { .flows = take_flows, .self = d };
	const struct capture_request request = {
		.path = path,
		.as = as,
		.hooks = { .progress = take_progress, .self = d },
	};
	struct text error = text_heap();

	d->progress = progress_of(path);
	int err = recorded_read(&d->recorded, &request, state, &sink, &error);
	progress_end(&d->progress);
	if (error.len)
		cli_error("decode", "%s", text_string(&error));
	text_done(&error);
	return err ? CLI_NO : CLI_OK;
}

static int read_files(const struct cli_args *args, struct decode *d, struct decode_state *state)
{
	int status = CLI_OK;

	for (int i = 0; i < args->word_count; i++) {
		if (read_file(args->words[i], args->values[OPTION_AS], d, state))
			status = CLI_NO;
	}
	decode_state_finish(state);
	return status;
}

static int decode_with(const struct cli_args *args, const struct config *config)
{
	struct decode d = { .output = output_open() };
	struct decode_state *state = decode_state_new(config, 1);
	int status = CLI_NO;

	choose_format(&d, args->values[OPTION_FORMAT]);
	if (state)
		status = read_files(args, &d, state);
	else
		cli_error("decode", "not enough memory; lower `limits` in the configuration");
	int err = output_close(&d.output);
	if (err) {
		cli_error("decode", "standard output: %s; not all flows were written",
			  err_text(err));
		status = CLI_NO;
	}
	if (state && args->values[OPTION_STATS])
		put_stats(state, &d.recorded);
	recorded_done(&d.recorded);
	decode_state_free(state);
	return status;
}

static int run(const struct cli_args *args)
{
	struct config *config = command_config("decode", "nothing decoded", daemon_load_recorded,
					       args->values[OPTION_CONFIG]);
	int status = config ? decode_with(args, config) : CLI_NO;

	config_free(config);
	return status;
}

const struct command command_decode = {
	.name = "decode",
	.summary = "print the flow records of captures and flow logs",
	.usage = "[-f FORM] [--as FORMAT] [-c FILE] [--stats] FILE...",
	.options = options,
	.words_min = 1,
	.words_max = -1,
	.word_kind = CLI_KIND_FILE,
	.help = "Reads captures (pcap, pcapng). A capture of exporters' datagrams is\n"
		"recognised, on any port, and decoded as NetFlow v5, v9, IPFIX or sFlow\n"
		"v5; any other is a capture of packets, each of which is one flow. So\n"
		"are the flow logs of clouds, plain or gzip: of AWS as text, of Azure\n"
		"and Google as JSON.\n"
		"`bytes` and `packets` are as exported; `sampling` is the rate to\n"
		"multiply by, absent when nobody named one. FILE \"-\" is standard input.\n",
	.examples = "weir decode export.pcap                        # JSON lines\n"
		    "weir decode -f text export.pcap | less         # to read\n"
		    "weir decode --as packets dump.pcapng           # never as telemetry\n"
		    "weir decode -f none --stats export.pcap        # counters only\n"
		    "weir decode flowlogs/*.log.gz                  # of a cloud\n"
		    "tcpdump -r dump.pcap -w - port 2055 | weir decode -\n",
	.run = run,
};
