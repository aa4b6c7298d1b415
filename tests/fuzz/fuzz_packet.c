/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_packet: the first byte names the link layer, the rest is a packet. */
#include "fuzz.h"

#include <stdlib.h>

#include "ingest/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flow flow = { 0 };
	struct packet_udp udp = { 0 };

	if (size < 1)
		return 0;
	struct packet_view view = {
		.data = data + 1,
		.len = size - 1,
		/* Also packets of which only the front is at hand. */
		.wire_len = size - 1 + (size_t)(data[0] >> 4) * 100,
		.link = (enum packet_link)((data[0] & 15) % PACKET_LINK_COUNT),
	};
	int r = packet_parse(&view, &flow);
	if (r == 0 && (flow.packets != 1 || !(flow.has & FLOW_HAS_SRC)))
		abort();
	if (r < 0 && flow.has)
		abort();
	if (packet_udp(&view, &udp) == 0 && udp.len > view.len)
		abort();
	return 0;
}
