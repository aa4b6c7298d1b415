/* SPDX-License-Identifier: Apache-2.0 */
/* exporters: one encoder each, all into one file. */
#include "lab/exporters.h"

#include <string.h>

#include "base/clock.h"

#define CACHE_FLOWS  400000
#define TEMPLATES_NS (30 * NS_PER_S)
/* Up for so long before the run. */
#define UP_NS        (7200 * NS_PER_S)
#define AHEAD_NS     (120 * (int64_t)NS_PER_S)
#define RATE_TIMES   10
#define LOSS_NS      (60 * NS_PER_S)
#define LOSS_SHARE   300 /* of a thousand */

static const struct lab_encoder *encoder_of(const char *mode)
{
	const struct lab_encoder *const all[] = { &lab_encoder_sflow, &lab_encoder_netflow9,
						  &lab_encoder_ipfix, &lab_encoder_packet };

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->mode, mode) == 0)
			return all[i];
	}
	return NULL;
}

static void set_fault(const struct exporters_setup *setup, struct lab_exporter *exporter)
{
	switch (setup->request->fault) {
	case MAKER_CLOCK:
		lab_fault_clock(exporter, AHEAD_NS);
		break;
	case MAKER_RATE10:
		lab_fault_rate(exporter, setup->rate_ns, RATE_TIMES);
		break;
	case MAKER_TEMPLATES:
		lab_fault_templates(exporter, setup->onset_ns - 30 * NS_PER_S,
				    setup->onset_ns + 60 * NS_PER_S);
		break;
	default:
		break;
	}
}

static int open_one(struct exporters *exporters, const struct exporters_setup *setup,
		    unsigned number)
{
	const uint8_t be[4] = { 192, 0, 2, (uint8_t)(1 + number) };
	struct lab_exporter exporter = {
		.address = ip_from_v4(be),
		.sampling = setup->sampling,
		.active_timeout_ms = EXPORTERS_ACTIVE_MS,
		.inactive_timeout_ms = EXPORTERS_INACTIVE_MS,
		.cache_flows = CACHE_FLOWS,
		.boot_ns = setup->begin_ns - UP_NS,
		.template_every_ns = TEMPLATES_NS,
	};
	const struct lab_encoder *encoder = encoder_of(setup->request->mode);

	set_fault(setup, &exporter);
	exporters->at[number].encoder = encoder;
	int err = encoder->open(&exporter, &exporters->sink, &exporters->at[number].state);
	exporters->count += err == 0;
	return err;
}

static int open_out(struct exporters *exporters, const char *folder, struct text *error)
{
	const uint8_t be[4] = { 192, 0, 2, 254 };
	const struct ip collector = ip_from_v4(be);
	struct text path = text_heap();

	text_addf(&path, "%s/telemetry.pcap", folder);
	int err = lab_pcap_out_open(text_string(&path), &collector, &exporters->out);
	if (err)
		text_addf(error, "%s: %s", text_string(&path), err_text(err));
	text_done(&path);
	return err;
}

int exporters_open(struct exporters *exporters, const struct exporters_setup *setup,
		   struct text *error)
{
	const struct maker_request *request = setup->request;

	*exporters = (struct exporters){ 0 };
	int err = open_out(exporters, request->folder, error);
	if (err)
		return err;
	exporters->sink = lab_pcap_out_sink(exporters->out);
	if (request->fault == MAKER_LOSS) {
		const struct lab_sink next = exporters->sink;
		exporters->sink = lab_fault_loss(&next, setup->loss_ns, setup->loss_ns + LOSS_NS,
						 LOSS_SHARE, request->seed, &exporters->loss);
	}
	err = open_one(exporters, setup, 0);
	if (!err && request->fault == MAKER_TWICE)
		err = open_one(exporters, setup, 1);
	return err;
}

void exporters_packet(struct exporters *exporters, unsigned number, const struct lab_packet *packet)
{
	exporters->at[number].encoder->packet(exporters->at[number].state, packet);
}

void exporters_time(struct exporters *exporters, uint64_t now_ns, uint64_t packets, uint64_t octets)
{
	for (unsigned i = 0; i < exporters->count; i++)
		exporters->at[i].encoder->time(exporters->at[i].state, now_ns, packets, octets);
}

bool exporters_failed(const struct exporters *exporters)
{
	return lab_pcap_out_error(exporters->out) != 0;
}

int exporters_close(struct exporters *exporters, uint64_t *ret_datagrams)
{
	for (unsigned i = 0; i < exporters->count; i++)
		exporters->at[i].encoder->close(exporters->at[i].state);
	exporters->count = 0;
	*ret_datagrams = lab_pcap_out_datagrams(exporters->out);
	int err = lab_pcap_out_close(exporters->out);
	exporters->out = NULL;
	return err;
}
