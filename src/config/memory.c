/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: limits in, the bytes that all tables and buffers of this size can take out.
 *
 * The rooms that take the memory lie above this one, so their sizes stand here as
 * numbers; tests/unit/config/test_memory.c holds them against what the rooms take.
 */
#include "config/checks.h"

/* Finished ticks on their way between the threads, and the one being filled. */
#define TICKS 5

/* Bytes of one entry, rounded up. */
#define ROW              64      /* of a tick */
#define ROW_INDEX        4       /* by which prefix rows are found */
#define HOST_PLACE       48      /* of a host by index, three directions */
#define HOST_SLOT        32      /* of a table that is at most half full */
#define HOST_GLANCE      64      /* of the detector */
#define GLANCE_SLOT      4       /* of its index */
#define WATCHED          6100    /* host near a limit: windows, and a history of 256 s */
#define OUTSIDE          64      /* an outside address */
#define DETAIL_TICK      1776    /* peers and ports of a tally */
#define DETAIL_WATCH     1800    /* of the detector */
#define SAMPLE           64      /* a flow as evidence */
#define COUNTER          128     /* of an entity and class, with its tests */
#define COUNTER_TAG      4       /* of its index */
#define GUEST            24      /* of the door, where outside addresses wait that were seen once */
#define HISTORY          1064    /* its last 256 s, one for each of `watched` */
#define PROFILE          432     /* a learned envelope */
#define PROFILE_SLOT     4       /* of its index */
#define SUBJECT          21160   /* what is looked at closely, with 256 samples */
#define SUBJECT_SLOT     4       /* of its index */
#define EXPORTER         21400   /* state, counters on their way, ledger, what status shows */
#define TEMPLATE         1306    /* compiled template and its chain */
#define INCIDENT         2128    /* story and index */
#define USUAL_HOST       9480    /* what a busy host usually gets, 128 samples */
#define NETWORK          1216    /* traffic of the status, both ways */
#define THREAD_OF_ITSELF 8 << 20 /* datagrams being read, counters of interfaces */

/* Heaviest addresses of the status. */
#define HEAVIEST (450 << 10)
/* Networks whose traffic the status tells, at most. */
#define NETWORKS 1024

/*
 * Of the learned detector, whatever the limits are: who talks to whom, four filters of 8 MiB; the
 * stories of 512 attacks with the machines of 16; 4096 ports.
 */
#define LEARNED (52 << 20)

/*
 * Of the making of plans: 64 cases with 2,048 samples, the machines of a campaign and their rules;
 * 65,536 samples of the whole site, twice; what rules are searched in.
 */
#define PLANS (43 << 20)

/* Window over a flow log, files found, one JSON value as it is read. */
#define LOG_READER (32 << 20)

/* What asks for memory, named as the setting that lowers it. */
enum part {
	PART_HOSTS,
	PART_WATCHED,
	PART_OUTSIDE,
	PART_DETAILS,
	PART_SAMPLES,
	PART_COUNTERS,
	PART_PROFILES,
	PART_SUBJECTS,
	PART_EXPORTERS,
	PART_TEMPLATES,
	PART_HELD,
	PART_BUFFERS,
	PART_RINGS,
	PART_LOGS,
	PART_INCIDENTS,
	PART_THREADS,
	PART_COUNT
};

static const struct {
	const char *section;
	const char *key;
} part_names[PART_COUNT] = {
	[PART_HOSTS] = { "limits", "hosts" },
	[PART_WATCHED] = { "limits", "watched" },
	[PART_OUTSIDE] = { "limits", "outside" },
	[PART_DETAILS] = { "limits", "details" },
	[PART_SAMPLES] = { "limits", "samples" },
	[PART_COUNTERS] = { "limits", "counters" },
	[PART_PROFILES] = { "limits", "profiles" },
	[PART_SUBJECTS] = { "limits", "subjects" },
	[PART_EXPORTERS] = { "limits", "exporters" },
	[PART_TEMPLATES] = { "limits", "templates" },
	[PART_HELD] = { "limits", "held" },
	[PART_BUFFERS] = { "ingest", "receive_buffer" },
	[PART_RINGS] = { "ingest", "packet_ring" },
	[PART_LOGS] = { "listen", "flowlog" },
	[PART_INCIDENTS] = { "incidents", "max_open" },
	[PART_THREADS] = { "ingest", "threads" },
};

static uint64_t power_of_two(uint64_t least, uint64_t at_least)
{
	uint64_t power = least;

	while (power < at_least)
		power *= 2;
	return power;
}

/* Rows of hosts in one tick, as src/tally/batch.c has it; half as many are for prefixes. */
/* Hosts whose usual traffic is kept for the making of plans. */
static uint64_t usual_of(uint64_t hosts)
{
	return hosts / 32 < 8192 ? hosts / 32 : 8192;
}

static uint64_t rows_of(uint64_t hosts)
{
	if (hosts < 4096)
		return 4096;
	return hosts < 262144 ? hosts : 262144;
}

