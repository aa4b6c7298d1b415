/* SPDX-License-Identifier: Apache-2.0 */
/* source: what all kinds have in common (source.h). */
#include "ingest/source.h"

#include <stdio.h>

void source_init(struct source *source, const struct source_kind *kind, const char *name, int fd)
{
	*source = (struct source){ .kind = kind, .fd = fd, .stats = { .kind = kind->name } };
	snprintf(source->stats.name, sizeof(source->stats.name), "%s", name);
}

void source_close(struct source *source)
{
	if (source)
		source->kind->close(source);
}
