/* SPDX-License-Identifier: Apache-2.0 */
/* datagrams: one fuzz input as a run of datagrams, so that templates and their data can meet. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ingest/decoder.h"

/**
 * fuzz_datagrams() - feed an input to one decoder, with a fresh decode state.
 * @data: any number of (1 byte sender and port, 2 bytes length, so many bytes)
 *
 * Aborts when a call's result is not the number of flows the sink was given.
 */
void fuzz_datagrams(const struct decoder *decoder, const uint8_t *data, size_t size);
