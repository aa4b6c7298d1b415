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

void logs_take(struct logs_told *told, const struct parcel *parcel)
{
	for (unsigned i = 0; parcel->fresh && i < parcel->source_count; i++) {
		const struct source_stats *stats = &parcel->sources[i];
		bool news = stats->flowlog.unreadable > told->unreadable[i] ||
			    (stats->error && stats->error != told->error[i]);
		if (strcmp(stats->kind, "flowlog") != 0)
			continue;
		if (news)
			log_warning("ingest.flowlog",
				    "flow logs in %s: %s; %llu file%s could not be read to the end;"
				    " look at the rights, and that they are whole",
				    stats->name,
				    stats->error ? err_text(stats->error) : "a file is broken",
				    (unsigned long long)stats->flowlog.unreadable,
				    stats->flowlog.unreadable == 1 ? "" : "s");
		told->unreadable[i] = stats->flowlog.unreadable;
		told->error[i] = stats->error;
	}
}
