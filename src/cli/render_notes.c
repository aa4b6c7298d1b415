/* SPDX-License-Identifier: Apache-2.0 */
/* render_notes: status JSON in, what somebody should look after out, the worst first. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"
#include "model/reason.h"

/* The daemon publishes every second; an answer older than this means that it does not keep up. */
#define STALE_NS     (5 * NS_PER_S)
/* Faults shown before the page is left to the rest. */
#define FAULTS_SHOWN 10

/* The section under construction: its heading comes with the first note. */
struct notes {
	struct text *out;
	bool any;
};

static void begin_note(struct notes *notes)
{
	text_add(notes->out, notes->any ? "  " : "to look after\n  ");
	notes->any = true;
}

/* What is wrong, how often, and what to do about it. */
static void note(struct notes *notes, uint64_t count, const char *what, const char *advice)
{
	char words[32];

	if (!count)
		return;
	begin_note(notes);
	text_addf(notes->out, "%s: %s\n      %s\n", what,
		  quantity_format(count, QUANTITY_COUNT, words), advice);
}

static void note_fault(const json_t *fault, struct notes *notes)
{
	const json_t *exporter = json_object_get(fault, "exporter");
	const char *name = string_at(exporter, "name");

	begin_note(notes);
	if (exporter)
		plain_add(notes->out, *name ? name : string_at(exporter, "address"));
	else
		text_addf(notes->out, "ingest thread %u", (unsigned)count_at(fault, "thread"));
	text_add(notes->out, ": ");
	plain_add(notes->out, string_at(fault, "text"));
	text_add(notes->out, "\n      ");
	plain_add(notes->out, string_at(fault, "advice"));
	text_add(notes->out, "\n");
}

/* What our own socket buffers lost is told once, with the buffers. */
static bool is_told_elsewhere(const json_t *fault)
{
	return strcmp(string_at(fault, "kind"), "loss") == 0 &&
	       json_object_get(json_object_get(fault, "numbers"), "kernel_dropped");
}

/* Open faults of the telemetry, as the daemon lists them: the worst first. */
static void note_faults(const json_t *status, struct notes *notes)
{
	const json_t *faults = json_object_get(status, "faults");
	size_t told = 0;

	for (size_t i = 0; i < json_array_size(faults); i++) {
		const json_t *fault = json_array_get(faults, i);
		if (!is_told_elsewhere(fault) && told++ < FAULTS_SHOWN)
			note_fault(fault, notes);
	}
	if (told > FAULTS_SHOWN)
		text_addf(notes->out, "  and %zu more faults of exporters; see --json\n",
			  told - FAULTS_SHOWN);
	note(notes, count_at(status, "faults_turned_away"),
	     "faults of exporters that found no room among the open ones",
	     "those under exporters come first: list yours; against strangers, set exporters_only");
}

static bool has_open(const json_t *status, const char *kind)
{
	const json_t *faults = json_object_get(status, "faults");

	for (size_t i = 0; i < json_array_size(faults); i++) {
		if (strcmp(string_at(json_array_get(faults, i), "kind"), kind) == 0)
			return true;
	}
	return false;
}

/* What the daemon beside us holds reaches routers over these alone. */
static void note_sessions(const json_t *actuator, struct notes *notes)
{
	if (!json_object_get(actuator, "sessions") || count_at(actuator, "sessions_up"))
		return;
	begin_note(notes);
	text_add(notes->out, "actuator ");
	plain_add(notes->out, string_at(actuator, "name"));
	text_addf(notes->out,
		  ": of %" PRIu64 " BGP sessions none is up, what it announces reaches nobody\n"
		  "      `birdc show protocols` or `gobgp neighbor` shows why\n",
		  count_at(actuator, "sessions"));
}

static void note_actuator(const json_t *actuator, struct notes *notes)
{
	if (!json_is_true(json_object_get(actuator, "failing"))) {
		note_sessions(actuator, notes);
		return;
	}
	begin_note(notes);
	text_add(notes->out, "actuator ");
	plain_add(notes->out, string_at(actuator, "name"));
	if (count_at(actuator, "plans"))
		text_addf(notes->out, " fails, %" PRIu64 " of %" PRIu64 " plans are not in force",
			  count_at(actuator, "plans") - count_at(actuator, "held"),
			  count_at(actuator, "plans"));
	else
		text_add(notes->out, " fails; nothing is wanted of it just now");
	text_add(notes->out, "\n      ");
	plain_add(notes->out, string_at(actuator, "why"));
	text_add(notes->out, "\n");
}

