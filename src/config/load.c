/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: a file or text in, a finished snapshot or all errors out.
 *
 * Any thread; reads one file, changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/checks.h"

/* Far above any real configuration; keeps a wrong path from filling the memory. */
#define FILE_BYTES_MAX ((size_t)4 << 20)

/* Everything one reading holds until it ends. */
struct loading {
	struct arena *scratch;
	struct snapshot *snapshot;
	struct problems problems;
	struct reader reader;
};

static struct loading *loading_new(const char *file, const struct config_known *known)
{
	struct loading *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->scratch = arena_new();
	l->snapshot = snapshot_new();
	if (!l->scratch || !l->snapshot) {
		arena_free(l->scratch);
		config_free(l->snapshot ? &l->snapshot->config : NULL);
		free(l);
		return NULL;
	}
	l->problems = (struct problems){ .file = file, .arena = l->scratch };
	l->reader = (struct reader){
		.arena = l->snapshot->arena,
		.scratch = l->scratch,
		.problems = &l->problems,
		.config = &l->snapshot->config,
		.known = known,
	};
	l->snapshot->config.file = arena_string(l->snapshot->arena, file);
	l->reader.short_memory = !l->snapshot->config.file;
	return l;
}

/* Ends the reading: hands the snapshot out, or the errors. */
static int loading_finish(struct loading *l, int err, struct text *errors,
			  struct config **ret_config)
{
	if (!err && l->problems.count)
		err = -WEIR_ECONFIG;
	if (!err || err == -WEIR_ECONFIG) {
		if (l->reader.short_memory || l->problems.short_memory)
			err = -ENOMEM;
	}
	if (!err)
		err = snapshot_finish(l->snapshot);
	if (err == -WEIR_ECONFIG)
		problems_print(&l->problems, errors);
	if (err)
		config_free(&l->snapshot->config);
	else
		*ret_config = &l->snapshot->config;
	arena_free(l->scratch);
	free(l);
	return err;
}

static int read_text_of_file(struct loading *l, const char *yaml, size_t len)
{
	struct reader *r = &l->reader;
	struct node *root = NULL;

	int err = tree_parse(l->scratch, yaml, len, &l->problems, &root);
	bool cut = err == -WEIR_ECONFIG;
	if (err && !cut)
		return err;
	if (node_is_empty(root))
		root = NULL;
	if (cut && (!root || root->kind != NODE_MAP))
		return err;
	if (root && root->kind != NODE_MAP) {
		problem_add(&l->problems, root->at,
			    "a configuration consists of keys; begin with one, as `networks:`");
		return -WEIR_ECONFIG;
	}
	r->root = root;
	read_map(r, &schema_file, root, r->config);
	/* What settings say about each other takes all of them. */
	if (!r->short_memory && !cut)
		checks_run(r);
	return err;
}

static const char *advice(int err)
{
	switch (err) {
	case -ENOENT:
		return "no such file; look at the path";
	case -EACCES:
	case -EPERM:
		return "no permission to read it; let the user that runs weir read it";
	case -EISDIR:
		return "this is a folder; name the file in it";
	case -ENXIO:
	case -EINVAL:
		return "no regular file but a pipe, socket or device; write the configuration to "
		       "a file, or pass it as /dev/stdin";
	case -EFBIG:
		return "larger than 4 MiB; this is no configuration, or split it";
	default:
		return NULL;
	}
}

static void explain_file(struct loading *l, int err)
{
	static const struct config_place whole = { 0 };
	const char *text = advice(err);

	if (text)
		problem_add(&l->problems, whole, "%s", text);
	else
		problem_add(&l->problems, whole, "cannot be read: %s; look at the path",
			    err_text(err));
}

/* Return: bytes in @buffer, or negative errno; -EFBIG when there are more. */
static ssize_t read_whole(int fd, char *buffer, size_t cap)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buffer + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
		if (len == cap)
			return -EFBIG;
	}
}

/*
 * A pipe that nobody writes to would hold the reader, which on a reload is the
 * control thread: so nothing is waited for, except where a person asks for it.
 * Return: descriptor or negative errno.
 */
static int open_file(const char *path)
{
	bool pipe_is_meant = strcmp(path, "/dev/stdin") == 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | (pipe_is_meant ? 0 : O_NONBLOCK));
	struct stat info;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &info))
		err = -errno;
	else if (S_ISDIR(info.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(info.st_mode) && !pipe_is_meant)
		err = -EINVAL;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int read_file(struct loading *l, const char *path)
{
	char *buffer = malloc(FILE_BYTES_MAX + 1);
	int fd = open_file(path);
	ssize_t len = fd < 0 ? fd : -ENOMEM;

	if (fd >= 0 && buffer)
		len = read_whole(fd, buffer, FILE_BYTES_MAX + 1);
	if (fd >= 0)
		close(fd);
	int err = len < 0 ? (int)len : 0;
	if (!err)
		err = read_text_of_file(l, buffer, (size_t)len);
	else if (err != -ENOMEM) {
		explain_file(l, err);
		err = -WEIR_ECONFIG;
	}
	free(buffer);
	return err;
}

int config_load_known(const char *path, const struct config_known *known, struct text *errors,
		      struct config **ret_config)
{
	struct loading *l = loading_new(path ? path : "built-in defaults", known);

	if (!l)
		return -ENOMEM;
	return loading_finish(l, path ? read_file(l, path) : read_text_of_file(l, "", 0), errors,
			      ret_config);
}

int config_load(const char *path, struct text *errors, struct config **ret_config)
{
	return config_load_known(path, NULL, errors, ret_config);
}

int config_parse(const char *name, const char *yaml, size_t len, struct text *errors,
		 struct config **ret_config)
{
	struct loading *l = loading_new(name, NULL);

	if (!l)
		return -ENOMEM;
	return loading_finish(l, read_text_of_file(l, yaml, len), errors, ret_config);
}
