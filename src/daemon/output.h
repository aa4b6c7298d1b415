/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output: lines to standard output, in large writes, noticing when it fails.
 *
 * For subcommands that print a lot. One owner.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/** Pending text and the first error. */
struct output {
	struct text text;
	int error; /**< negative errno of the first failed write; later text is dropped */
};

/** output_open() - nothing pending. Release with output_close(). */
struct output output_open(void);

/** output_spill() - write what is pending once it is large. Call after each line. */
void output_spill(struct output *output);

/**
 * output_close() - write the rest, release the memory.
 *
 * Return: 0, or the first error: not all of the output has arrived.
 */
WEIR_CHECK int output_close(struct output *output);
