/* SPDX-License-Identifier: Apache-2.0 */
/* quiet: each packet of a stage, one in N to the laboratory's sFlow exporter. */
#include "quiet.h"

#include "base/clock.h"
#include "lab/encoder.h"
#include "lab/files.h"
#include "lab/pcap_out.h"

#define PURPOSE_SAMPLES 21
#define TICK_STEPS      10
/* Up for so long before. */
#define UP_NS           (7200 * NS_PER_S)

static void observe(struct stage *stage, uint32_t sampling, double length_s, uint64_t begin_ns,
		    void *exporter)
{
	const uint64_t steps = (uint64_t)(length_s / STAGE_STEP_S);
	uint64_t pool = 0, octets = 0;
	struct lab_rng dice;

	lab_rng_seed(&dice, sampling, PURPOSE_SAMPLES);
	for (uint64_t i = 0; i < steps; i++) {
		stage_step(stage, begin_ns, (double)i * STAGE_STEP_S);
		for (unsigned k = 0; k < stage->count; k++) {
			octets += stage->packets[k].length;
			if (lab_rng_below(&dice, sampling) == 0)
				lab_encoder_sflow.packet(exporter, &stage->packets[k]);
		}
		pool += stage->count;
		if (i % TICK_STEPS != TICK_STEPS - 1)
			continue;
		uint64_t now_ns = begin_ns + (uint64_t)((double)(i + 1) * STAGE_STEP_S * 1e9);
		lab_encoder_sflow.time(exporter, now_ns, pool, octets);
		pool = octets = 0;
	}
}

static int export_all(struct stage *stage, uint32_t sampling, double length_s,
		      struct lab_pcap_out *out)
{
	static const uint8_t be[4] = { 192, 0, 2, 1 };
	const uint64_t begin_ns = clock_wall_ns() - (uint64_t)(length_s * 1e9);
	const struct lab_exporter exporter = { .address = ip_from_v4(be),
					       .sampling = sampling,
					       .boot_ns = begin_ns - UP_NS };
	const struct lab_sink sink = lab_pcap_out_sink(out);
	void *state;
	int err = lab_encoder_sflow.open(&exporter, &sink, &state);

	if (err)
		return err;
	observe(stage, sampling, length_s, begin_ns, state);
	lab_encoder_sflow.close(state);
	return 0;
}

int quiet_record(struct stage *stage, const char *folder, uint32_t sampling, double length_s,
		 struct text *error)
{
	static const uint8_t be[4] = { 192, 0, 2, 254 };
	const struct ip collector = ip_from_v4(be);
	struct text path = text_heap();
	struct lab_pcap_out *out;

	int err = files_config(folder, &stage->site, "packet", error);
	if (err)
		return err;
	text_addf(&path, "%s/telemetry.pcap", folder);
	err = lab_pcap_out_open(text_string(&path), &collector, &out);
	if (!err) {
		err = export_all(stage, sampling, length_s, out);
		int close_err = lab_pcap_out_close(out);
		err = err ? err : close_err;
	}
	if (err)
		text_addf(error, "%s: %s", text_string(&path), err_text(err));
	text_done(&path);
	return err;
}
