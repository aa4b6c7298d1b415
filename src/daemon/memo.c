/* SPDX-License-Identifier: Apache-2.0 */
/* memo: a mailbox of one buffer, and a thread that empties it onto the disk. */
#include "daemon/memo.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

#define SEED 0x6d656d6f31ULL
/* More than any sane state; what is longer is somebody else's file. */
#define MOST (1UL << 32)

struct memo {
	char *path;
	char *fresh; /* path of the file being written */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct text waiting; /* to be written; empty: nothing */
	uint64_t waiting_ns;
	bool busy;
	bool stop;
	struct memo_stats stats;
};

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		len -= (size_t)done;
	}
	return 0;
}

static int write_file(const char *path, const char *fresh, const struct text *bytes)
{
	uint64_t sum = hash_bytes(bytes->data, bytes->len, SEED);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	int err = write_all(fd, (const char *)&sum, sizeof(sum));
	if (!err)
		err = write_all(fd, bytes->data, bytes->len);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(fresh, path))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

static void *run(void *self)
{
	struct memo *memo = self;
	struct text mine = text_heap();

	pthread_mutex_lock(&memo->lock);
	while (!memo->stop || memo->waiting.len) {
		if (!memo->waiting.len) {
			pthread_cond_wait(&memo->news, &memo->lock);
			continue;
		}
		struct text taken = memo->waiting;
		uint64_t at_ns = memo->waiting_ns;
		memo->waiting = mine;
		memo->busy = true;
		pthread_mutex_unlock(&memo->lock);
		int err = write_file(memo->path, memo->fresh, &taken);
		pthread_mutex_lock(&memo->lock);
		memo->busy = false;
		memo->stats.error = err;
		memo->stats.failed += err != 0;
		memo->stats.written += err == 0;
		memo->stats.last_ns = err ? memo->stats.last_ns : at_ns;
		memo->stats.bytes = err ? memo->stats.bytes : taken.len;
		mine = taken;
		text_clear(&mine);
	}
	pthread_mutex_unlock(&memo->lock);
	text_done(&mine);
	return NULL;
}

static void memo_free(struct memo *memo)
{
	text_done(&memo->waiting);
	free(memo->path);
	free(memo->fresh);
	free(memo);
}

static char *fresh_of(const char *path)
{
	char *fresh = malloc(strlen(path) + sizeof(".new"));

	if (fresh)
		snprintf(fresh, strlen(path) + sizeof(".new"), "%s.new", path);
	return fresh;
}

int memo_write(const char *path, const struct text *bytes)
{
	char *fresh = fresh_of(path);
	int err = fresh && !bytes->failed ? write_file(path, fresh, bytes) : -ENOMEM;

	free(fresh);
	return err;
}

struct memo *memo_start(const char *path)
{
	struct memo *memo = calloc(1, sizeof(*memo));
	sigset_t all, before;

	if (!memo)
		return NULL;
	memo->waiting = text_heap();
	memo->path = strdup(path);
	memo->fresh = fresh_of(path);
	pthread_mutex_init(&memo->lock, NULL);
	pthread_cond_init(&memo->news, NULL);
	/* Signals are the control thread's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool runs =
		memo->path && memo->fresh && pthread_create(&memo->thread, NULL, run, memo) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (runs)
		return memo;
	memo_free(memo);
	return NULL;
}

bool memo_put(struct memo *memo, struct text *bytes, uint64_t now_ns)
{
	bool taken = false;

	pthread_mutex_lock(&memo->lock);
	if (bytes->failed || memo->busy || memo->waiting.len) {
		memo->stats.skipped++;
	} else {
		struct text empty = memo->waiting;
		memo->waiting = *bytes;
		memo->waiting_ns = now_ns;
		*bytes = empty;
		pthread_cond_signal(&memo->news);
		taken = true;
	}
	pthread_mutex_unlock(&memo->lock);
	return taken;
}

void memo_stats(struct memo *memo, struct memo_stats *ret_stats)
{
	pthread_mutex_lock(&memo->lock);
	*ret_stats = memo->stats;
	pthread_mutex_unlock(&memo->lock);
}

void memo_stop(struct memo *memo)
{
	if (!memo)
		return;
	pthread_mutex_lock(&memo->lock);
	memo->stop = true;
	pthread_cond_signal(&memo->news);
	pthread_mutex_unlock(&memo->lock);
	pthread_join(memo->thread, NULL);
	pthread_mutex_destroy(&memo->lock);
	pthread_cond_destroy(&memo->news);
	memo_free(memo);
}

int memo_read(const char *path, struct text *bytes)
{
	FILE *file = fopen(path, "rbe");
	uint64_t sum = 0;
	char buffer[65536];
	size_t got;

	if (!file)
		return -errno;
	bool begun = fread(&sum, sizeof(sum), 1, file) == 1;
	while (begun && bytes->len < MOST && (got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add_n(bytes, buffer, got);
	int err = ferror(file) ? -EIO : 0;
	fclose(file);
	if (err)
		return err;
	if (!begun || bytes->failed || bytes->len == 0 ||
	    sum != hash_bytes(bytes->data, bytes->len, SEED))
		return -WEIR_EFORMAT;
	return 0;
}
