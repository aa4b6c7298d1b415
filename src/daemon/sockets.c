/* SPDX-License-Identifier: Apache-2.0 */
/* sockets: addresses of the configuration in, sockets with workers out. */
#include "daemon/sockets.h"

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

static int open_one(const struct config *config, const struct config_listen *listen,
		    struct worker *const *workers, unsigned count, bool *warned, struct text *error)
{
	int fds[WORKERS_MAX];
	uint64_t granted = 0;
	int err = udp_group_open(listen, count, config->receive_buffer, fds, &granted, error);

	if (err)
		return err;
	if (granted < config->receive_buffer && !*warned) {
		warn_small_buffer(config->receive_buffer, granted);
		*warned = true;
	}
	for (unsigned i = 0; i < count; i++) {
		int failed = err ? err : worker_socket(workers[i], fds[i], listen->port);
		if (failed) {
			close(fds[i]);
			err = failed;
		}
	}
	if (err)
		text_addf(error, "too many addresses under `listen`: %s", err_text(err));
	return err;
}

int sockets_open(const struct config *config, struct worker *const *workers, unsigned count,
		 struct text *words, struct text *error)
{
	bool warned = false;
	char ip[IP_TEXT_MAX];

	for (size_t i = 0; i < config->listen_count; i++) {
		const struct config_listen *listen = &config->listens[i];
		int err = open_one(config, listen, workers, count, &warned, error);
		if (err)
			return err;
		ip_format(&listen->ip, ip);
		text_addf(words, ip_is_v4(&listen->ip) ? "%s%s:%u" : "%s[%s]:%u", i ? ", " : "", ip,
			  listen->port);
	}
	return 0;
}
