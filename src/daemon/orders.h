/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orders: acts of people on the API's thread in; done in the control thread, answered back.
 *
 * One at a time waits in a mailbox: what people do by hand is rare, and the order in which two of
 * them act is that in which they asked.
 */
#pragma once

#include "control/acts.h"

struct orders;

/** orders_new() - NULL when memory is short. */
struct orders *orders_new(void);

/** orders_stop() - whoever waits, or comes, is told that the daemon is stopping. NULL is fine. */
void orders_stop(struct orders *orders);

/** orders_free() - nobody can ask any more. NULL is fine. */
void orders_free(struct orders *orders);

/** orders_api() - for the API's thread; borrowed as long as @orders lives. */
const struct api_acts *orders_api(const struct orders *orders);

/** Does one in the control thread. As api_acts.act; with "audit" as act, as api_acts.audit. */
typedef int orders_do_fn(void *self, const struct act_request *request, struct text *answer);

/** orders_do() - control thread, each tick: do what waits. */
void orders_do(struct orders *orders, orders_do_fn *act, void *self);
