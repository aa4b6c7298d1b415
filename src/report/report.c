/* SPDX-License-Identifier: Apache-2.0 */
/* report: one event in, the same event to each sink. Control thread. */
#include "report/report.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One configured sink; `state` is valid while `kind` is set. */
struct branch {
	const struct sink *kind;
	const struct config_sink *config;
	void *state;
};

struct report {
	size_t count;
	struct branch branches[];
};

const struct sink *sink_find(const char *name)
{
	for (const struct sink *const *s = sink_registry; *s; s++) {
		if (strcmp((*s)->name, name) == 0)
			return *s;
	}
	return NULL;
}

static void add_unknown(const char *kind, struct text *error)
{
	text_addf(error, "report: there is no sink of kind `%s`; choose one of", kind);
	for (const struct sink *const *s = sink_registry; *s; s++)
		text_addf(error, "%s %s", s == sink_registry ? "" : ",", (*s)->name);
	text_add(error, "\n");
}

static const char *advice_on(int err)
{
	switch (err) {
	case -ENOENT:
		return "make the folder first";
	case -EACCES:
	case -EPERM:
		return "run Weir as its owner, or change owner or mode";
	case -EROFS:
	case -ENOSPC:
		return "choose a place that can be written";
	case -EISDIR:
		return "name a file in it";
	case -ENXIO:
		return "start the reader of this named pipe first";
	default:
		return "choose another path";
	}
}

static int branch_open(struct branch *branch, const struct config_sink *config, struct text *error)
{
	const struct sink *kind = sink_find(config->kind);

	if (!kind) {
		add_unknown(config->kind, error);
		return -ENOENT;
	}
	int err = kind->open(config, &branch->state);
	if (err) {
		text_addf(error, "report: %s: %s; %s\n", config->path ? config->path : kind->name,
			  err_text(err), advice_on(err));
		return err;
	}
	branch->kind = kind;
	branch->config = config;
	return 0;
}

struct report *report_open(const struct config *config, struct text *error)
{
	struct report *report =
		calloc(1, sizeof(*report) + config->sink_count * sizeof(report->branches[0]));
	int failed = 0;

	if (!report) {
		text_addf(error, "report: %s\n", err_text(-ENOMEM));
		return NULL;
	}
	report->count = config->sink_count;
	for (size_t i = 0; i < report->count; i++)
		failed |= branch_open(&report->branches[i], &config->sinks[i], error) != 0;
	if (failed) {
		report_close(report);
		return NULL;
	}
	return report;
}

void report_close(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->count; i++) {
		if (report->branches[i].kind)
			report->branches[i].kind->close(report->branches[i].state);
	}
	free(report);
}

void report_emit(struct report *report, const struct event *event)
{
	for (size_t i = 0; i < report->count; i++)
		report->branches[i].kind->emit(report->branches[i].state, event);
}

size_t report_count(const struct report *report)
{
	return report->count;
}

void report_stats(const struct report *report, size_t index, const struct config_sink **ret_config,
		  struct sink_stats *ret_stats)
{
	assert(index < report->count);
	*ret_config = report->branches[index].config;
	report->branches[index].kind->stats(report->branches[index].state, ret_stats);
}
