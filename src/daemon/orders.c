/* SPDX-License-Identifier: Apache-2.0 */
/* orders: one act of a person at a time, from the API's thread to the control thread and back. */
#include "daemon/orders.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

/* The control thread ticks ten times a second; longer than this it is in trouble. */
#define PATIENCE_S 3

struct orders {
	struct api_acts api;
	pthread_mutex_t turn;  /* whose order it is */
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	bool waiting;
	bool done;
	bool stopping;
	const struct act_request *request;
	struct text answer;
	int result;
};

static int wait_for(struct orders *orders, const struct act_request *request)
{
	uint64_t until_ns = clock_mono_ns() + PATIENCE_S * NS_PER_S;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / NS_PER_S),
					.tv_nsec = (long)(until_ns % NS_PER_S) };

	orders->request = request;
	orders->done = false;
	orders->waiting = true;
	while (!orders->done && !orders->stopping) {
		if (pthread_cond_timedwait(&orders->changed, &orders->mutex, &until) == ETIMEDOUT)
			break;
	}
	orders->waiting = false;
	return orders->done ? orders->result : -ETIMEDOUT;
}

static int ask(void *self, const struct act_request *request, struct text *answer)
{
	struct orders *orders = self;

	pthread_mutex_lock(&orders->turn);
	pthread_mutex_lock(&orders->mutex);
	text_clear(&orders->answer);
	int result = wait_for(orders, request);
	if (result == -ETIMEDOUT)
		text_add(answer,
			 "weir did not come to it within three seconds, and it was not done; "
			 "look at `weir status` and try again");
	else
		text_add(answer, text_string(&orders->answer));
	pthread_mutex_unlock(&orders->mutex);
	pthread_mutex_unlock(&orders->turn);
	return result;
}

static int read_audit(void *self, unsigned limit, struct text *out)
{
	const struct act_request request = { .act = "audit", .level = (int)limit };

	return ask(self, &request, out);
}

struct orders *orders_new(void)
{
	struct orders *orders = calloc(1, sizeof(*orders));
	pthread_condattr_t monotonic;

	if (!orders)
		return NULL;
	pthread_mutex_init(&orders->turn, NULL);
	pthread_mutex_init(&orders->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&orders->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	orders->answer = text_heap();
	orders->api = (struct api_acts){ .act = ask, .audit = read_audit, .self = orders };
	return orders;
}

void orders_stop(struct orders *orders)
{
	if (!orders)
		return;
	pthread_mutex_lock(&orders->mutex);
	orders->stopping = true;
	pthread_cond_broadcast(&orders->changed);
	pthread_mutex_unlock(&orders->mutex);
}

void orders_free(struct orders *orders)
{
	if (!orders)
		return;
	pthread_mutex_destroy(&orders->turn);
	pthread_mutex_destroy(&orders->mutex);
	pthread_cond_destroy(&orders->changed);
	text_done(&orders->answer);
	free(orders);
}

const struct api_acts *orders_api(const struct orders *orders)
{
	return &orders->api;
}

void orders_do(struct orders *orders, orders_do_fn *act, void *self)
{
	pthread_mutex_lock(&orders->mutex);
	if (orders->waiting && !orders->done) {
		orders->result = act(self, orders->request, &orders->answer);
		orders->done = true;
		pthread_cond_broadcast(&orders->changed);
	}
	pthread_mutex_unlock(&orders->mutex);
}
