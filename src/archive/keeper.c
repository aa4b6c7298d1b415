/* SPDX-License-Identifier: Apache-2.0 */
/* keeper: rows of the ledger in, a file on disk out. A thread of its own. */
#include "archive/keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "archive/store.h"
#include "base/log.h"

/* Rows in one transaction. */
#define BATCH      512
/* While it cannot be written. */
#define RETRY_MS   1000
/* Rows between two looks at what is too old. */
#define PRUNE_ROWS 4096

struct keeper {
	char path[PATH_MAX];
	uint64_t keep_ns;
	pthread_t thread;
	int wake_fd;
	struct coverage_store *store; /* the thread's; NULL until it can be opened */
	struct coverage_item batch[BATCH];
	uint64_t unpruned;
	pthread_mutex_t mutex; /* of all below; never held while the disk works */
	struct keeper_stats stats;
	bool ending;
	size_t cap;
	size_t first; /* of `count` items in use */
	size_t count;
	struct coverage_item items[];
};

static void fail(struct keeper *keeper, const char *reason)
{
	pthread_mutex_lock(&keeper->mutex);
	bool before = keeper->stats.degraded;
	keeper->stats.degraded = true;
	keeper->stats.failed++;
	snprintf(keeper->stats.reason, sizeof(keeper->stats.reason), "%s", reason);
	pthread_mutex_unlock(&keeper->mutex);
	if (!before)
		log_error("archive.keeper",
			  "%s. Detection goes on; %zu minutes of exporters can wait, then they are"
			  " lost and counted",
			  reason, keeper->cap);
}

static void work_again(struct keeper *keeper, size_t written)
{
	pthread_mutex_lock(&keeper->mutex);
	bool before = keeper->stats.degraded;
	uint64_t lost = keeper->stats.lost;
	keeper->stats.degraded = false;
	keeper->stats.reason[0] = '\0';
	keeper->stats.written += written;
	keeper->stats.kept = coverage_store_rows(keeper->store);
	keeper->first = (keeper->first + written) % keeper->cap;
	keeper->count -= written;
	pthread_mutex_unlock(&keeper->mutex);
	if (before)
		log_info("archive.keeper", "%s can be written again; rows lost so far: %" PRIu64,
			 keeper->path, lost);
}

static size_t copy_batch(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->mutex);
	size_t count = keeper->count < BATCH ? keeper->count : BATCH;
	for (size_t i = 0; i < count; i++)
		keeper->batch[i] = keeper->items[(keeper->first + i) % keeper->cap];
	pthread_mutex_unlock(&keeper->mutex);
	return count;
}

static int prune(struct keeper *keeper, size_t written, struct text *reason)
{
	uint64_t newest_ns = keeper->batch[written - 1].row.begin_ns;

	keeper->unpruned += written;
	if (keeper->unpruned < PRUNE_ROWS)
		return 0;
	keeper->unpruned = 0;
	int64_t gone = coverage_store_prune(
		keeper->store, newest_ns > keeper->keep_ns ? newest_ns - keeper->keep_ns : 0,
		reason);
	return gone < 0 ? (int)gone : 0;
}

/* Return: 0 when nothing waits any more, else a negative error. */
static int write_all(struct keeper *keeper)
{
	char buffer[KEEPER_REASON_MAX];
	struct text reason = text_fixed(buffer, sizeof(buffer));
	int err = 0;

	if (!keeper->store)
		err = coverage_store_open(keeper->path, &reason, &keeper->store);
	for (size_t count; !err && (count = copy_batch(keeper)) > 0;) {
		err = coverage_store_write(keeper->store, keeper->batch, count, &reason);
		if (err)
			break;
		work_again(keeper, count);
		err = prune(keeper, count, &reason);
	}
	if (err)
		fail(keeper, reason.len ? text_string(&reason) : err_text(err));
	return err;
}