static void note_plans(const json_t *status, struct notes *notes)
{
	const json_t *actuators = json_object_get(status, "actuators");
	const json_t *plans = json_object_get(status, "plans");

	for (size_t i = 0; i < json_array_size(actuators); i++)
		note_actuator(json_array_get(actuators, i), notes);
	note(notes, count_at(plans, "waiting"), "plans that wait for a person",
	     "`weir incidents --state open` lists them, `weir plan ID` shows one");
	note(notes, count_at(plans, "flapping"), "plans that changed ten times within an hour",
	     "they stay as they are until that is over; `weir mitigate ID` takes the newest rules, "
	     "`weir withdraw ID` ends it");
	note(notes, count_at(plans, "stopped"), "plans that a canary stopped",
	     "`weir audit` and `weir plan ID` say why; `weir mitigate ID` tries once more");
	note(notes, json_is_true(json_object_get(plans, "panic")),
	     "panic: nothing is held back, whatever comes",
	     "`weir panic --end`, or remove the file of protect.kill_file, ends that");
	note(notes, json_is_true(json_object_get(plans, "brake")),
	     "many actions at once: nothing more is held back without a person",
	     "look at the open incidents; it ends by itself five minutes after the last");
	note(notes, count_at(plans, "turned_away"), "incidents that found no room for a plan",
	     "they are watched only; the largest ones have one");
}

static void note_coverage(const json_t *coverage, struct notes *notes)
{
	const char *reason = string_at(coverage, "reason");

	if (json_is_true(json_object_get(coverage, "degraded"))) {
		begin_note(notes);
		text_add(notes->out, "the coverage ledger cannot be written: ");
		plain_add(notes->out, *reason ? reason : "unknown why");
		text_add(notes->out, "\n      its minutes wait, then they are lost\n");
	}
	note(notes, count_at(coverage, "lost"), "minutes of the coverage ledger lost",
	     "they show as not watched");
}

static void note_age(const json_t *status, uint64_t now_ns, struct notes *notes)
{
	uint64_t at_ns = time_at(status, "time");
	char words[32];

	if (now_ns <= at_ns + STALE_NS)
		return;
	begin_note(notes);
	text_addf(notes->out, "OLD: all this was true %s ago\n      the daemon does not keep up\n",
		  quantity_format(now_ns - at_ns, QUANTITY_DURATION, words));
}

static void note_journal(const json_t *journal, struct notes *notes)
{
	const char *reason = string_at(journal, "reason");

	if (!json_is_true(json_object_get(journal, "degraded")))
		return;
	begin_note(notes);
	text_add(notes->out, "the journal cannot be written: ");
	plain_add(notes->out, *reason ? reason : "unknown why");
	text_add(notes->out, "\n      after a restart open incidents would begin anew\n");
}

