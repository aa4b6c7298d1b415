/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach: interfaces in, links out: the program hangs on them, also without us once they are pinned.
 *
 * A link that is found pinned gets the program of this version, in one step.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actuate/xdp/engine.h"
#include "actuate/xdp/engine_part.h"
#include "base/log.h"
#include "base/rights.h"

#define LINK_PREFIX "link_"

void explain_load(int err, const char *complaint, struct text *error)
{
	if (err == -EPERM && !rights_have_bpf())
		text_add(error,
			 "filtering by XDP needs the capabilities CAP_BPF and CAP_NET_ADMIN");
	else if (err == -EPERM)
		text_add(error,
			 "filtering by XDP: the kernel forbids it (a container, or lockdown)");
	else if (err == -ENOMEM)
		text_add(error, "filtering by XDP: no memory for the tables: lower `blocks_max`");
	else if (err == -EINVAL && strstr(complaint, "reuse"))
		text_addf(error, "what is pinned has other sizes: remove it first (%s)", complaint);
	else if (err == -ENOSYS)
		text_add(error, "filtering by XDP: this kernel was built without BPF");
	else
		text_addf(error,
			  "filtering by XDP: this kernel does not take the program (%s); it needs "
			  "Linux 5.18 or later",
			  complaint[0] ? complaint : err_text(err));
}

static void pin_path(const struct xdp_engine *e, const char *name, char path[static 320])
{
	snprintf(path, 320, "%s/" LINK_PREFIX "%s", e->pin_dir, name);
}

static bool is_on(int link_fd, unsigned if_index)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	return if_index && !bpf_obj_get_info_by_fd(link_fd, &info, &len) &&
	       info.xdp.ifindex == if_index;
}

/* Return: a link that is pinned and on this very interface, or -1. */
static int adopt_link(const struct xdp_engine *e, const char *path, unsigned if_index)
{
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return -1;
	if (is_on(fd, if_index) && !bpf_link_update(fd, xdp_engine_fd(e), NULL))
		return fd;
	/* The interface was taken away, and came again perhaps. */
	close(fd);
	unlink(path);
	return -1;
}

static int link_at(const struct xdp_engine *e, unsigned if_index, unsigned flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int fd = bpf_link_create(xdp_engine_fd(e), (int)if_index, BPF_XDP, &options);

	return fd < 0 ? -errno : fd;
}

static int new_link(const struct xdp_engine *e, unsigned if_index, enum xdp_mode mode)
{
	int fd = -EOPNOTSUPP;

	if (mode != XDP_MODE_GENERIC)
		fd = link_at(e, if_index, XDP_FLAGS_DRV_MODE);
	if (mode == XDP_MODE_GENERIC ||
	    (mode == XDP_MODE_BEST && fd < 0 && fd != -EBUSY && fd != -EEXIST && fd != -EPERM))
		fd = link_at(e, if_index, XDP_FLAGS_SKB_MODE);
	return fd == -EEXIST ? -EBUSY : fd;
}

static void explain_attach(const char *name, int err, enum xdp_mode mode, struct text *error)
{
	if (err == -EBUSY)
		text_addf(error,
			  "%s has another XDP program: see `bpftool net show dev %s`; take it off, "
			  "or use the actuator nft",
			  name, name);
	else if (err == -ENODEV)
		text_addf(error, "there is no interface %s: see `ip -br link`", name);
	else if (mode == XDP_MODE_NATIVE)
		text_addf(error,
			  "the driver of %s does not take the XDP program (%s); the generic "
			  "mode runs behind it",
			  name, err_text(err));
	else
		text_addf(error, "%s cannot run the XDP program: %s", name, err_text(err));
}

static int attach_one(struct xdp_engine *e, const char *name, enum xdp_mode mode)
{
	struct xdp_attached *a = &e->attached[e->attached_count];
	unsigned if_index = if_nametoindex(name);
	char path[320];

	if (!if_index || strlen(name) >= sizeof(a->name))
		return -ENODEV;
	pin_path(e, name, path);
	a->link_fd = e->pin_dir[0] ? adopt_link(e, path, if_index) : -1;
	a->is_new = a->link_fd < 0;
	if (a->is_new) {
		int fd = new_link(e, if_index, mode);
		if (fd < 0)
			return fd;
		if (e->pin_dir[0] && bpf_obj_pin(fd, path)) {
			int err = -errno;
			close(fd);
			return err;
		}
		a->link_fd = fd;
	}
	snprintf(a->name, sizeof(a->name), "%s", name);
	e->attached_count++;
	return 0;
}

