/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: the one function each fuzz target has; libFuzzer or replay.c calls it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** LLVMFuzzerTestOneInput() - feed one input to the parser under test. Return: 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
