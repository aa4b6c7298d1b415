/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the questions a configuration answers. */
#include "check.h"

#include <string.h>

#include "config/snapshot.h"

static struct ip ip(const char *text)
{
	struct ip ip = { 0 };

	assert_int_equal(ip_parse(text, &ip), 0);
	return ip;
}

static enum direction direction(const struct config *config, const char *src, const char *dst)
{
	struct ip from = ip(src), to = ip(dst);

	return config_direction(config, &from, &to);
}

static struct config *defaults(void)
{
	struct text errors = text_heap();
	struct config *config = NULL;

	assert_int_equal(config_load(NULL, &errors, &config), 0);
	assert_string_equal(text_string(&errors), "");
	text_done(&errors);
	return config;
}

static void defaults_are_usable(void **state)
{
	struct config *config = defaults();
	struct ip any = ip("192.0.2.1");

	(void)state;
	assert_int_equal(config->window_ns, 5000000000);
	assert_true(config->sensitivity > 0);
	assert_int_equal(config->listen_count, 3);
	assert_null(config_network_of(config, &any));
	assert_null(config_exporter_of(config, &any));
	assert_int_equal(direction(config, "192.0.2.1", "192.0.2.2"), DIRECTION_INBOUND);
	config_free(config);
	config_free(NULL);
}

static void directions_follow_the_networks(void **state)
{
	struct snapshot *s = snapshot_new();
	struct config_network *nets = arena_take(s->arena, 2 * sizeof(*nets));

	(void)state;
	assert_int_equal(prefix_parse("198.51.100.0/24", &nets[0].prefix), 0);
	assert_int_equal(prefix_parse("2001:db8::/32", &nets[1].prefix), 0);
	s->config.networks = nets;
	s->config.network_count = 2;
	assert_int_equal(snapshot_finish(s), 0);
	const struct config *c = &s->config;
	assert_int_equal(direction(c, "192.0.2.1", "198.51.100.9"), DIRECTION_INBOUND);
	assert_int_equal(direction(c, "198.51.100.9", "192.0.2.1"), DIRECTION_OUTBOUND);
	assert_int_equal(direction(c, "198.51.100.9", "198.51.100.1"), DIRECTION_INTERNAL);
	assert_int_equal(direction(c, "192.0.2.1", "203.0.113.1"), DIRECTION_TRANSIT);
	assert_int_equal(direction(c, "2001:db9::1", "2001:db8::1"), DIRECTION_INBOUND);
	struct ip inside = ip("2001:db8::7");
	assert_ptr_equal(config_network_of(c, &inside), &nets[1]);
	config_free(&s->config);
}

static void exporters_are_found_by_address(void **state)
{
	static const char *const addresses[] = { "192.0.2.9", "2001:db8::1", "192.0.2.1" };
	struct snapshot *s = snapshot_new();
	struct config_exporter *list = arena_take(s->arena, 3 * sizeof(*list));

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		list[i] =
			(struct config_exporter){ .address = ip(addresses[i]), .sampling = i + 1 };
	s->config.exporters = list;
	s->config.exporter_count = 3;
	assert_int_equal(snapshot_finish(s), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct ip address = ip(addresses[i]);
		const struct config_exporter *found = config_exporter_of(&s->config, &address);
		assert_non_null(found);
		assert_int_equal(found->sampling, i + 1);
	}
	struct ip other = ip("192.0.2.2");
	assert_null(config_exporter_of(&s->config, &other));
	config_free(&s->config);
}

static struct config *parsed(const char *yaml)
{
	struct text errors = text_heap();
	struct config *config = NULL;
	int err = config_parse("f", yaml, strlen(yaml), &errors, &config);

	assert_string_equal(text_string(&errors), "");
	assert_int_equal(err, 0);
	return config;
}

static void assert_restart(const char *before, const char *after, const char *fields)
{
	struct config *a = parsed(before), *b = parsed(after);
	struct text names = text_heap();
	int count = config_restart_needed(a, b, &names);
	int expected = *fields ? 1 : 0;

	for (const char *p = fields; *p; p++)
		expected += *p == ',';
	assert_string_equal(text_string(&names), fields);
	assert_int_equal(count, expected);
	text_done(&names);
	config_free(a);
	config_free(b);
}

static void a_restart_is_asked_for_where_it_is_needed(void **state)
{
	(void)state;
	assert_restart("", "", "");
	assert_restart("", "networks: [{prefix: 10.0.0.0/8}]\ndetect: {window: 9s}", "");
	assert_restart("", "listen: {netflow: '[::]:2055'}", "listen");
	assert_restart("listen: {netflow: '[::]:2055'}", "listen: {sflow: '[::]:2055'}", "listen");
	assert_restart("listen: {netflow: '[::]:2055'}", "\n\nlisten: {ipfix: '[::]:2055'}", "");
	assert_restart("", "ingest: {threads: 3}\nlimits: {hosts: 100, held: 4MiB}",
		       "ingest.threads, limits.hosts");
	assert_restart("", "state: {path: none}", "state.path");
	assert_restart("state: {path: none}", "state: {path: none}", "");
	assert_restart("control: {socket: /a}", "control: {socket: /b}", "control.socket");
	assert_restart("", "report: []\nincidents: {max_open: 5}", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_usable),
		cmocka_unit_test(directions_follow_the_networks),
		cmocka_unit_test(exporters_are_found_by_address),
		cmocka_unit_test(a_restart_is_asked_for_where_it_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
