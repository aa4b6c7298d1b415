/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render: the daemon's JSON in, pages for people out.
 *
 * Pure: no clock, no socket. What the JSON does not have is left out, so that
 * a newer command still understands an older daemon.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "base/text.h"

/**
 * render_status() - append the page of `weir status`.
 * @status: the answer to GET /api/v1/status, borrowed
 * @now_ns: to notice that the answer is old
 */
void render_status(const json_t *status, uint64_t now_ns, struct text *out);

/**
 * render_incidents() - append the table of `weir incidents`.
 * @list: the answer to GET /api/v1/incidents, borrowed
 */
void render_incidents(const json_t *list, uint64_t now_ns, struct text *out);

/**
 * render_incident() - append the story of one incident.
 * @one: the answer to GET /api/v1/incidents/ID, borrowed
 *
 * Return: 0, or -WEIR_EFORMAT when it is no incident.
 */
int render_incident(const json_t *one, struct text *out);
