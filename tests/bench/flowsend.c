/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowsend: sends flow telemetry to a collector under test, and tells what it sent.
 *
 * NetFlow v5, v9, IPFIX and sFlow v5 datagrams about made-up traffic to own hosts
 * 10.64.0.0 and up, from several exporter addresses, with sequence numbers, repeated
 * templates, sampling rates and times of the real clock. It sends to loopback or inside
 * a network namespace of its own only (fence.h), and ends by itself: both a number of
 * records and a time must be given. Prints one JSON object. One thread.
 *
 *   flowsend --protocol netflow9 --to 127.0.0.1:2055 --records 1M --seconds 60
 */
#include "flowsend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/parse.h"
#include "fence.h"

#define OWN_HOSTS   0x0a400000U /* 10.64.0.0; 4M of them are 10.64.0.0/10 */
#define HOSTS_MAX   (1U << 22)
#define PEERS_MAX   (1U << 24)
#define SECONDS_MAX 3600
#define RECORDS_MAX 100000000000ULL

static const char usage[] =
	"usage: flowsend --protocol P --to 127.0.0.1:PORT --records N --seconds S [options]\n"
	"\n"
	"  --protocol P       netflow5, netflow9, ipfix or sflow5\n"
	"  --to ADDRESS:PORT  loopback, or a neighbour inside a network namespace of its own\n"
	"  --records N        end after so many records (k, M, G)\n"
	"  --seconds S        end after so long, at most 3600\n"
	"  --rate N           records a second; without: as fast as it goes\n"
	"  --hosts N          own hosts, at most 4194304, from 10.64.0.0 on (65536)\n"
	"  --zipf             hosts by Zipf's law; without: each in turn, in random order\n"
	"  --peers N          outside addresses, a power of two (65536)\n"
	"  --outbound PERCENT records from own hosts to outside (0)\n"
	"  --exporters N      source addresses, at most 256 (16)\n"
	"  --seen-by N        exporters that tell of a host (2)\n"
	"  --from ADDRESS     the first of them (127.0.0.2)\n"
	"  --sampling N       announce 1:N; 0 announces nothing (1)\n"
	"  --packets N        in each record (1)\n"
	"  --long PERCENT     records that lasted the active timeout (0)\n"
	"  --active-timeout S (60)\n"
	"  --templates-every S repeat templates (1)\n"
	"  --restart-after S  exporters begin anew: sequence 0, SysUptime back\n"
	"  --gso N            N datagrams a send by UDP_SEGMENT, at most 64 and 64 kB\n"
	"  --withhold PERCENT datagrams made, numbered and not sent; one decimal (0)\n"
	"  --seed N           (1)\n"
	"  --cpu N            stay on this processor\n";

/* One option that is a number: where it goes and what it may be. */
struct number {
	const char *name;
	uint64_t least;
	uint64_t most;
	uint64_t value;
	bool given;
};

enum {
	RECORDS,
	SECONDS,
	RATE,
	HOSTS,
	PEERS,
	OUTBOUND,
	EXPORTERS,
	SEEN_BY,
	SAMPLING,
	PACKETS,
	LONG,
	ACTIVE,
	ANNOUNCE,
	RESTART,
	GSO,
	SEED,
	CPU,
	NUMBERS,
	PROTOCOL = 100,
	TO,
	FROM,
	ZIPF,
	WITHHOLD,
	HELP,
};

static struct number numbers[NUMBERS] = {
	[RECORDS] = { "records", 1, RECORDS_MAX },
	[SECONDS] = { "seconds", 1, SECONDS_MAX },
	[RATE] = { "rate", 1, 1000000000 },
	[HOSTS] = { "hosts", 1, HOSTS_MAX, 65536 },
	[PEERS] = { "peers", 1, PEERS_MAX, 65536 },
	[OUTBOUND] = { "outbound", 0, 100 },
	[EXPORTERS] = { "exporters", 1, EXPORTERS_MAX - 2, 16 },
	[SEEN_BY] = { "seen-by", 1, EXPORTERS_MAX, 2 },
	[SAMPLING] = { "sampling", 0, 1 << 24, 1 },
	[PACKETS] = { "packets", 1, 1000000, 1 },
	[LONG] = { "long", 0, 100 },
	[ACTIVE] = { "active-timeout", 1, 1800, 60 },
	[ANNOUNCE] = { "templates-every", 1, SECONDS_MAX, 1 },
	[RESTART] = { "restart-after", 1, SECONDS_MAX },
	[GSO] = { "gso", 2, GSO_MAX },
	[SEED] = { "seed", 0, UINT32_MAX, 1 },
	[CPU] = { "cpu", 0, CPU_SETSIZE - 1 },
};

