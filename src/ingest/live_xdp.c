/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_xdp: the samples of bpf/sample.bpf.c in, flows of sampled packets out.
 *
 * The program hangs on a bpf_link that this process holds: when it ends, in
 * whatever way, the kernel takes the program off. Nobody wakes the reader; it
 * is called by time. What the program counted says how many packets the
 * samples stand for. See bpf(2), the kernel's ring buffer and XDP documentation.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rights.h"
#include "bpf/abi.h"
#include "bpf/sample.skel.h"
#include "ingest/live_part.h"

/* How often the ring is looked at; 16 MiB of it hold 11 million samples a second for so long. */
#define PERIOD_NS (10 * NS_PER_MS)
/* Samples of one reading. */
#define BATCH     4096

struct xdp_source {
	struct live live;
	bool native_only;
	bool promiscuous;
	struct sample_bpf *program;
	struct ring_buffer *ring;
	int link_fd;       /* -1: not attached */
	int membership_fd; /* keeps the interface promiscuous; -1: it is not */
	int cpus;
	struct sample_counters *counts; /* one a CPU */
	struct sample_counters sum;     /* of them, a second ago at the most */
	struct sample_counters told;    /* of that, in the exporter's counters */
	/* Of the reading that goes on: */
	struct live_batch batch;
	bool begun;
	bool room; /* the tables have room for the interface */
	unsigned left;
	uint64_t now_ns;
	struct decode_state *state;
	const struct flow_sink *sink;
};

/* The first complaint of libbpf on this thread since it was emptied; it would print them. */
static _Thread_local char complaint[192];

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && !complaint[0])
		vsnprintf(complaint, sizeof(complaint), format, args);
	complaint[strcspn(complaint, "\n")] = '\0';
	return 0;
}

bool live_has_xdp(void)
{
	return true;
}

/* What the program counted and the exporter's counters do not say yet. */
static void tell_pool(struct xdp_source *x, struct exporter *exporter)
{
	exporter->stats.sample_pool += x->sum.packets - x->told.packets;
	exporter->stats.pool_samples += x->sum.sampled - x->told.sampled;
	exporter->stats.drops += x->sum.full - x->told.full;
	x->told = x->sum;
}

static int take_sample(void *self, void *data, size_t size)
{
	struct xdp_source *x = self;
	const struct sampled_packet *sample = data;
	const struct live_packet packet = {
		.view = { .data = sample->data,
			  .len = sample->len,
			  .wire_len = sample->wire_len,
			  .link = PACKET_ETHERNET },
	};

	if (!x->begun) {
		x->begun = true;
		x->room = live_begin(&x->batch, &x->live, x->now_ns, x->state, x->sink);
		if (x->room)
			tell_pool(x, x->batch.exporter);
	}
	if (x->room && size >= sizeof(*sample) && sample->len <= SAMPLE_SNAP)
		live_take(&x->batch, &packet);
	return --x->left ? 0 : -EAGAIN;
}

static int read_ring(struct source *source, uint64_t now_ns, struct decode_state *state,
		     const struct flow_sink *sink)
{
	struct xdp_source *x = (struct xdp_source *)source;

	x->begun = false;
	x->left = BATCH;
	x->now_ns = now_ns;
	x->state = state;
	x->sink = sink;
	int r = ring_buffer__consume(x->ring);
	if (x->begun)
		live_end(&x->batch);
	if (r == -EAGAIN)
		return 1;
	return r < 0 ? r : 0;
}

static void count(struct xdp_source *x)
{
	struct source_stats *stats = &x->live.source.stats;
	struct sample_counters sum = { 0 };
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(x->program->maps.counters), &zero, x->counts))
		return;
	for (int i = 0; i < x->cpus; i++) {
		sum.packets += x->counts[i].packets;
		sum.bytes += x->counts[i].bytes;
		sum.sampled += x->counts[i].sampled;
		sum.full += x->counts[i].full;
	}
	x->sum = sum;
	stats->seen = sum.packets;
	stats->seen_bytes = sum.bytes;
	stats->kernel_drops = sum.full;
}

static int link_at(const struct xdp_source *x, unsigned mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode);
	int fd = bpf_link_create(bpf_program__fd(x->program->progs.sample_packet),
				 (int)x->live.link.index, BPF_XDP, &options);

	return fd < 0 ? -errno : fd;
}

static void detach(struct xdp_source *x)
{
	if (x->link_fd >= 0)
		close(x->link_fd);
	if (x->membership_fd >= 0)
		close(x->membership_fd);
	x->link_fd = -1;
	x->membership_fd = -1;
}

/* Without it the card sorts out what is for others before anybody sees it. */
static int join(struct xdp_source *x)
{
	struct packet_mreq request = { .mr_ifindex = (int)x->live.link.index,
				       .mr_type = PACKET_MR_PROMISC };

	if (!x->promiscuous)
		return 0;
	x->membership_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (x->membership_fd < 0 || setsockopt(x->membership_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP,
					       &request, sizeof(request)))
		return -errno;
	return 0;
}

static int attach(struct xdp_source *x)
{
	int fd = link_at(x, XDP_FLAGS_DRV_MODE);

	x->live.source.stats.kind = "xdp";
	if (fd < 0 && fd != -EBUSY && fd != -EEXIST && fd != -EPERM) {
		if (x->native_only)
			return -EOPNOTSUPP;
		fd = link_at(x, XDP_FLAGS_SKB_MODE);
		x->live.source.stats.kind = "xdp-generic";
	}
	if (fd < 0)
		return fd == -EEXIST ? -EBUSY : fd;
	x->link_fd = fd;
	int err = join(x);
	if (err)
		detach(x);
	return err;
}

