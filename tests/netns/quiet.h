/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quiet: the everyday traffic of a stage before now, as an exporter's recording.
 *
 * For a daemon to learn from, so that nobody has to wait for its envelopes. One thread.
 */
#pragma once

#include "base/text.h"
#include "stage.h"

/**
 * quiet_record() - play the stage from its begin, and write weir.yaml and telemetry.pcap.
 * @sampling: 1:N of the exporter, sFlow
 * @length_s: seconds until now
 * @error: gets one line for people on failure
 *
 * The stage is @length_s further then. Return: 0 or a negative error.
 */
WEIR_CHECK int quiet_record(struct stage *stage, const char *folder, uint32_t sampling,
			    double length_s, struct text *error);