__attribute__((noreturn)) static void refuse(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "flowsend: --%s %s: %s\n", option, value ? value : "", why);
	exit(2);
}

static void read_number(struct number *n, const char *text)
{
	char why[80];

	if (parse_quantity(text, QUANTITY_COUNT, &n->value) || n->value < n->least ||
	    n->value > n->most) {
		snprintf(why, sizeof(why), "expected a whole number from %llu to %llu",
			 (unsigned long long)n->least, (unsigned long long)n->most);
		refuse(n->name, text, why);
	}
	n->given = true;
}

/* "12.5" percent to 125 permille. */
static uint32_t read_permille(const char *text)
{
	uint64_t nano;
	char seconds[32];

	/* Thousandths of a number are what milliseconds are to seconds. */
	snprintf(seconds, sizeof(seconds), "%ss", text);
	if (parse_quantity(seconds, QUANTITY_DURATION, &nano) || nano > 99 * NS_PER_S)
		refuse("withhold", text, "expected a percentage from 0 to 99, as 10 or 2.5");
	return (uint32_t)(nano / 100000000U);
}

static struct sockaddr_in read_address(const char *option, const char *text, bool with_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t port = 0;

	if (len >= sizeof(host) || (colon != NULL) != with_port)
		refuse(option, text, with_port ? "expected 127.0.0.1:PORT" : "expected an address");
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
	    (with_port && (parse_u64(colon + 1, &port) || port == 0 || port > 65535)))
		refuse(option, text, "expected an IPv4 address");
	address.sin_port = htons((uint16_t)port);
	return address;
}

static void read_other(int option, struct flowsend_options *o)
{
	switch (option) {
	case PROTOCOL:
		o->wire = wire_find(optarg);
		if (!o->wire)
			refuse("protocol", optarg, "expected netflow5, netflow9, ipfix or sflow5");
		break;
	case TO:
		o->to = read_address("to", optarg, true);
		break;
	case FROM:
		o->from = read_address("from", optarg, false);
		break;
	case ZIPF:
		o->feed.zipf = true;
		break;
	case WITHHOLD:
		o->withhold_permille = read_permille(optarg);
		break;
	case HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void read_words(int argc, char **argv, struct flowsend_options *o)
{
	struct option options[NUMBERS + 7] = { 0 };
	int option;

	for (int i = 0; i < NUMBERS; i++)
		options[i] = (struct option){ numbers[i].name, required_argument, NULL, i };
	options[NUMBERS] = (struct option){ "protocol", required_argument, NULL, PROTOCOL };
	options[NUMBERS + 1] = (struct option){ "to", required_argument, NULL, TO };
	options[NUMBERS + 2] = (struct option){ "from", required_argument, NULL, FROM };
	options[NUMBERS + 3] = (struct option){ "zipf", no_argument, NULL, ZIPF };
	options[NUMBERS + 4] = (struct option){ "withhold", required_argument, NULL, WITHHOLD };
	options[NUMBERS + 5] = (struct option){ "help", no_argument, NULL, HELP };
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option >= 0 && option < NUMBERS)
			read_number(&numbers[option], optarg);
		else
			read_other(option, o);
	}
	if (optind < argc)
		refuse("", argv[optind], "nothing was expected here");
}

static void take_numbers(struct flowsend_options *o)
{
	o->records = numbers[RECORDS].value;
	o->duration_ns = numbers[SECONDS].value * NS_PER_S;
	o->rate = numbers[RATE].value;
	o->announce_ns = numbers[ANNOUNCE].value * NS_PER_S;
	o->restart_ns = numbers[RESTART].value * NS_PER_S;
	o->exporters = (uint32_t)numbers[EXPORTERS].value;
	o->sampling = (uint32_t)numbers[SAMPLING].value;
	o->packets = (uint32_t)numbers[PACKETS].value;
	o->gso = (uint32_t)numbers[GSO].value;
	o->cpu = numbers[CPU].given ? (int)numbers[CPU].value : -1;
	o->feed.own = OWN_HOSTS;
	o->feed.hosts = (uint32_t)numbers[HOSTS].value;
	/* Exporter and host belong together if their numbers agree in the remainder. */
	o->feed.groups = o->exporters / (uint32_t)numbers[SEEN_BY].value;
	o->feed.groups += o->feed.groups == 0;
	o->feed.peers = (uint32_t)numbers[PEERS].value;
	o->feed.outbound_percent = (uint32_t)numbers[OUTBOUND].value;
	o->feed.long_percent = (uint32_t)numbers[LONG].value;
	o->feed.active_timeout_ms = (uint32_t)numbers[ACTIVE].value * 1000;
	o->feed.seed = numbers[SEED].value;
}

