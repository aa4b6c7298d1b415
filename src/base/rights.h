/* SPDX-License-Identifier: Apache-2.0 */
/* rights: what this process may do, out. Any thread. */
#pragma once

#include <stdbool.h>

/**
 * rights_have_bpf() - may it load programs and attach them to interfaces?
 *
 * Return: it has CAP_NET_ADMIN and CAP_BPF, or CAP_SYS_ADMIN in its place (capabilities(7)).
 */
bool rights_have_bpf(void);