static uint64_t hosts_of_thread(uint64_t hosts)
{
	const uint64_t rows = rows_of(hosts);

	return rows * 3 / 2 * ROW * TICKS + power_of_two(64, rows) * ROW_INDEX +
	       hosts * HOST_PLACE + power_of_two(64, 2 * hosts) * HOST_SLOT;
}

/* Of our own hosts and networks, and a quarter as many of outside addresses. */
static uint64_t counters_of(uint64_t counters)
{
	return (power_of_two(64, counters) + power_of_two(64, counters / 4)) *
		       (COUNTER + COUNTER_TAG) +
	       power_of_two(1024, counters / 4) * GUEST;
}

static uint64_t traffic_of(const struct config *config)
{
	uint64_t networks = config->network_count < NETWORKS ? config->network_count : NETWORKS;

	return networks * NETWORK + HEAVIEST;
}

static void measure(const struct config *config, uint64_t ret_parts[PART_COUNT])
{
	const uint64_t threads = config_workers(config);
	const uint64_t hosts = config->max_hosts;

	ret_parts[PART_HOSTS] = threads * hosts_of_thread(hosts) + hosts * HOST_GLANCE +
				power_of_two(64, 2 * hosts) * GLANCE_SLOT +
				usual_of(hosts) * USUAL_HOST;
	ret_parts[PART_WATCHED] = config->max_watched * (WATCHED + HISTORY);
	ret_parts[PART_OUTSIDE] =
		threads * power_of_two(8, config->max_outside) * (OUTSIDE + ROW * TICKS);
	ret_parts[PART_DETAILS] =
		config->max_details * (threads * DETAIL_TICK * TICKS + DETAIL_WATCH);
	ret_parts[PART_SAMPLES] = config->max_samples * threads * SAMPLE * TICKS;
	ret_parts[PART_COUNTERS] = counters_of(config->max_counters);
	ret_parts[PART_PROFILES] = config->max_profiles * PROFILE +
				   power_of_two(64, config->max_profiles) * PROFILE_SLOT;
	ret_parts[PART_SUBJECTS] = config->max_subjects * SUBJECT +
				   power_of_two(64, 2 * config->max_subjects) * SUBJECT_SLOT;
	ret_parts[PART_EXPORTERS] = config->max_exporters * threads * EXPORTER;
	ret_parts[PART_TEMPLATES] = config->max_templates * threads * TEMPLATE;
	ret_parts[PART_HELD] = config->max_held_bytes * threads;
	ret_parts[PART_BUFFERS] = config->receive_buffer * threads * config->listen_count;
	/* With XDP it is one for all threads; which it will be is known when it runs. */
	ret_parts[PART_RINGS] = config->packet_ring * threads * config->interface_count;
	ret_parts[PART_LOGS] = config->flowlog_count * LOG_READER;
	ret_parts[PART_INCIDENTS] = config->max_incidents * INCIDENT;
	ret_parts[PART_THREADS] =
		threads * (THREAD_OF_ITSELF) + traffic_of(config) + LEARNED + PLANS;
}

static uint64_t sum_of(const uint64_t parts[PART_COUNT])
{
	uint64_t sum = 0;

	for (enum part p = 0; p < PART_COUNT; p++)
		sum += parts[p];
	return sum;
}

uint64_t config_memory_bytes(const struct config *config)
{
	uint64_t parts[PART_COUNT];

	measure(config, parts);
	return sum_of(parts);
}

/* The key of a section in the file; line 0 if the file does not have it. */
static struct config_place place_of(const struct node *root, const char *section)
{
	const struct node *map = root ? node_find(root, section) : NULL;

	for (const struct node *key = map ? root->first : NULL; key; key = key->next) {
		if (key->value == map)
			return key->at;
	}
	return (struct config_place){ 0 };
}

void check_memory(struct reader *r)
{
	uint64_t parts[PART_COUNT];
	enum part most = 0;
	char all[32], machine[32], share[32];

	if (!r->known || !r->known->memory_bytes)
		return;
	measure(r->config, parts);
	if (sum_of(parts) <= r->known->memory_bytes)
		return;
	for (enum part p = 1; p < PART_COUNT; p++) {
		if (parts[p] > parts[most])
			most = p;
	}
	/* Built-in values have no line: then the one that multiplies them may. */
	struct config_place at = place_of(r->root, part_names[most].section);
	if (!at.line)
		at = place_of(r->root, "limits");
	if (!at.line)
		at = place_of(r->root, "ingest");
	problem_add(r->problems, at,
		    "tables and buffers of these sizes take up to %s of memory, and there are %s; "
		    "lower `%s.%s` first: it takes %s with %u thread%s",
		    quantity_format(sum_of(parts), QUANTITY_BYTES, all),
		    quantity_format(r->known->memory_bytes, QUANTITY_BYTES, machine),
		    part_names[most].section, part_names[most].key,
		    quantity_format(parts[most], QUANTITY_BYTES, share), r->config->threads,
		    r->config->threads == 1 ? "" : "s");
}
