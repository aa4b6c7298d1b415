/* SPDX-License-Identifier: Apache-2.0 */
/* incidents: findings in, incidents and their events out. Control thread. */
#include "incident/incidents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "incident/story.h"
#include "incident/table.h"

/* Time between two log lines about a full table. */
#define FULL_SAID_EVERY_NS (60 * NS_PER_S)

/*
 * Peaks that have grown by this factor since the last event are worth one soon,
 * not at once: a rate is a mean over a window, and while that fills it doubles
 * within a few ticks.
 */
#define PEAK_NEWS          2
#define PEAK_NEWS_EVERY_NS NS_PER_S

/* An incident with something to tell this tick. */
struct due {
	struct slot *slot;
	enum event_type type;
	const char *text;
};

struct incidents {
	const struct config *config;
	struct journal *journal;
	struct incidents_stats stats;
	struct incident_whose whose; /* of machines, by `config` */
	struct table table;
	struct due *due; /* as many as the table has slots */
	uint64_t full_said_ns;
	uint64_t full_told; /* turned_away that the log has told of */
};

static int make_room(struct incidents *incidents, uint64_t capacity)
{
	if (capacity <= incidents->table.capacity)
		return 0;
	struct due *due = calloc(capacity, sizeof(*due));
	int err = due ? table_grow(&incidents->table, capacity) : -ENOMEM;
	if (err) {
		free(due);
		return err;
	}
	free(incidents->due);
	incidents->due = due;
	return 0;
}

/* What the journal has as open, in memory: the file must not be written while it is read. */
struct found {
	struct incident *incidents; /* NULL while they are only counted */
	size_t count;
};

static void find_one(void *self, const struct incident *incident)
{
	struct found *found = self;

	if (found->incidents)
		found->incidents[found->count] = *incident;
	found->count++;
}

static void resume_one(struct incidents *incidents, struct incident *incident, uint64_t now_ns)
{
	struct slot *slot = table_find(&incidents->table, &incident->host, incident->direction);

	if (slot) {
		/* Newest first: this older one has lost its end on a disk that was full. */
		story_end(incident);
		journal_add_state(incidents->journal, incident);
		return;
	}
	slot = table_add(&incidents->table, incident);
	if (!slot)
		return;
	slot->incident.resumed++;
	slot->news = NEWS_RESUMED;
	slot->unseen = true;
	slot->quiet_from_ns = now_ns;
	incidents->stats.resumed++;
}

static int resume(struct incidents *incidents, uint64_t now_ns)
{
	struct found found = { 0 };
	int count = journal_each(incidents->journal, JOURNAL_OPEN, UINT32_MAX, find_one, &found);

	if (count <= 0)
		return count;
	int err = make_room(incidents, found.count);
	if (err)
		return err;
	found = (struct found){ .incidents = calloc(found.count, sizeof(*found.incidents)) };
	if (!found.incidents)
		return -ENOMEM;
	count = journal_each(incidents->journal, JOURNAL_OPEN, UINT32_MAX, find_one, &found);
	for (size_t i = 0; i < found.count && count >= 0; i++)
		resume_one(incidents, &found.incidents[i], now_ns);
	free(found.incidents);
	journal_commit(incidents->journal, now_ns);
	return count < 0 ? count : 0;
}

static void whose_is(const void *self, const struct ip *ip, const char **ret_tenant,
		     const char **ret_region)
{
	const struct incidents *incidents = self;
	const struct config_network *network = config_network_of(incidents->config, ip);

	*ret_tenant = network && network->tenant ? network->tenant : "";
	*ret_region = network && network->region ? network->region : "";
}

int incidents_open(const struct config *config, struct journal *journal, uint64_t now_ns,
		   struct incidents **ret_incidents)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));

	if (!incidents)
		return -ENOMEM;
	incidents->config = config;
	incidents->journal = journal;
	incidents->whose = (struct incident_whose){ .of = whose_is, .self = incidents };
	int err = make_room(incidents, config->max_incidents ? config->max_incidents : 1);
	if (err == 0 && journal)
		err = resume(incidents, now_ns);
	if (err) {
		incidents_close(incidents);
		return err;
	}
	*ret_incidents = incidents;
	return 0;
}

void incidents_close(struct incidents *incidents)
{
	if (!incidents)
		return;
	table_done(&incidents->table);
	free(incidents->due);
	free(incidents);
}

int incidents_reload(struct incidents *incidents, const struct config *config)
{
	int err = make_room(incidents, config->max_incidents);

	if (err == 0)
		incidents->config = config;
	return err;
}

/* The incident a finding belongs to: the one its detector means, or the one that is there. */
static struct slot *slot_for(struct incidents *incidents, const struct finding *finding)
{
	const struct prefix where = { .ip = finding->host,
				      .len = finding->len ? finding->len : 128 };

