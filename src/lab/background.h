/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background: everyday traffic of the site: nobody attacks anybody.
 *
 * The time in, sampled packets of it out. Rates go up and down by the day, by chance and in bursts;
 * packets belong to conversations between hosts and their clients, or of hosts with places outside.
 * What is drawn is the sampled process itself, thinned at rate / N. One thread.
 */
#pragma once

#include "lab/site.h"

/** Where packets go. */
struct lab_taker {
	void (*packet)(void *self, const struct lab_packet *packet);
	void *self;
};

struct background;

/** background_new() - for a site, which stays borrowed. @sampling: 1:N. NULL: no memory. */
struct background *background_new(const struct site *site, uint64_t seed, uint32_t sampling);

/** background_free() - NULL is fine. */
void background_free(struct background *background);

/**
 * background_step() - what passes from @from_s for @step_s seconds since the begin.
 * @begin_ns: time of second 0
 *
 * Packets come in no order within the step. Return: packets that passed, sampled or not.
 */
double background_step(struct background *background, uint64_t begin_ns, double from_s,
		       double step_s, const struct lab_taker *taker);

/** background_rate() - packets a second of a host just now, both ways. */
double background_rate(const struct background *background, unsigned host);

/** background_draw() - one packet of a host, as any of its packets is; for its mixture of classes. */
void background_draw(struct background *background, unsigned host, struct lab_packet *ret_packet);
