/* SPDX-License-Identifier: Apache-2.0 */
/* learning: a buffer that travels between the pipeline and the thread that writes. */
#include "daemon/learning.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/memo.h"

/* Time between two copies. */
#define EVERY_NS (300 * NS_PER_S)

struct learning {
	struct pipeline *pipeline;
	struct memo *memo;
	struct text bytes;
	uint64_t due_ns; /* monotonic */
};

static void load(struct pipeline *pipeline, const char *path, uint64_t now_ns)
{
	struct text bytes = text_heap();
	int err = memo_read(path, &bytes);

	if (!err)
		err = pipeline_load(pipeline, bytes.data, bytes.len, now_ns);
	if (!err)
		log_info("daemon", "goes on with the envelopes in %s", path);
	else if (err != -ENOENT)
		log_warning("daemon", "%s: %s; envelopes are learned anew", path, err_text(err));
	text_done(&bytes);
}

static void path_of(const char *folder, struct text *path)
{
	text_addf(path, "%s/learned.state", folder);
}

int learning_open(const struct config *config, struct pipeline *pipeline, uint64_t now_ns,
		  struct text *error, struct learning **ret_learning)
{
	struct text path = text_heap();

	*ret_learning = NULL;
	if (!config->state_path)
		return 0;
	struct learning *learning = calloc(1, sizeof(*learning));
	path_of(config->state_path, &path);
	if (learning && !path.failed) {
		load(pipeline, text_string(&path), now_ns);
		learning->memo = memo_start(text_string(&path));
	}
	text_done(&path);
	if (!learning || !learning->memo) {
		free(learning);
		text_add(error, "not enough memory or threads to keep what is learned");
		return -ENOMEM;
	}
	learning->pipeline = pipeline;
	learning->bytes = text_heap();
	learning->due_ns = clock_mono_ns() + EVERY_NS;
	*ret_learning = learning;
	return 0;
}

static void save(struct learning *learning, uint64_t now_ns)
{
	text_clear(&learning->bytes);
	pipeline_save(learning->pipeline, &learning->bytes);
	if (learning->bytes.len && !memo_put(learning->memo, &learning->bytes, now_ns))
		log_warning("daemon", "the disk is too slow to keep what was learned just now");
}

void learning_second(struct learning *learning, uint64_t mono_ns, uint64_t now_ns)
{
	struct memo_stats stats;

	if (!learning || mono_ns < learning->due_ns)
		return;
	memo_stats(learning->memo, &stats);
	if (stats.error)
		log_warning("daemon", "what was learned cannot be kept: %s; free some space",
			    err_text(stats.error));
	save(learning, now_ns);
	learning->due_ns = mono_ns + EVERY_NS;
}

void learning_close(struct learning *learning, uint64_t now_ns)
{
	if (!learning)
		return;
	save(learning, now_ns);
	memo_stop(learning->memo);
	text_done(&learning->bytes);
	free(learning);
}

static int leave(const struct pipeline *pipeline, const char *folder, const char *path)
{
	struct text bytes = text_heap();

	if (mkdir(folder, 0750) && errno != EEXIST)
		return -errno;
	if (access(path, F_OK) == 0)
		return -EEXIST;
	pipeline_save(pipeline, &bytes);
	int err = memo_write(path, &bytes);
	text_done(&bytes);
	return err;
}

int learning_leave(const struct pipeline *pipeline, const char *folder, struct text *error)
{
	struct text path = text_heap();

	path_of(folder, &path);
	int err = path.failed ? -ENOMEM : leave(pipeline, folder, text_string(&path));
	if (err == -EEXIST)
		text_addf(error, "%s is there already; name another folder, or move it away",
			  text_string(&path));
	else if (err)
		text_addf(error, "%s: what was learned cannot be written: %s", text_string(&path),
			  err_text(err));
	text_done(&path);
	return err;
}
