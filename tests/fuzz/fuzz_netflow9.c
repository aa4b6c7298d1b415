/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_netflow9: runs of netflow9 datagrams. */
#include "fuzz.h"

#include "datagrams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_datagrams(decoder_find("netflow9"), data, size);
	return 0;
}
