/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence: where the generator may send to, and nowhere else.
 *
 * Loopback; or, in a network namespace that is not the machine's own, what is
 * directly connected there (SO_DONTROUTE: no gateway is ever used). IPv4. One thread.
 */
#pragma once

#include <netinet/in.h>

#include "base/err.h"

/**
 * fence_check() - may datagrams go to @to?
 * @ret_why: static words for people when they may not; untouched else
 *
 * Return: 0 or -EACCES.
 */
WEIR_CHECK int fence_check(const struct sockaddr_in *to, const char **ret_why);

/**
 * fence_socket() - a UDP socket from @from to @to that uses no gateway.
 *
 * Return: the descriptor, which the caller closes; or a negative errno.
 */
WEIR_CHECK int fence_socket(const struct sockaddr_in *from, const struct sockaddr_in *to);