	if (!finding->story)
		return table_find(&incidents->table, &finding->host, finding->direction);
	struct slot *slot = table_find_story(&incidents->table, finding->story, finding->direction);
	if (!slot)
		slot = table_find_overlap(&incidents->table, &where, finding->direction);
	return slot;
}

/* Who takes part, kept with the incident as long as it is open. */
static void keep_machines(const struct incidents *incidents, struct slot *slot,
			  const struct finding *finding)
{
	const size_t size = (size_t)finding->machine_count * sizeof(*finding->machines);

	if (!finding->machine_count)
		return;
	if (finding->machine_count != slot->incident.machine_count) {
		struct finding_machine *more = realloc(slot->machines, size);
		if (!more)
			return;
		slot->machines = more;
	}
	memcpy(slot->machines, finding->machines, size);
	slot->incident.machine_count = finding->machine_count;
	slot->incident.machines = slot->machines;
	slot->incident.whose = &incidents->whose;
}

static struct slot *open_one(struct incidents *incidents, const struct finding *finding)
{
	struct incident incident;
	struct slot *slot = NULL;

	story_begin(incidents->config, finding, &incident);
	if (incidents->table.open < incidents->config->max_incidents)
		slot = table_add(&incidents->table, &incident);
	if (!slot) {
		incidents->stats.turned_away += finding->first;
		return NULL;
	}
	slot->news = NEWS_OPENED;
	incidents->stats.opened++;
	return slot;
}

void incidents_finding(struct incidents *incidents, const struct finding *finding)
{
	struct slot *slot = slot_for(incidents, finding);

	if (slot)
		story_add(incidents->config, &slot->incident, finding);
	else if (finding->above)
		slot = open_one(incidents, finding);
	if (!slot)
		return;
	if (finding->story)
		slot->story = finding->story;
	slot->hold_ns = finding->hold_ns;
	keep_machines(incidents, slot, finding);
	slot->fresh = true;
	slot->heard = true;
	/* It was told as not seen since the restart: that must not stand. */
	if (slot->unseen && slot->news == NEWS_NONE)
		slot->news = NEWS_SEEN;
	slot->unseen = false;
	slot->quiet_from_ns = finding->now_ns;
}

static bool elapsed(uint64_t now_ns, uint64_t since_ns, uint64_t time_ns)
{
	return now_ns > since_ns && now_ns - since_ns >= time_ns;
}

static uint64_t close_after(const struct incidents *incidents, const struct slot *slot)
{
	uint64_t after_ns = incidents->config->close_after_ns;

	return slot->hold_ns > after_ns ? slot->hold_ns : after_ns;
}

/* Detectors speak of what they follow at each tick: without a finding they no longer do. */
static void listen(const struct incidents *incidents, struct slot *slot)
{
	if (!slot->heard)
		story_hush(&slot->incident, slot->quiet_from_ns,
			   slot->quiet_from_ns + close_after(incidents, slot));
	slot->heard = false;
}

static bool has_grown(const struct slot *slot)
{
	const struct incident *incident = &slot->incident;

	return incident->peak_pps / PEAK_NEWS >= slot->told_pps + (slot->told_pps == 0) ||
	       incident->peak_bps / PEAK_NEWS >= slot->told_bps + (slot->told_bps == 0);
}

/* Whom it hits, as a number that changes with it. */
static uint64_t targets_of(const struct incident *incident)
{
	uint64_t hash = incident->target_count;

	for (unsigned i = 0; i < incident->target_count; i++)
		hash = hash_ip(&incident->targets[i].ip, hash + incident->targets[i].len);
	return hash;
}

/* What there is to tell about an incident now. Return: false for nothing. */
static bool due_for(struct incidents *incidents, struct slot *slot, uint64_t now_ns,
		    struct due *due)
{
	const struct config *config = incidents->config;

	*due = (struct due){ .slot = slot, .type = EVENT_INCIDENT_UPDATED };
	if (slot->news == NEWS_OPENED) {
		due->type = EVENT_INCIDENT_OPENED;
		return true;
	}
	if (slot->news == NEWS_RESUMED) {
		due->text = "resumed after a restart; what happened while Weir was down is not"
			    " known";
		return true;
	}
	if (elapsed(now_ns, slot->quiet_from_ns, close_after(incidents, slot))) {
		due->type = EVENT_INCIDENT_CLOSED;
		if (slot->unseen)
			due->text =
				"nothing above the closing level came since the restart; the end"
				" is when it was last seen before";
		return true;
	}
	if (!slot->fresh)
		return false;
	return slot->news == NEWS_SEEN || slot->incident.severity > slot->told_severity ||
	       ((has_grown(slot) || slot->told_targets != targets_of(&slot->incident)) &&
		elapsed(now_ns, slot->incident.updated_ns, PEAK_NEWS_EVERY_NS)) ||
	       elapsed(now_ns, slot->incident.updated_ns, config->update_every_ns);
}

