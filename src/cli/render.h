/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render: the daemon's JSON in, pages for people out.
 *
 * Pure: no clock, no socket. What the JSON does not have is left out, so that
 * a newer command still understands an older daemon.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "base/text.h"

struct table;

/** How much may be shown. */
struct render_layout {
	size_t width; /**< characters a line; 0: whatever it takes */
	bool all;     /**< rows of a table, however many */
};

/** What is wrong with an exporter, flags; the worse it is the larger. */
enum {
	TROUBLE_CLOCK = 1 << 0,     /**< its clock is far off */
	TROUBLE_UNDECODED = 1 << 1, /**< something of it could not be decoded */
	TROUBLE_LOST = 1 << 2,      /**< much is lost on the way */
	TROUBLE_SAMPLING = 1 << 3,  /**< records without a sampling rate */
	TROUBLE_SILENT = 1 << 4,    /**< it should send and does not */
	TROUBLE_RATE = 1 << 5,      /**< its sampling rate is wrong */
};

/**
 * render_status() - append the page of `weir status`.
 * @status: the answer to GET /api/v1/status, borrowed
 * @now_ns: to notice that the answer is old
 * @layout: borrowed
 */
void render_status(const json_t *status, uint64_t now_ns, const struct render_layout *layout,
		   struct text *out);

/** render_notes() - its first part: what somebody should look after, the worst first. */
void render_notes(const json_t *status, uint64_t now_ns, struct text *out);

/** render_traffic() - its tables of networks and of the heaviest addresses, where there are any. */
void render_traffic(const json_t *status, const struct render_layout *layout, struct text *out);

/**
 * render_verdict() - append what came of a plan: what it dropped, and whom that hit.
 * @one: with the member "verdict"; nothing is said without it, or of a plan that only watches
 * @indent: spaces before the labels
 */
void render_verdict(const json_t *one, unsigned indent, struct text *out);

/**
 * render_top() - append the page of `weir top`.
 * @top: the answer to GET /api/v1/top, borrowed
 * @limit: most rows
 */
void render_top(const json_t *top, uint64_t now_ns, size_t limit,
		const struct render_layout *layout, struct text *out);

/**
 * render_plan() - append the page of `weir plan`.
 * @one: one incident as the API gives it, borrowed
 *
 * Return: 0, or -WEIR_EFORMAT when it has no plan that can be read.
 */
WEIR_CHECK int render_plan(const json_t *one, struct text *out);

/** render_acts() - append the page of `weir audit`. @acts: the answer to GET /api/v1/acts */
void render_acts(const json_t *acts, struct text *out);

/** render_exporters() - its last part: the table, those with trouble on top. */
void render_exporters(const json_t *status, const struct render_layout *layout, struct text *out);

/**
 * render_exporter() - all that is known of the exporters of this address or name.
 *
 * Return: how many there are.
 */
size_t render_exporter(const json_t *status, const char *wanted, struct text *out);

/**
 * merge_interfaces() - one exporter for each interface, whichever threads read it.
 * @exporters: borrowed
 *
 * Return: an array that holds a reference to all others; NULL when memory is short.
 */
json_t *merge_interfaces(const json_t *exporters);

/** exporter_trouble() - TROUBLE_ flags of one element of `exporters`. */
unsigned exporter_trouble(const json_t *exporter);

/** render_rate() - append one of {"1s": …, "10s": …}. */
void render_rate(const json_t *rates, const char *key, struct text *out);

/** render_table() - end a table so that it fits, and say if something was left out for it. */
void render_table(struct table *table, const struct render_layout *layout, struct text *out);

/**
 * render_coverage() - append the page of `weir coverage`: a table, then a picture.
 * @answer: the answer to GET /api/v1/coverage, borrowed
 */
void render_coverage(const json_t *answer, const struct render_layout *layout, struct text *out);

/**
 * render_incidents() - append the table of `weir incidents`.
 * @list: the answer to GET /api/v1/incidents, borrowed
 */
void render_incidents(const json_t *list, uint64_t now_ns, const struct render_layout *layout,
		      struct text *out);

/**
 * render_incident() - append the story of one incident.
 * @one: the answer to GET /api/v1/incidents/ID, borrowed
 *
 * Return: 0, or -WEIR_EFORMAT when it is no incident.
 */
int render_incident(const json_t *one, struct text *out);