static bool is_ending(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->mutex);
	bool ending = keeper->ending;
	pthread_mutex_unlock(&keeper->mutex);
	return ending;
}

static void *work(void *self)
{
	struct keeper *keeper = self;
	struct pollfd wake = { .fd = keeper->wake_fd, .events = POLLIN };
	uint64_t times;
	int err = write_all(keeper);

	while (!is_ending(keeper)) {
		/* Failing, it waits its time whoever calls: a full disk must not take a processor. */
		if (poll(err ? NULL : &wake, err ? 0 : 1, err ? RETRY_MS : -1) < 0 &&
		    errno != EINTR)
			break;
		ssize_t n = read(keeper->wake_fd, &times, sizeof(times));
		(void)n;
		err = write_all(keeper);
	}
	(void)write_all(keeper);
	return NULL;
}

static int start_thread(struct keeper *keeper)
{
	sigset_t all;
	sigset_t before;

	/* Signals are the control thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&keeper->thread, NULL, work, keeper);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		(void)pthread_setname_np(keeper->thread, "keeper");
	return -err;
}

struct keeper *keeper_start(const char *folder, uint64_t keep_ns, size_t rows)
{
	size_t cap = rows < KEEPER_ROWS_MIN   ? KEEPER_ROWS_MIN
		     : rows > KEEPER_ROWS_MAX ? KEEPER_ROWS_MAX
					      : rows;
	struct keeper *keeper = calloc(1, sizeof(*keeper) + cap * sizeof(keeper->items[0]));

	if (!keeper)
		return NULL;
	keeper->cap = cap;
	keeper->keep_ns = keep_ns;
	keeper->unpruned = PRUNE_ROWS;
	int len = snprintf(keeper->path, sizeof(keeper->path), "%s/coverage.db", folder);
	keeper->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&keeper->mutex, NULL);
	if (len < 0 || (size_t)len >= sizeof(keeper->path) || keeper->wake_fd < 0 ||
	    start_thread(keeper)) {
		if (keeper->wake_fd >= 0)
			close(keeper->wake_fd);
		pthread_mutex_destroy(&keeper->mutex);
		free(keeper);
		return NULL;
	}
	return keeper;
}

static void wake(struct keeper *keeper)
{
	uint64_t one = 1;
	/* Full means that it has been woken often enough. */
	ssize_t n = write(keeper->wake_fd, &one, sizeof(one));

	(void)n;
}

void keeper_put(struct keeper *keeper, const struct coverage *row, const char *name)
{
	pthread_mutex_lock(&keeper->mutex);
	if (keeper->count == keeper->cap) {
		keeper->stats.lost++;
	} else {
		struct coverage_item *item =
			&keeper->items[(keeper->first + keeper->count) % keeper->cap];
		item->row = *row;
		snprintf(item->name, sizeof(item->name), "%s", name ? name : "");
		keeper->count++;
	}
	pthread_mutex_unlock(&keeper->mutex);
	wake(keeper);
}

void keeper_stats(struct keeper *keeper, struct keeper_stats *ret_stats)
{
	pthread_mutex_lock(&keeper->mutex);
	*ret_stats = keeper->stats;
	ret_stats->waiting = keeper->count;
	pthread_mutex_unlock(&keeper->mutex);
}

const char *keeper_path(const struct keeper *keeper)
{
	return keeper->path;
}

void keeper_stop(struct keeper *keeper)
{
	if (!keeper)
		return;
	pthread_mutex_lock(&keeper->mutex);
	keeper->ending = true;
	pthread_mutex_unlock(&keeper->mutex);
	wake(keeper);
	pthread_join(keeper->thread, NULL);
	if (keeper->count)
		log_error("archive.keeper", "%zu minutes of exporters could not be written: %s",
			  keeper->count, keeper->stats.reason);
	coverage_store_close(keeper->store);
	close(keeper->wake_fd);
	pthread_mutex_destroy(&keeper->mutex);
	free(keeper);
}
