/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape: what the packets of an excess have in common, sort by sort.
 *
 * Samples of a subject in, headers that nine in ten of each vector's samples share out: the stuff
 * that narrow rules are made of. Pure.
 */
#pragma once

#include "detect/learned/subject.h"

/**
 * shapes_of() - describe the samples from @from_ns on.
 *
 * Return: number of @ret_shapes, the largest first.
 */
unsigned shapes_of(const struct subject *subject, uint64_t from_ns,
		   struct finding_shape ret_shapes[static FINDING_SHAPES]);
