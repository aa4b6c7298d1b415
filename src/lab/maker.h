/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maker: a scenario in, a run out: weir.yaml, telemetry.pcap, truth.json, population.csv.
 *
 * The same arguments give the same bytes. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/scenario.h"

/** What goes wrong in a run, besides what the scenario does. */
enum maker_fault {
	MAKER_NO_FAULT,
	MAKER_LOSS,      /**< 30 % of the datagrams for a minute */
	MAKER_RATE10,    /**< the announced sampling rate becomes ten times what it is */
	MAKER_CLOCK,     /**< the exporter's clock is 120 s off */
	MAKER_TEMPLATES, /**< no templates around the onset */
	MAKER_TWICE,     /**< two routers report the same packets */
	MAKER_LONGFLOW,  /**< one record of a flow of half an hour */
	MAKER_FAULTS
};

/** What to make. */
struct maker_request {
	const struct scenario *scenario;
	const char *mode; /**< "sflow", "netflow9", "ipfix", "packet" */
	const char *folder;
	uint64_t seed;
	uint32_t sampling; /**< 0: 1:1000, and of packets all */
	enum maker_fault fault;
	bool ipv6;
	bool whole;   /**< the scenario's full length */
	double hours; /**< of a day without attack; 0: 24 */
	/** Told now and then how far it is; may be NULL. */
	void (*progress)(void *self, double done, double all);
	void *self;
};

/** maker_fault_name() - "none", "loss", … */
const char *maker_fault_name(enum maker_fault fault);

/**
 * maker_run() - make it.
 * @error: gets one line for people on failure
 *
 * telemetry.pcap may be a FIFO, which is waited for. Return: 0 or a negative error.
 */
WEIR_CHECK int maker_run(const struct maker_request *request, struct text *error);