/* What only shows when all options are known. */
static void check(const struct flowsend_options *o)
{
	const char *why;
	char text[INET_ADDRSTRLEN];

	if (!o->wire || !o->to.sin_port || !numbers[RECORDS].given || !numbers[SECONDS].given) {
		fputs("flowsend: --protocol, --to, --records and --seconds must be given\n",
		      stderr);
		exit(2);
	}
	inet_ntop(AF_INET, &o->to.sin_addr, text, sizeof(text));
	if (fence_check(&o->to, &why))
		refuse("to", text, why);
	if (o->feed.hosts < o->feed.groups)
		refuse("hosts", NULL,
		       "fewer than exporters: give --exporters or --seen-by as well");
	if (o->feed.peers & (o->feed.peers - 1))
		refuse("peers", NULL, "expected a power of two");
	if ((uint32_t)o->gso * o->wire->len > 65507)
		refuse("gso", NULL, "more than 65,507 bytes in one send; 40 fits every protocol");
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set)) {
		fprintf(stderr, "flowsend: cannot stay on processor %d: %s\n", cpu,
			strerror(errno));
		exit(1);
	}
}

static void tell_counts(struct jsonw *w, const struct flowsend_counts *c)
{
	jsonw_u64(w, "datagrams", c->datagrams);
	jsonw_u64(w, "records", c->records);
	jsonw_u64(w, "bytes", c->bytes);
	jsonw_u64(w, "template_datagrams", c->announced);
	jsonw_u64(w, "withheld_datagrams", c->withheld_datagrams);
	jsonw_u64(w, "withheld_records", c->withheld_records);
}

static void tell(const struct flowsend_options *o, const struct flowsend_result *r)
{
	struct text out = text_heap();
	struct jsonw w = jsonw_on(&out);
	char text[INET_ADDRSTRLEN];
	struct in_addr from = o->from.sin_addr;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "protocol", o->wire->name);
	jsonw_u64(&w, "hosts", o->feed.hosts);
	jsonw_u64(&w, "records_a_datagram", o->wire->records);
	jsonw_u64(&w, "datagram_bytes", o->wire->len);
	jsonw_u64(&w, "gso", o->gso);
	tell_counts(&w, &r->total);
	jsonw_number(&w, "seconds", (double)r->elapsed_ns / 1e9);
	jsonw_number(&w, "cpu_seconds", (double)r->cpu_ns / 1e9);
	jsonw_number(&w, "late_seconds", (double)r->late_ns / 1e9);
	jsonw_number(&w, "records_per_s",
		     (double)r->total.records * 1e9 / (double)(r->elapsed_ns + !r->elapsed_ns));
	jsonw_u64(&w, "refused", r->refused);
	jsonw_array(&w, "exporters");
	for (uint32_t i = 0; i < o->exporters; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "address", inet_ntop(AF_INET, &from, text, sizeof(text)));
		tell_counts(&w, &r->exporter[i]);
		jsonw_object_end(&w);
		from.s_addr = htonl(ntohl(from.s_addr) + 1);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	puts(text_string(&out));
	text_done(&out);
}

const struct wire *wire_find(const char *name)
{
	static const struct wire *const all[] = { &wire_netflow5, &wire_netflow9, &wire_ipfix,
						  &wire_sflow5 };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct flowsend_result result;
	struct flowsend_options options = { .from = { .sin_family = AF_INET } };

	options.from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	read_words(argc, argv, &options);
	take_numbers(&options);
	check(&options);
	stay_on(options.cpu);
	int err = flowsend_run(&options, &result);
	tell(&options, &result);
	if (err == -ECONNREFUSED)
		fputs("flowsend: nobody listens there\n", stderr);
	else if (err)
		fprintf(stderr, "flowsend: %s\n", err_text(err));
	return err ? 1 : 0;
}
