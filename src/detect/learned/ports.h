/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ports: sources that are not ours, coming out of a port where only ours should.
 *
 * Samples in, findings about interfaces out: ingress filtering (BCP 38, RFC 2827) that is missing,
 * and forged floods through it. Which ports face customers is learned from what comes in by them.
 * A table of fixed size. One thread; allocates at open only.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "detect/detector.h"
#include "model/sample.h"

/** Ports that are told apart. */
#define PORTS_MAX     4096
/** Samples kept of a port. */
#define PORTS_SAMPLES 64

struct port;

/** All of them. */
struct ports {
	struct port *at;
	uint32_t count;
	uint32_t *index; /**< by hash: place plus one */
	uint64_t next_key;
	uint64_t turned_away;
};

/** ports_open() - Return: 0 or -ENOMEM. */
WEIR_CHECK int ports_open(struct ports *ports);

/** ports_close() - give the memory back; harmless when repeated. */
void ports_close(struct ports *ports);

/** ports_sample() - a sample of any direction came in by a port. */
void ports_sample(struct ports *ports, const struct sample *sample, uint64_t now_ns);

/** ports_name() - the exporter that a vantage belongs to. */
void ports_name(struct ports *ports, const struct tally_vantage *vantage);

/** ports_tick() - say what is found. */
void ports_tick(struct ports *ports, const struct config *config, uint64_t now_ns,
		const struct finding_sink *sink);

/** ports_end() - forget what is suspected. */
void ports_end(struct ports *ports);

/** ports_are_busy() - is any suspected? */
bool ports_are_busy(const struct ports *ports);
