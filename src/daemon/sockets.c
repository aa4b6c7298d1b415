/* SPDX-License-Identifier: Apache-2.0 */
/* sockets: addresses of the configuration in, sockets with workers out. */
#include "daemon/sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "ingest/udp.h"

static void warn_small_buffer(uint64_t wanted, uint64_t granted)
{
	char asked[32];
	char got[32];

	quantity_format(wanted, QUANTITY_BYTES, asked);
	quantity_format(granted, QUANTITY_BYTES, got);
	log_warning(
		"ingest.udp",
		"receive buffer: asked for %s, got %s; bursts will be lost (and counted): run as"
		" root, or `sysctl -w net.core.rmem_max=%llu`",
		asked, got, (unsigned long long)wanted);
}

static void name_socket(const struct config_listen *listen, struct text *out)
{
	char ip[IP_TEXT_MAX];

	ip_format(&listen->ip, ip);
	text_addf(out, ip_is_v4(&listen->ip) ? "%s:%u" : "[%s]:%u", ip, listen->port);
}

/* Takes the descriptor, also on failure. */
static int give(struct worker *worker, struct udp_receiver *receiver,
		const struct config_listen *listen, int fd)
{
	char words[SOURCE_NAME_MAX];
	struct text name = text_fixed(words, sizeof(words));
	struct source *source = NULL;

	name_socket(listen, &name);
	int err = udp_source_open(receiver, fd, listen->port, text_string(&name), &source);
	if (err) {
		close(fd);
		return err;
	}
	err = worker_source(worker, source);
	if (err)
		source_close(source);
	return err;
}

/* What opening all of them needs. */
struct opening {
	const struct config *config;
	struct worker *const *workers;
	unsigned count;
	struct udp_receiver *receivers[WORKERS_MAX]; /* one a worker, for all its sockets */
	bool warned;
	struct text *error;
};

static int open_one(struct opening *o, const struct config_listen *listen)
{
	int fds[WORKERS_MAX];
	uint64_t wanted = o->config->receive_buffer;
	uint64_t granted = 0;
	const struct udp_options options = { .threads = o->count,
					     .buffer_bytes = wanted,
					     .gro = o->config->gro };
	int err = udp_group_open(listen, &options, fds, &granted, o->error);

	if (err)
		return err;
	if (granted < wanted && !o->warned) {
		warn_small_buffer(wanted, granted);
		o->warned = true;
	}
	for (unsigned i = 0; i < o->count; i++) {
		if (err)
			close(fds[i]);
		else
			err = give(o->workers[i], o->receivers[i], listen, fds[i]);
	}
	if (err)
		text_addf(o->error, "too many addresses under `listen`: %s", err_text(err));
	return err;
}

int sockets_open(const struct config *config, struct worker *const *workers, unsigned count,
		 struct text *words, struct text *error)
{
	struct opening o = { .config = config, .workers = workers, .count = count, .error = error };
	int err = 0;

	for (unsigned i = 0; !err && config->listen_count && i < count; i++) {
		o.receivers[i] = udp_receiver_new();
		if (!o.receivers[i])
			err = -ENOMEM;
	}
	for (size_t i = 0; !err && i < config->listen_count; i++) {
		err = open_one(&o, &config->listens[i]);
		text_add(words, i ? ", " : "");
		name_socket(&config->listens[i], words);
	}
	for (unsigned i = 0; i < count; i++)
		udp_receiver_free(o.receivers[i]);
	return err;
}
