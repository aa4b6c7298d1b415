/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sflow5: runs of sflow5 datagrams. */
#include "fuzz.h"

#include "datagrams.h"

extern const struct decoder decoder_sflow5;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)decoder_sflow5.probe(data, size);
	fuzz_datagrams(&decoder_sflow5, data, size);
	return 0;
}
