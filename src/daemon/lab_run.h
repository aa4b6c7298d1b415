/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab_run: the folder of a laboratory run in, how good Weir was at it out.
 *
 * Plays telemetry.pcap with the folder's weir.yaml through the pipeline, lets the references see
 * the same flows, and has lab/score judge. The recording may be a FIFO that `weir lab make` is
 * writing into: it is opened once and never sought in. One thread.
 */
#pragma once

#include "base/text.h"
#include "lab/score.h"

/**
 * lab_run_score() - play and judge one run.
 * @dir: with weir.yaml, telemetry.pcap, truth.json and, if there are plans, population.csv
 * @error: gets one line for people on failure
 *
 * Return: 0 or negative error.
 */
WEIR_CHECK int lab_run_score(const char *dir, struct text *error, struct score_result *ret_result);