/* What is lost before it is measured. */
static void note_losses(const json_t *status, struct notes *notes)
{
	const json_t *threads = json_object_get(status, "threads");
	const json_t *totals = json_object_get(status, "totals");

	note(notes, sum_in(threads, "ticks_dropped"), "ticks not taken in time",
	     "the machine is too slow for this input");
	if (!has_open(status, "kernel-drops"))
		note(notes, count_at(totals, "kernel_dropped"),
		     "datagrams lost in full socket buffers (at least)",
		     "raise ingest.receive_buffer, or ingest.threads");
	note(notes, count_at(json_object_get(status, "incidents"), "turned_away"),
	     "incidents that found no room because too many are open", "raise incidents.max_open");
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What was refused on its way in. A full table counts once as a table, once as a reason. */
static void note_refused(const json_t *status, struct notes *notes)
{
	const json_t *threads = json_object_get(status, "threads");
	const json_t *reasons = json_object_get(json_object_get(status, "totals"), "undecodable");

	note(notes, count_at(reasons, reason_name(REASON_EXPORTER_FULL)),
	     "datagrams of exporters that found no room, and are not seen at all",
	     "raise limits.exporters; against strangers, set exporters_only");
	note(notes, count_at(reasons, reason_name(REASON_NOT_ALLOWED)),
	     "datagrams of senders that are not under exporters",
	     "add them there if they are yours; exporters_only refuses all others");
	note(notes,
	     larger(sum_in(threads, "templates_turned_away"),
		    count_at(reasons, reason_name(REASON_TEMPLATE_FULL))),
	     "templates that found no room", "raise limits.templates");
	note(notes,
	     larger(sum_in(threads, "held_turned_away"),
		    count_at(reasons, reason_name(REASON_NO_TEMPLATE))),
	     "data sets given up while they waited for their template",
	     "let the exporter send templates more often, or raise limits.held");
	note(notes, count_at(reasons, reason_name(REASON_TEMPLATE_BAD)),
	     "templates that cannot be used, nor the data that follows them",
	     "see whose: UNDECODED below; look at what that exporter is set to send");
}

/* In the first minutes only what its packets give away is told. */
static void note_settling(const json_t *status, struct notes *notes)
{
	const json_t *learned = detector_at(json_object_get(status, "detectors"), "learned");
	uint64_t left_s = count_at(learned, "settling_s");
	uint64_t held = count_at(learned, "held_back");

	if (!left_s)
		return;
	begin_note(notes);
	text_addf(notes->out,
		  "learning what is usual for another %llu s: until then only attacks that their "
		  "packets give away are told\n",
		  (unsigned long long)left_s);
	if (held)
		text_addf(notes->out,
			  "      %llu more look like an attack and are not acted on yet; see weir "
			  "top\n",
			  (unsigned long long)held);
}

static void note_tables(const json_t *status, struct notes *notes)
{
	const json_t *detectors = json_object_get(status, "detectors");

	note(notes, sum_in(json_object_get(status, "threads"), "hosts_turned_away"),
	     "records of hosts that found no room in the tally", "raise limits.hosts");
	note(notes, count_at(detector_at(detectors, "threshold"), "turned_away"),
	     "tallies of hosts that a detector had no room for", "raise limits.hosts");
	note(notes, count_at(detector_at(detectors, "learned"), "turned_away"),
	     "rates that had to go for others while they rose", "raise limits.counters");
	note(notes, count_at(detector_at(detectors, "learned"), "watched_turned_away"),
	     "hosts, networks and places outside that found no room to be looked at closely",
	     "raise limits.subjects");
	note(notes, count_at(detector_at(detectors, "learned"), "profiles_turned_away"),
	     "times that a usual rate was to be learned and found no room",
	     "raise limits.profiles");
	note(notes, count_at(detector_at(detectors, "learned"), "stories_turned_away"),
	     "times that an attack found no room among 512 that go on, and was not told",
	     "raise detect.floor");
	note(notes, count_at(detector_at(detectors, "learned"), "ports_turned_away"),
	     "sampled packets by ports beyond 4096, not looked at for forged sources",
	     "sample fewer ports");
	note(notes, sum_in(detectors, "rings_turned_away"),
	     "tallies reported late of hosts that a detector had no room for",
	     "raise limits.watched");
}

/* At least half of its loss by the full socket buffers of its thread: told with those. */
static bool is_lost_here(const json_t *status, const json_t *exporter)
{
	const json_t *thread = json_array_get(json_object_get(status, "threads"),
					      (size_t)count_at(exporter, "thread"));
	const json_t *lost = json_object_get(exporter, "lost");
	double datagrams = number_at(lost, "count");
	double records = number_at(exporter, "records") + number_at(exporter, "options");

	if (strcmp(string_at(lost, "unit"), "records") == 0 && records > 0)
		datagrams *= number_at(exporter, "datagrams") / records;
	return datagrams > 0 && 2 * number_at(thread, "kernel_dropped") >= datagrams;
}

static void note_exporters(const json_t *status, struct notes *notes)
{
	const json_t *exporters = json_object_get(status, "exporters");
	uint64_t unknown = 0, losing = 0, clocks = 0;
	size_t i;
	json_t *exporter;

	json_array_foreach((json_t *)exporters, i, exporter)
	{
		unsigned trouble = exporter_trouble(exporter);
		unknown += (trouble & TROUBLE_SAMPLING) != 0;
		losing += trouble & TROUBLE_LOST && !is_lost_here(status, exporter);
		clocks += (trouble & TROUBLE_CLOCK) != 0;
	}
	note(notes, unknown, "exporters that sent records without a sampling rate",
	     "their counts are lower bounds: set `sampling` for them under exporters");
	note(notes, losing, "exporters of which more than 1% is lost on the way",
	     "look at the path from them to here");
	note(notes, clocks, "exporters whose clock is more than 5 s off", "set up NTP there");
}

/* An interface that gives nothing is what an operator would not notice by himself. */
static void note_links(const json_t *links, struct notes *notes)
{
	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *link = json_array_get(links, i);
		if (json_is_true(json_object_get(link, "works")))
			continue;
		begin_note(notes);
		text_add(notes->out, "interface ");
		plain_add(notes->out, string_at(link, "name"));
		text_add(notes->out, " gives nothing: ");
		plain_add(notes->out, string_at(link, "reason"));
		text_add(notes->out, "\n      sampled again as soon as it is there and up\n");
	}
}

static void note_restart(const char *settings, struct notes *notes)
{
	if (!*settings)
		return;
	begin_note(notes);
	text_add(notes->out, "changed, and waiting for a restart: ");
	plain_add(notes->out, settings);
	text_add(notes->out,
		 "\n      `systemctl restart weir`; what is in force goes on over it\n");
}

void render_notes(const json_t *status, uint64_t now_ns, struct text *out)
{
	struct notes notes = { .out = out };

	note_age(status, now_ns, &notes);
	note_faults(status, &notes);
	note_coverage(json_object_get(status, "coverage"), &notes);
	note_journal(json_object_get(status, "journal"), &notes);
	note_links(json_object_get(status, "links"), &notes);
	note_losses(status, &notes);
	note_refused(status, &notes);
	note_tables(status, &notes);
	note_settling(status, &notes);
	note_exporters(status, &notes);
	note_plans(status, &notes);
	note(&notes, sum_in(json_object_get(status, "sinks"), "dropped"),
	     "events that a sink could not write", "see sinks in `weir status --json`");
	note_restart(string_at(json_object_get(status, "config"), "needs_restart"), &notes);
	note(&notes, count_at(json_object_get(status, "config"), "reloads_refused"),
	     "reloads refused", "the configuration before them stays; see `weir check`");
	if (notes.any)
		text_add(out, "\n");
}
