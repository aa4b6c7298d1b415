/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what the machine, or the cgroup Weir runs in, lets it have (cgroup v1 and v2). */
#pragma once

#include <stdint.h>

/**
 * memory_limit() - the most memory this process may take.
 * @root: put before /proc and /sys, for tests; "" in the daemon
 *
 * The least of the machine's memory and the limits of its cgroup and all those around it.
 * Return: bytes; 0 if nobody says.
 */
uint64_t memory_limit(const char *root);
