/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_packet: packets in, the same packets out, cut as a capture cuts them.
 *
 * Given to the sink as bare IP packets of at most 82 bytes: 96 with their Ethernet header. What
 * is behind the headers is zeros. One thread.
 */
#include <errno.h>
#include <stdlib.h>

#include "lab/encoder.h"
#include "lab/frame.h"
#include "lab/put.h"

#define SNAP (96 - FRAME_ETHERNET)

static int packet_open(const struct lab_exporter *exporter, const struct lab_sink *sink,
		       void **ret_state)
{
	struct lab_sink *own = malloc(sizeof(*own));

	(void)exporter;
	if (!own)
		return -ENOMEM;
	*own = *sink;
	*ret_state = own;
	return 0;
}

static void packet_packet(void *state, const struct lab_packet *packet)
{
	const struct lab_sink *sink = state;
	uint8_t data[FRAME_IP_MAX + SNAP];
	size_t len;
	uint8_t *end = frame_ip(data, packet, &len);
	size_t snapped = len < SNAP ? len : SNAP;

	if (end < data + snapped)
		put_zeros(end, (size_t)(data + snapped - end));
	const struct lab_datagram datagram = { .time_ns = packet->time_ns,
					       .data = data,
					       .len = snapped,
					       .wire_len = len,
					       .port = lab_encoder_packet.port };
	sink->datagram(sink->self, &datagram);
}

static void packet_time(void *state, uint64_t now_ns, uint64_t pool, uint64_t octets)
{
	(void)state;
	(void)now_ns;
	(void)pool;
	(void)octets;
}

const struct lab_encoder lab_encoder_packet = {
	.mode = "packet",
	.open = packet_open,
	.packet = packet_packet,
	.time = packet_time,
	.close = free,
};