/* Somebody may have taken the program off, or the interface away, under us. */
static bool is_attached(const struct xdp_source *x)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);

	return x->link_fd >= 0 && !bpf_obj_get_info_by_fd(x->link_fd, &info, &len) &&
	       info.xdp.ifindex == x->live.link.index;
}

static void refresh(struct source *source, uint64_t now_ns)
{
	struct xdp_source *x = (struct xdp_source *)source;
	struct live_link link;
	int err = live_link_of(x->live.name, &link);

	(void)now_ns;
	count(x);
	if (link.index != x->live.link.index || !is_attached(x))
		detach(x);
	if (!err && x->link_fd < 0) {
		x->live.link = link;
		err = attach(x);
	}
	if (!err && !link.up)
		err = -ENETDOWN;
	source->stats.error = err;
	source->stats.if_index = link.index;
}

static void close_source(struct source *source)
{
	struct xdp_source *x = (struct xdp_source *)source;

	detach(x);
	ring_buffer__free(x->ring);
	sample_bpf__destroy(x->program);
	free(x->counts);
	free(x);
}

static const struct source_kind xdp_kind = {
	.name = "xdp",
	.read = read_ring,
	.refresh = refresh,
	.close = close_source,
};

/* The kernel takes powers of two, of pages. */
static uint32_t ring_size(uint64_t bytes)
{
	uint32_t size = 1U << 20;

	while ((uint64_t)size * 2 <= bytes && size < 1U << 30)
		size *= 2;
	return size;
}

static int load(struct xdp_source *x, const struct live_options *options)
{
	complaint[0] = '\0';
	libbpf_set_print(keep_complaint);
	x->cpus = libbpf_num_possible_cpus();
	if (x->cpus < 1)
		return -ENOSYS;
	x->counts = calloc((size_t)x->cpus, sizeof(*x->counts)); /* banned-ok: at open */
	x->program = sample_bpf__open();
	if (!x->counts || !x->program)
		return x->program ? -ENOMEM : -errno;
	x->program->rodata->draw_below = (1ULL << 32) / options->sampling;
	int err =
		bpf_map__set_max_entries(x->program->maps.samples, ring_size(options->ring_bytes));
	if (!err)
		err = sample_bpf__load(x->program);
	if (err)
		return err;
	x->ring = ring_buffer__new(bpf_map__fd(x->program->maps.samples), take_sample, x, NULL);
	return x->ring ? 0 : -errno;
}

static void explain_load(const char *name, int err, struct text *error)
{
	if (err == -EPERM && !rights_have_bpf())
		live_explain(error, name, err, "CAP_BPF CAP_NET_ADMIN");
	else if (err == -EPERM)
		text_addf(error,
			  "sampling %s by XDP: the kernel forbids it; before Linux 5.11 put "
			  "LimitMEMLOCK=infinity into the systemd unit, in a container use `mode: "
			  "packet`",
			  name);
	else if (err == -ENOMEM)
		live_explain(error, name, err, "");
	else
		text_addf(
			error,
			"sampling %s by XDP: this kernel does not take the program (%s); it needs "
			"Linux 5.18 or later, or use `mode: packet`",
			name, complaint[0] ? complaint : err_text(err));
}

static void explain_attach(const struct xdp_source *x, int err, struct text *error)
{
	const char *name = x->live.name;

	if (err == -EBUSY)
		text_addf(error,
			  "%s has another XDP program: see `bpftool net show dev %s`; take it off, "
			  "or "
			  "use `mode: packet`",
			  name, name);
	else if (err == -EOPNOTSUPP && x->native_only)
		text_addf(error, "the driver of %s cannot run XDP programs", name);
	else if (err == -EOPNOTSUPP)
		text_addf(error, "%s cannot run XDP programs: use `mode: packet`", name);
	else
		live_explain(error, name, err, "CAP_BPF CAP_NET_ADMIN");
}

static int open_on(struct xdp_source *x, const struct live_options *options, struct text *error)
{
	int err = live_link_of(options->name, &x->live.link);

	if (err) {
		live_explain(error, options->name, err, "");
		return err;
	}
	if (!x->live.link.ethernet) {
		text_addf(error, "%s is no Ethernet interface, as XDP needs: use `mode: packet`",
			  options->name);
		return -EOPNOTSUPP;
	}
	err = load(x, options);
	if (err) {
		explain_load(options->name, err, error);
		return err;
	}
	err = attach(x);
	if (err)
		explain_attach(x, err, error);
	return err;
}

int live_xdp_open(const struct live_options *options, struct source **ret_source,
		  struct text *error)
{
	struct xdp_source *x = calloc(1, sizeof(*x)); /* banned-ok: at open */

	if (!x)
		return -ENOMEM;
	live_init(&x->live, &xdp_kind, options, -1);
	x->live.source.period_ns = PERIOD_NS;
	x->native_only = options->native_only;
	x->promiscuous = options->promiscuous;
	x->link_fd = -1;
	x->membership_fd = -1;
	int err = open_on(x, options, error);
	if (err) {
		close_source(&x->live.source);
		return err;
	}
	x->live.source.stats.if_index = x->live.link.index;
	x->live.source.stats.error = x->live.link.up ? 0 : -ENETDOWN;
	*ret_source = &x->live.source;
	return 0;
}
