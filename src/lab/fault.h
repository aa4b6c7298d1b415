/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault: what goes wrong between an exporter and its collector, or in the exporter.
 *
 * Losses stand between encoder and writer, as a sink before a sink. The other faults are members
 * of struct lab_exporter, which the functions here set before it is opened. Deterministic.
 */
#pragma once

#include "lab/flow_cache.h"

/** A sink that loses some of what it is given; set it up with lab_fault_loss(). */
struct lab_loss {
	struct lab_sink next;
	uint64_t from_ns;
	uint64_t until_ns;
	uint32_t permille;
	uint64_t random;  /**< state of its generator */
	uint64_t passed;  /**< datagrams */
	uint64_t dropped; /**< datagrams */
};

/**
 * lab_fault_loss() - lose @permille of what is sent from @from_ns up to @until_ns.
 * @next: where the rest goes; copied
 * @ret_loss: the caller's; has to stay where it is as long as the sink is used
 *
 * Return: the sink to give to an encoder.
 */
struct lab_sink lab_fault_loss(const struct lab_sink *next, uint64_t from_ns, uint64_t until_ns,
			       uint32_t permille, uint64_t seed, struct lab_loss *ret_loss);

/** lab_fault_clock() - the exporter's clock is @ahead_ns ahead; below zero: behind. */
void lab_fault_clock(struct lab_exporter *exporter, int64_t ahead_ns);

/** lab_fault_rate() - from @from_ns on it announces @factor times its sampling rate. */
void lab_fault_rate(struct lab_exporter *exporter, uint64_t from_ns, uint32_t factor);

/**
 * lab_fault_templates() - at @from_ns it restarts, with other template ids, and sends none of
 * them (nor its sampling rate) before @until_ns. For NetFlow v9 and IPFIX.
 */
void lab_fault_templates(struct lab_exporter *exporter, uint64_t from_ns, uint64_t until_ns);

/** What a long flow is like. */
struct lab_long_flow {
	struct ip src;
	struct ip dst;
	uint64_t end_ns;
	uint64_t duration_ns;
	uint64_t bits_per_s; /**< of IP packets, before sampling */
	uint16_t length;     /**< of its packets */
	uint32_t in_if;
	uint32_t out_if;
};

/**
 * lab_fault_long_flow() - one record of a flow that was reported only when it ended.
 * @sampling: of the exporter
 *
 * A TCP flow from port 443. Give it to flow_export_flow() (lab/flow_export.h).
 */
struct lab_flow lab_fault_long_flow(const struct lab_long_flow *flow, uint32_t sampling);
