/* SPDX-License-Identifier: Apache-2.0 */
/* live_no_xdp: stands for live_xdp.c where this program is built without BPF. */
#include <errno.h>

#include "ingest/live.h"

bool live_has_xdp(void)
{
	return false;
}

int live_xdp_open(const struct live_options *options, struct source **ret_source,
		  struct text *error)
{
	(void)ret_source;
	text_addf(error, "sampling %s by XDP: this program was built without BPF", options->name);
	return -EOPNOTSUPP;
}
