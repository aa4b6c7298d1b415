/* SPDX-License-Identifier: Apache-2.0 */
/* files: text in, a file out. */
#include "lab/files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static int put_file(const char *path, const struct text *bytes)
{
	FILE *file = fopen(path, "wbe");

	if (!file)
		return -errno;
	bool written = fwrite(bytes->data, 1, bytes->len, file) == bytes->len;
	int err = written ? 0 : -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

static int put(const char *folder, const char *name, const struct text *bytes, struct text *error)
{
	struct text path = text_heap();
	struct text fresh = text_heap();

	text_addf(&path, "%s/%s", folder, name);
	text_addf(&fresh, "%s/%s.new", folder, name);
	int err = bytes->failed ? -ENOMEM : put_file(text_string(&fresh), bytes);
	if (!err && rename(text_string(&fresh), text_string(&path)))
		err = -errno;
	if (err)
		text_addf(error, "%s: %s", text_string(&path), err_text(err));
	text_done(&path);
	text_done(&fresh);
	return err;
}

int files_config(const char *folder, const struct site *site, const char *mode, struct text *error)
{
	struct text bytes = text_heap();

	if (mkdir(folder, 0755) && errno != EEXIST) {
		int err = -errno;
		text_addf(error, "%s: %s", folder, err_text(err));
		return err;
	}
	site_config(site, mode, &bytes);
	int err = put(folder, "weir.yaml", &bytes, error);
	text_done(&bytes);
	return err;
}

int files_truth(const char *folder, const struct truth *truth, struct text *error)
{
	struct text bytes = text_heap();

	truth_to_json(truth, &bytes);
	int err = put(folder, "truth.json", &bytes, error);
	text_done(&bytes);
	return err;
}

int files_population(const char *folder, const struct population *population, struct text *error)
{
	struct text bytes = text_heap();

	population_to_csv(population, &bytes);
	int err = put(folder, "population.csv", &bytes, error);
	text_done(&bytes);
	return err;
}
