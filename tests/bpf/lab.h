/* SPDX-License-Identifier: Apache-2.0 */
/* lab: an engine under a test's clock and packets handed to it, beside the reference. */
#pragma once

#include "frames.h"

#include "actuate/xdp/engine.h"
#include "actuate/xdp/reference.h"

#define LAB_NOW_NS 1000000000000ULL

/* An engine, and what it is told. */
struct lab {
	struct xdp_engine *engine;
	struct xdp_protected protect[64];
	size_t protect_count;
	struct xdp_rule rules[64];
	size_t rule_count;
	uint64_t now_ns;
};

/* Ends the program as a test that is skipped: with 77, or 0 where TAP is wanted. */
_Noreturn void lab_skip(const char *why);

/* Skips all of the program where BPF is not allowed; call before any test begins. */
void lab_need_bpf(void);

/* Opens an engine that is attached nowhere. */
void lab_open(struct lab *lab, const struct xdp_engine_config *config);

/* Releases it. */
void lab_close(struct lab *lab);

/* Protects a prefix from the next lab_set() on. */
void lab_protect(struct lab *lab, const char *prefix, uint16_t group);

/* Adds a rule that drops; its id and priority are its number, from 1. Return: it, to be refined. */
struct xdp_rule *lab_rule(struct lab *lab, const char *dst);

/* Puts in force what was protected and added. */
void lab_set(struct lab *lab);

/* Hands over one frame. Return: was it dropped? *ret_told: why. */
bool lab_run(struct lab *lab, const uint8_t *frame, size_t len, struct xdp_told *ret_told);

/* As lab_run(), of a packet that is described. Return: the reason. */
uint32_t lab_send(struct lab *lab, const struct frame_spec *spec);

/* What the program counted for a reason. */
uint64_t lab_counted(const struct lab *lab, uint32_t reason);