static int due_order(const void *a, const void *b)
{
	const struct due *x = a;
	const struct due *y = b;

	return strcmp(x->slot->incident.id, y->slot->incident.id);
}

static size_t gather(struct incidents *incidents, uint64_t now_ns)
{
	size_t count = 0;

	for (uint32_t i = 0; i < incidents->table.used; i++) {
		struct slot *slot = &incidents->table.slots[i];
		if (!slot->incident.id[0])
			continue;
		listen(incidents, slot);
		if (due_for(incidents, slot, now_ns, &incidents->due[count]))
			count++;
	}
	qsort(incidents->due, count, sizeof(*incidents->due), due_order);
	return count;
}

static void note_told(struct slot *slot, uint64_t now_ns)
{
	slot->incident.updated_ns = now_ns;
	slot->news = NEWS_NONE;
	slot->fresh = false;
	slot->told_pps = slot->incident.peak_pps;
	slot->told_bps = slot->incident.peak_bps;
	slot->told_targets = targets_of(&slot->incident);
	slot->told_severity = slot->incident.severity;
}

/* Bring the incidents into the state that their events will tell of, and record it. */
static void record(struct incidents *incidents, size_t count, uint64_t now_ns)
{
	for (size_t i = 0; i < count; i++) {
		const struct due *due = &incidents->due[i];
		struct event event = { due->type, now_ns, &due->slot->incident, .text = due->text };
		note_told(due->slot, now_ns);
		if (due->type == EVENT_INCIDENT_CLOSED)
			story_end(&due->slot->incident);
		if (incidents->journal)
			journal_add(incidents->journal, &event);
	}
}

static void record_all(struct incidents *incidents)
{
	for (uint32_t i = 0; i < incidents->table.used; i++) {
		if (incidents->table.slots[i].incident.id[0])
			journal_add_state(incidents->journal, &incidents->table.slots[i].incident);
	}
}

static void tell(struct incidents *incidents, size_t count, uint64_t now_ns,
		 const struct event_sink *sink)
{
	for (size_t i = 0; i < count; i++) {
		const struct due *due = &incidents->due[i];
		struct event event = { due->type, now_ns, &due->slot->incident, .text = due->text };
		sink->emit(sink->self, &event);
		if (due->type == EVENT_INCIDENT_CLOSED) {
			table_remove(&incidents->table, due->slot);
			incidents->stats.closed++;
		}
	}
}

static void say_full(struct incidents *incidents, uint64_t now_ns)
{
	uint64_t news = incidents->stats.turned_away - incidents->full_told;

	if (news == 0 ||
	    (incidents->full_said_ns && now_ns < incidents->full_said_ns + FULL_SAID_EVERY_NS))
		return;
	log_warning("incident",
		    "incidents.max_open (%" PRIu64
		    ") was reached: incidents that found no room: %" PRIu64
		    "; raise it, or the thresholds",
		    incidents->config->max_incidents, news);
	incidents->full_said_ns = now_ns;
	incidents->full_told = incidents->stats.turned_away;
}

void incidents_tick(struct incidents *incidents, uint64_t now_ns, const struct event_sink *sink)
{
	struct journal *journal = incidents->journal;
	size_t count = gather(incidents, now_ns);

	if (journal && journal_wants_all(journal, now_ns))
		record_all(incidents);
	record(incidents, count, now_ns);
	if (journal)
		journal_commit(journal, now_ns);
	tell(incidents, count, now_ns, sink);
	say_full(incidents, now_ns);
}

void incidents_stats(const struct incidents *incidents, struct incidents_stats *ret_stats)
{
	*ret_stats = incidents->stats;
	ret_stats->open = incidents->table.open;
	ret_stats->limit = incidents->config->max_incidents;
}

void incidents_each(struct incidents *incidents,
		    void (*each)(void *self, const struct incident *incident), void *self)
{
	size_t count = 0;

	for (uint32_t i = 0; i < incidents->table.used; i++) {
		if (incidents->table.slots[i].incident.id[0])
			incidents->due[count++].slot = &incidents->table.slots[i];
	}
	qsort(incidents->due, count, sizeof(*incidents->due), due_order);
	for (size_t i = 0; i < count; i++)
		each(self, &incidents->due[i].slot->incident);
}

const struct incident *incidents_find(const struct incidents *incidents, const char *id)
{
	for (uint32_t i = 0; *id && i < incidents->table.used; i++) {
		if (strcmp(incidents->table.slots[i].incident.id, id) == 0)
			return &incidents->table.slots[i].incident;
	}
	return NULL;
}