static bool is_named(const struct xdp_engine_config *config, const char *name)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		if (strcmp(config->interfaces[i], name) == 0)
			return true;
	}
	return false;
}

/* Links of interfaces that are no longer named. */
static void let_go(const struct xdp_engine *e, const struct xdp_engine_config *config)
{
	DIR *folder = e->pin_dir[0] ? opendir(e->pin_dir) : NULL;
	const struct dirent *entry;
	char path[320];

	if (!folder)
		return;
	while ((entry = readdir(folder))) {
		const size_t skip = sizeof(LINK_PREFIX) - 1;
		if (strncmp(entry->d_name, LINK_PREFIX, skip) != 0 ||
		    is_named(config, entry->d_name + skip) || strlen(entry->d_name) >= 48)
			continue;
		snprintf(path, sizeof(path), "%s/%.48s", e->pin_dir, entry->d_name);
		unlink(path);
	}
	closedir(folder);
}

/* Off the interfaces that this open has put it on. */
static void take_back(struct xdp_engine *e)
{
	char path[320];

	for (size_t i = 0; i < e->attached_count; i++) {
		pin_path(e, e->attached[i].name, path);
		if (e->attached[i].is_new && e->pin_dir[0])
			unlink(path);
	}
}

int attach_all(struct xdp_engine *e, const struct xdp_engine_config *config, struct text *error)
{
	if (config->interface_count > XDP_INTERFACES_MAX) {
		text_addf(error, "more than %d interfaces", XDP_INTERFACES_MAX);
		return -E2BIG;
	}
	for (size_t i = 0; i < config->interface_count; i++) {
		int err = attach_one(e, config->interfaces[i], config->mode);
		if (err) {
			explain_attach(config->interfaces[i], err, config->mode, error);
			take_back(e);
			return err;
		}
	}
	let_go(e, config);
	return 0;
}

/* Interfaces that went away, and perhaps came again as others, are no longer among the attached. */
static void forget_lost(struct xdp_engine *e)
{
	size_t kept = 0;
	char path[320];

	for (size_t i = 0; i < e->attached_count; i++) {
		struct xdp_attached *a = &e->attached[i];
		pin_path(e, a->name, path);
		if (!is_on(a->link_fd, if_nametoindex(a->name))) {
			if (e->pin_dir[0])
				unlink(path);
			close(a->link_fd);
			continue;
		}
		/* Somebody took the pin away: what is in force must outlive us all the same. */
		if (e->pin_dir[0] && access(path, F_OK) && bpf_obj_pin(a->link_fd, path))
			log_warning("actuate.xdp", "%s cannot be pinned: %s", path,
				    err_text(errno));
		e->attached[kept] = *a;
		e->attached[kept++].is_new = false;
	}
	e->attached_count = kept;
}

static bool is_attached(const struct xdp_engine *e, const char *name)
{
	for (size_t i = 0; i < e->attached_count; i++) {
		if (strcmp(e->attached[i].name, name) == 0)
			return true;
	}
	return false;
}

int xdp_engine_attach(struct xdp_engine *e, const struct xdp_engine_config *config,
		      struct text *error)
{
	bool idled = e->idle;
	int err = engine_wake(e, error);

	if (err)
		return err;
	forget_lost(e);
	for (size_t i = 0; i < config->interface_count && !err; i++) {
		const char *name = config->interfaces[i];
		err = is_attached(e, name) ? 0 : attach_one(e, name, config->mode);
		if (err)
			explain_attach(name, err, config->mode, error);
	}
	if (err && idled)
		engine_unpin(e);
	return err;
}

void attach_close(struct xdp_engine *e, bool undo)
{
	char path[320];

	for (size_t i = 0; i < e->attached_count; i++) {
		if (undo && e->pin_dir[0]) {
			pin_path(e, e->attached[i].name, path);
			unlink(path);
		}
		close(e->attached[i].link_fd);
	}
	e->attached_count = 0;
}
