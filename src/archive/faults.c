/* SPDX-License-Identifier: Apache-2.0 */
/* faults: good and bad looks in, changes of faults out. Control thread. */
#include "archive/faults.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_NS 60000000000ULL

/* One open fault. */
struct open {
	struct fault fault;
	bool used;
	bool listed;
	bool told; /* its beginning was: then so is its end */
	struct fault_slot *slot;
	uint64_t told_ns;
	enum severity told_severity;
	double told_numbers[FAULT_NUMBERS];
};

struct faults {
	struct fault_sink sink;
	uint64_t now_ns;
	uint64_t minute;  /* for the limits on telling */
	unsigned told[2]; /* in it: of unknown exporters, of listed ones */
	struct faults_stats stats;
	struct open open[FAULTS_OPEN_MAX];
};

struct faults *faults_new(void)
{
	return calloc(1, sizeof(struct faults));
}

void faults_free(struct faults *faults)
{
	free(faults);
}

void faults_begin_time(struct faults *faults, uint64_t now_ns, const struct fault_sink *sink)
{
	faults->now_ns = now_ns;
	faults->sink = *sink;
	if (now_ns / MINUTE_NS == faults->minute)
		return;
	faults->minute = now_ns / MINUTE_NS;
	faults->told[0] = faults->told[1] = 0;
}

static bool tell(struct faults *faults, const struct fault *fault, bool listed)
{
	if (faults->told[listed] >= (listed ? FAULTS_LISTED_MAX : FAULTS_UNKNOWN_MAX)) {
		faults->stats.untold++;
		return false;
	}
	faults->told[listed]++;
	if (faults->sink.fault)
		faults->sink.fault(faults->sink.self, fault);
	return true;
}

/* Anybody can forge strangers and their faults: those of listed exporters come first. */
static int rank(const struct fault *fault, bool listed)
{
	return (listed ? SEVERITY_COUNT : 0) + (int)fault->severity;
}

static void end(struct faults *faults, struct open *open, const char *words)
{
	open->fault.state = FAULT_ENDED;
	open->fault.time_ns = faults->now_ns;
	open->fault.advice[0] = '\0';
	if (words)
		snprintf(open->fault.text, sizeof(open->fault.text), "%s", words);
	if (open->told)
		(void)tell(faults, &open->fault, open->listed);
	open->used = false;
	faults->stats.open--;
	*open->slot = (struct fault_slot){ 0 };
}

static void turn_away(struct faults *faults, struct fault_slot *slot)
{
	if (!slot->turned_away)
		faults->stats.turned_away++;
	slot->turned_away = true;
}

/* The least of the open ones, of those the oldest. */
static struct open *least_of(struct faults *faults)
{
	struct open *least = &faults->open[0];

	for (unsigned i = 1; i < FAULTS_OPEN_MAX; i++) {
		struct open *open = &faults->open[i];
		int more = rank(&open->fault, open->listed) - rank(&least->fault, least->listed);
		if (more < 0 || (more == 0 && open->fault.time_ns < least->fault.time_ns))
			least = open;
	}
	return least;
}

/* A free place, or that of a lesser fault; NULL: all that are open matter as much. */
static struct open *find_room(struct faults *faults, const struct fault *fault, bool listed)
{
	for (unsigned i = 0; i < FAULTS_OPEN_MAX; i++) {
		if (!faults->open[i].used)
			return &faults->open[i];
	}
	struct open *least = least_of(faults);
	struct fault_slot *slot = least->slot;

	if (rank(&least->fault, least->listed) >= rank(fault, listed))
		return NULL;
	end(faults, least,
	    "no longer followed, though not over: more serious faults took its place");
	turn_away(faults, slot);
	return least;
}

static void remember_told(struct open *open, uint64_t now_ns)
{
	open->told_ns = now_ns;
	open->told_severity = open->fault.severity;
	for (unsigned i = 0; i < FAULT_NUMBERS; i++)
		open->told_numbers[i] = open->fault.numbers[i].value;
}

static bool is_far(double before, double now)
{
	double large = fmax(fabs(before), fabs(now));
	double small = fmin(fabs(before), fabs(now));

	return large > 0 && ((before < 0) != (now < 0) || large >= 2 * small);
}

