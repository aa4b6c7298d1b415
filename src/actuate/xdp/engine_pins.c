/* SPDX-License-Identifier: Apache-2.0 */
/* engine_pins: an engine in; its folder on bpffs, and all that is pinned there, made and removed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"

/* The folder is there, on bpffs, and nobody else works with it. */
int engine_open_pins(struct xdp_engine *e, struct text *error)
{
	struct statfs fs;

	if (mkdir(e->pin_dir, 0700) && errno != EEXIST) {
		int err = -errno;
		text_addf(error,
			  "the folder %s cannot be made: %s; is bpffs mounted? (mount -t bpf "
			  "bpf /sys/fs/bpf)",
			  e->pin_dir, err_text(err));
		return err;
	}
	if (statfs(e->pin_dir, &fs) || fs.f_type != BPF_FS_MAGIC) {
		rmdir(e->pin_dir);
		text_addf(error, "%s is not on bpffs: mount -t bpf bpf /sys/fs/bpf", e->pin_dir);
		return -EOPNOTSUPP;
	}
	e->lock_fd = open(e->pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->lock_fd < 0 || flock(e->lock_fd, LOCK_EX | LOCK_NB)) {
		text_addf(error, "%s is in use by another process", e->pin_dir);
		return -EBUSY;
	}
	return 0;
}

static int pin_maps(struct xdp_engine *e)
{
	struct bpf_map *map;
	char path[320];

	bpf_object__for_each_map(map, e->program->obj)
	{
		if (bpf_map__is_internal(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", e->pin_dir, bpf_map__name(map));
		int err = bpf_map__pin(map, path);
		if (err)
			return err;
	}
	return 0;
}

int engine_wake(struct xdp_engine *e, struct text *error)
{
	int err = 0;

	if (e->idle && e->pin_dir[0]) {
		err = engine_open_pins(e, error);
		if (err)
			return err;
		err = pin_maps(e);
		if (err)
			text_addf(error, "%s cannot be pinned to: %s; remove what is in it",
				  e->pin_dir, err_text(err));
	}
	e->idle = false;
	if (err)
		engine_unpin(e);
	return err;
}

void engine_unpin(struct xdp_engine *e)
{
	struct bpf_map *map;

	attach_close(e, true);
	bpf_object__for_each_map(map, e->program->obj)
	{
		if (bpf_map__is_pinned(map))
			bpf_map__unpin(map, NULL);
	}
	if (e->pin_dir[0] && !e->idle)
		rmdir(e->pin_dir);
	if (e->lock_fd >= 0)
		close(e->lock_fd);
	e->lock_fd = -1;
	e->idle = true;
}

int xdp_engine_rest(struct xdp_engine *e, const struct xdp_protected *protect, size_t count)
{
	const struct xdp_wanted nothing = { .protect = protect, .protect_count = count };
	int err = 0;

	engine_unpin(e);
	/* Twice: both generations are laid, and counters of the set before last are forgotten. */
	for (int i = 0; i < 2 && !err; i++)
		err = xdp_engine_set(e, &nothing, NULL);
	return err ? err : xdp_engine_sources_clear(e, 0);
}
