/* SPDX-License-Identifier: Apache-2.0 */
/* files: the small files of a run, each written beside its old one and renamed. */
#pragma once

#include "lab/population.h"
#include "lab/truth.h"

/** files_config() - weir.yaml; makes the folder too. Return: 0 or negative errno, with @error. */
WEIR_CHECK int files_config(const char *folder, const struct site *site, const char *mode,
			    struct text *error);

/** files_truth() - truth.json. */
WEIR_CHECK int files_truth(const char *folder, const struct truth *truth, struct text *error);

/** files_population() - population.csv. */
WEIR_CHECK int files_population(const char *folder, const struct population *population,
				struct text *error);
