/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sflow5: runs of sflow5 datagrams. */
#include "fuzz.h"

#include "datagrams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct decoder *decoder = decoder_find("sflow5");

	(void)decoder->probe(data, size);
	fuzz_datagrams(decoder, data, size);
	return 0;
}
