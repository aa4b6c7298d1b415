/* SPDX-License-Identifier: Apache-2.0 */
/* logs: paths of the configuration in, sources with a worker out; troubles to the log. */
#include "daemon/logs.h"

#include <string.h>

#include "base/log.h"
#include "ingest/flowlog/watch.h"

int logs_open(const struct config *config, struct worker *worker, struct text *words,
	      struct text *error)
{
	for (size_t i = 0; i < config->flowlog_count; i++) {
		const struct config_flowlog *entry = &config->flowlogs[i];
		struct source *source = NULL;
		int err = watch_open(entry, config->state_path, error, &source);
		if (!err)
			err = worker_source(worker, source);
		if (err) {
			source_close(source);
			return err;
		}
		text_addf(words, "%s%s", words->len ? ", " : "", entry->path);
	}
	return 0;
}

void logs_fill(const struct logs_told *told, struct status_view *view)
{
	view->flowlogs = told->logs;
	view->flowlog_count = told->count;
}

static void tell(const struct source_stats *before, const struct source_stats *now)
{
	uint64_t unreadable = now->flowlog.unreadable;

	if (unreadable <= before->flowlog.unreadable &&
	    (!now->error || now->error == before->error))
		return;
	log_warning("ingest.flowlog",
		    "flow logs in %s: %s; %llu file%s could not be read to the end;"
		    " look at the rights, and that they are whole",
		    now->name, now->error ? err_text(now->error) : "a file is broken",
		    (unsigned long long)unreadable, unreadable == 1 ? "" : "s");
}

void logs_take(struct logs_told *told, const struct parcel *parcel)
{
	size_t count = 0;

	if (!parcel->fresh)
		return;
	for (unsigned i = 0; i < parcel->source_count; i++) {
		const struct source_stats *stats = &parcel->sources[i];
		if (strcmp(stats->kind, "flowlog") != 0)
			continue;
		tell(&told->logs[count], stats);
		told->logs[count++] = *stats;
	}
	told->count = count;
}
