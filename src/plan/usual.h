/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usual: samples of own hosts in, what each of them usually receives or sends out.
 *
 * A bounded table: a row for each busy host and way, with a few samples of long ago to now and its
 * usual rate. Cold rows make room for new hosts. Samples are taken with pauses, so that a flood
 * that nobody has noticed yet fills only a small part of a row; what came after a given time can
 * be left out when it is read. Control thread; memory is taken at open.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "model/sample.h"

/** Samples of one host. */
#define USUAL_SAMPLES 128

struct usual;

/** Whose row: a host of ours, or all those in a prefix, as receivers or senders. */
struct usual_who {
	struct prefix own;
	bool outbound;
};

/** usual_open() - @hosts: rows, made a multiple of four. 0 or -ENOMEM. */
WEIR_CHECK int usual_open(size_t hosts, uint64_t seed, struct usual **ret_usual);

/** usual_close() - NULL is fine. */
void usual_close(struct usual *usual);

/**
 * usual_add() - a sample of a host.
 * @host: ours: who receives, or who sends with @outbound
 * @packets: that it stands for
 */
void usual_add(struct usual *usual, const struct ip *host, bool outbound,
	       const struct sample *sample, double packets, uint64_t now_ns);

/** Where samples go. */
struct usual_out {
	struct sample *samples;
	size_t room; /**< when there are more, each row gives its part */
	double pps; /**< filled in: usual rate of all rows that are older than the time asked for */
};

/** usual_read() - samples of all hosts inside a prefix, from before a time. Return: how many. */
size_t usual_read(const struct usual *usual, const struct usual_who *who, uint64_t before_ns,
		  struct usual_out *out);

/** usual_forget() - samples of a prefix from @since_ns on were no usual traffic. */
void usual_forget(struct usual *usual, const struct prefix *own, bool outbound, uint64_t since_ns);