/* The numbers that say how bad it is; counts of a minute come and go with the traffic. */
static bool is_news(const struct open *open)
{
	const struct fault *fault = &open->fault;

	if (fault->severity != open->told_severity)
		return true;
	/* That time goes by is no news. */
	if (fault->kind == FAULT_SILENT)
		return false;
	return is_far(open->told_numbers[0], fault->numbers[0].value) ||
	       (fault->kind == FAULT_SAMPLING &&
		is_far(open->told_numbers[1], fault->numbers[1].value));
}

static void tell_change(struct faults *faults, struct open *open)
{
	struct fault changed = open->fault;

	if (!open->told || faults->now_ns < open->told_ns + FAULTS_CHANGE_NS || !is_news(open))
		return;
	changed.state = FAULT_CHANGED;
	changed.time_ns = faults->now_ns;
	/* What found no room counts as told: the next look must not knock again at once. */
	(void)tell(faults, &changed, open->listed);
	remember_told(open, faults->now_ns);
}

static void begin(struct faults *faults, struct fault_slot *slot, const struct fault *fault,
		  bool listed)
{
	struct open *open = find_room(faults, fault, listed);

	if (!open) {
		turn_away(faults, slot);
		return;
	}
	*open = (struct open){ .fault = *fault, .used = true, .listed = listed, .slot = slot };
	open->fault.state = FAULT_BEGUN;
	open->fault.time_ns = faults->now_ns;
	if (!open->fault.since_ns)
		open->fault.since_ns = faults->now_ns;
	*slot = (struct fault_slot){ .place = (uint16_t)(open - faults->open + 1) };
	faults->stats.open++;
	faults->stats.begun++;
	open->told = tell(faults, &open->fault, listed);
	remember_told(open, faults->now_ns);
}

void faults_bad(struct faults *faults, struct fault_slot *slot, const struct fault *fault,
		bool listed)
{
	if (!slot->place) {
		begin(faults, slot, fault, listed);
		return;
	}
	struct fault *open = &faults->open[slot->place - 1].fault;
	uint64_t since_ns = open->since_ns;
	uint64_t time_ns = open->time_ns;

	*open = *fault;
	open->state = FAULT_BEGUN;
	open->since_ns = since_ns;
	open->time_ns = time_ns;
	slot->good = 0;
	tell_change(faults, &faults->open[slot->place - 1]);
}

void faults_good(struct faults *faults, struct fault_slot *slot, unsigned looks, const char *words)
{
	slot->turned_away = false;
	if (!slot->place || ++slot->good < looks)
		return;
	end(faults, &faults->open[slot->place - 1], words);
}

void faults_note(struct faults *faults, const struct fault *fault, bool listed)
{
	struct fault noted = *fault;

	noted.state = FAULT_NOTED;
	noted.time_ns = faults->now_ns;
	if (!noted.since_ns)
		noted.since_ns = faults->now_ns;
	(void)tell(faults, &noted, listed);
}

static int compare(const void *left, const void *right)
{
	const struct fault *a = *(const struct fault *const *)left;
	const struct fault *b = *(const struct fault *const *)right;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->since_ns != b->since_ns)
		return a->since_ns < b->since_ns ? -1 : 1;
	return ip_compare(&a->key.address, &b->key.address);
}

bool faults_doubt(const struct faults *faults)
{
	for (unsigned i = 0; i < FAULTS_OPEN_MAX; i++) {
		const struct open *open = &faults->open[i];
		if (open->used && open->fault.severity == SEVERITY_CRITICAL)
			return true;
	}
	return false;
}

size_t faults_list(const struct faults *faults, const struct fault **ret_list)
{
	size_t count = 0;

	for (unsigned i = 0; i < FAULTS_OPEN_MAX; i++) {
		if (faults->open[i].used)
			ret_list[count++] = &faults->open[i].fault;
	}
	qsort(ret_list, count, sizeof(ret_list[0]), compare);
	return count;
}

const struct fault *faults_of(const struct faults *faults, const struct fault_slot *slot)
{
	return slot->place ? &faults->open[slot->place - 1].fault : NULL;
}

void faults_stats(const struct faults *faults, struct faults_stats *ret_stats)
{
	*ret_stats = faults->stats;
}
