/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ipfix: runs of ipfix datagrams. */
#include "fuzz.h"

#include "datagrams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_datagrams(decoder_find("ipfix"), data, size);
	return 0;
}
