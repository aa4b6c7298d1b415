/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_netflow5: runs of netflow5 datagrams. */
#include "fuzz.h"

#include "datagrams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_datagrams(decoder_find("netflow5"), data, size);
	return 0;
}
