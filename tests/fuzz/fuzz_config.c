/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config: any bytes as a configuration; what is accepted must be usable. */
#include "fuzz.h"

#include <stdlib.h>

#include "config/config.h"

static void use(const struct config *config)
{
	struct text fields = text_heap();
	struct ip ip = { 0 };

	for (size_t i = 0; i < config->network_count; i++) {
		const struct config_network *n =
			config_network_of(config, &config->networks[i].prefix.ip);
		if (!n || (n != &config->networks[i] && !n->nested))
			abort();
		ip = n->prefix.ip;
	}
	for (size_t i = 0; i < config->exporter_count; i++) {
		if (config_exporter_of(config, &config->exporters[i].address) !=
		    &config->exporters[i])
			abort();
	}
	if (config->network_count && config_direction(config, &ip, &ip) != DIRECTION_INTERNAL)
		abort();
	if (config_restart_needed(config, config, &fields) || fields.len)
		abort();
	text_done(&fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	int err = config_parse("f", (const char *)data, size, &errors, &config);

	/* Refused with a reason, or accepted without complaint. */
	if ((err == -WEIR_ECONFIG) != (errors.len > 0) || (err == 0) != (config != NULL))
		abort();
	if (config)
		use(config);
	config_free(config);
	text_done(&errors);
	return 0;
}
