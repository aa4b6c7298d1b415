/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint: word that the log has grown in, a shorter log out. A thread of its own. */
#include "incident/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <sqlite3.h>

struct checkpoint {
	sqlite3 *db;
	pthread_t thread;
	pthread_mutex_t mutex; /* of the two flags; never held while the disk works */
	pthread_cond_t changed;
	bool wanted;
	bool ending;
};

static void *work(void *self)
{
	struct checkpoint *checkpoint = self;

	pthread_mutex_lock(&checkpoint->mutex);
	while (!checkpoint->ending) {
		if (!checkpoint->wanted) {
			pthread_cond_wait(&checkpoint->changed, &checkpoint->mutex);
			continue;
		}
		checkpoint->wanted = false;
		pthread_mutex_unlock(&checkpoint->mutex);
		/*
		 * Passive: takes nothing away from the writer. If it fails the log just goes on
		 * growing, and the writer is the one to notice that the disk is full.
		 */
		sqlite3_wal_checkpoint_v2(checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
					  NULL);
		pthread_mutex_lock(&checkpoint->mutex);
	}
	pthread_mutex_unlock(&checkpoint->mutex);
	return NULL;
}

/* Signals are the control thread's business. */
static int start_thread(struct checkpoint *checkpoint)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&checkpoint->thread, NULL, work, checkpoint);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

/* A connection that has read nothing does not know of the log, and would copy nothing. */
static int open_database(const char *path, sqlite3 **ret_db)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(path, ret_db, flags, NULL) != SQLITE_OK ||
	    sqlite3_exec(*ret_db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL) !=
		    SQLITE_OK)
		return -EIO;
	return 0;
}

int checkpoint_start(const char *path, struct checkpoint **ret_checkpoint)
{
	struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));

	if (!checkpoint)
		return -ENOMEM;
	pthread_mutex_init(&checkpoint->mutex, NULL);
	pthread_cond_init(&checkpoint->changed, NULL);
	int err = open_database(path, &checkpoint->db);
	if (err == 0)
		err = start_thread(checkpoint);
	if (err) {
		sqlite3_close(checkpoint->db);
		free(checkpoint);
		return err;
	}
	*ret_checkpoint = checkpoint;
	return 0;
}

void checkpoint_want(struct checkpoint *checkpoint)
{
	pthread_mutex_lock(&checkpoint->mutex);
	checkpoint->wanted = true;
	pthread_cond_signal(&checkpoint->changed);
	pthread_mutex_unlock(&checkpoint->mutex);
}

void checkpoint_stop(struct checkpoint *checkpoint)
{
	if (!checkpoint)
		return;
	pthread_mutex_lock(&checkpoint->mutex);
	checkpoint->ending = true;
	pthread_cond_signal(&checkpoint->changed);
	pthread_mutex_unlock(&checkpoint->mutex);
	pthread_join(checkpoint->thread, NULL);
	sqlite3_close(checkpoint->db);
	pthread_cond_destroy(&checkpoint->changed);
	pthread_mutex_destroy(&checkpoint->mutex);
	free(checkpoint);
}
