/* SPDX-License-Identifier: Apache-2.0 */
/* replay: runs a fuzz target over the files of its corpus, as a regression test. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int run_file(const char *folder, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	/* One byte more than any input, exactly sized again below, so that ASan sees every overrun. */
	static uint8_t buffer[1 << 20];
	size_t size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		return 1;
	memcpy(exact, buffer, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		if (!folder) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		for (struct dirent *e; (e = readdir(folder));) {
			if (e->d_name[0] == '.')
				continue;
			if (run_file(argv[i], e->d_name))
				return 1;
			files++;
		}
		closedir(folder);
	}
	printf("%d inputs\n", files);
	return files ? 0 : 1;
}
