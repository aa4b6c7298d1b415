/* SPDX-License-Identifier: Apache-2.0 */
/* pcap_out: see pcap_out.h. The format is that of libpcap, pcap-savefile(5), version 2.4. */
#include "lab/pcap_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/checksum.h"
#include "lab/frame.h"
#include "lab/put.h"

enum {
	BUFFER = 1 << 18,
	RECORD_HEADER = 16,
	IPV4_HEADER = 20,
	UDP_HEADER = 8,
	HEADERS = FRAME_ETHERNET + IPV4_HEADER + UDP_HEADER,
	FRAME_MAX = 65535,
	LINK_ETHERNET = 1,
	TTL = 64,
	PROTO_UDP = 17,
	SOURCE_PORT = 50000,
};

#define MAGIC_NS 0xa1b23c4dU

struct lab_pcap_out {
	int fd;
	bool opened; /* by us: to be closed by us */
	int error;
	struct ip collector;
	uint64_t datagrams;
	size_t len;
	uint8_t data[BUFFER];
};

static void write_out(struct lab_pcap_out *out)
{
	size_t done = 0;

	while (done < out->len && !out->error) {
		ssize_t r = write(out->fd, out->data + done, out->len - done);

		if (r >= 0)
			done += (size_t)r;
		else if (errno != EINTR)
			out->error = -errno;
	}
	out->len = 0;
}

/* The header of a frame of @wire_len bytes, of which @len follow. */
static uint8_t *begin_frame(struct lab_pcap_out *out, uint64_t time_ns, size_t len, size_t wire_len)
{
	if (out->len + RECORD_HEADER + len > sizeof(out->data))
		write_out(out);
	uint8_t *at = out->data + out->len;

	out->len += RECORD_HEADER + len;
	out->datagrams++;
	at = put32(put32(at, (uint32_t)(time_ns / NS_PER_S)), (uint32_t)(time_ns % NS_PER_S));
	return put32(put32(at, (uint32_t)len), (uint32_t)wire_len);
}

static uint8_t *put_ipv4(struct lab_pcap_out *out, uint8_t *at, const struct ip *src, size_t len)
{
	uint8_t *begin = at;

	at = put16(put16(at, 0x4500), (uint16_t)(IPV4_HEADER + UDP_HEADER + len));
	at = put16(put16(at, (uint16_t)out->datagrams), 0);
	at = put16(put8(put8(at, TTL), PROTO_UDP), 0);
	at = put_bytes(put_bytes(at, src->b + 12, 4), out->collector.b + 12, 4);
	put16(begin + 10, checksum_of(checksum_add(0, begin, IPV4_HEADER)));
	return at;
}

/* The UDP header; the addresses stand right before it. */
static uint8_t *put_udp(uint8_t *at, uint16_t port, const uint8_t *data, size_t len)
{
	uint8_t *begin = at;
	uint32_t udp_len = (uint32_t)(UDP_HEADER + len);

	at = put16(put16(put16(put16(at, SOURCE_PORT), port), (uint16_t)udp_len), 0);
	uint64_t sum = checksum_add(0, begin - 8, 8 + UDP_HEADER);
	sum = checksum_add32(checksum_add32(sum, udp_len), PROTO_UDP);
	uint16_t checksum = checksum_of(checksum_add(sum, data, len));
	put16(begin + 6, checksum ? checksum : 0xffff);
	return at;
}

static void take(void *self, const struct lab_datagram *datagram)
{
	struct lab_pcap_out *out = self;
	const struct ip *exporter = datagram->exporter;
	const uint8_t *data = datagram->data;
	size_t len = datagram->len;
	size_t headers = exporter ? HEADERS : FRAME_ETHERNET;

	if (out->error)
		return;
	if (len == 0 || len > FRAME_MAX - HEADERS || (exporter && !ip_is_v4(exporter))) {
		out->error = -EINVAL;
		return;
	}
	uint8_t *at = begin_frame(out, datagram->time_ns, headers + len,
				  headers + (exporter ? len : datagram->wire_len));
	at = frame_ethernet(at, exporter ? 4 : data[0] >> 4);
	if (exporter)
		at = put_udp(put_ipv4(out, at, exporter, len), datagram->port, data, len);
	put_bytes(at, data, len);
}

/* Big-endian, as the magic number tells. */
static void put_file_header(struct lab_pcap_out *out)
{
	uint8_t *at = put32(out->data, MAGIC_NS);

	at = put32(put16(put16(at, 2), 4), 0);
	at = put32(put32(put32(at, 0), FRAME_MAX), LINK_ETHERNET);
	out->len = (size_t)(at - out->data);
}

int lab_pcap_out_open(const char *path, const struct ip *collector, struct lab_pcap_out **ret_out)
{
	bool standard = strcmp(path, "-") == 0;

	if (!ip_is_v4(collector))
		return -EINVAL;
	struct lab_pcap_out *out = calloc(1, sizeof(*out));
	if (!out)
		return -ENOMEM;
	out->opened = !standard;
	out->fd = standard ? STDOUT_FILENO
			   : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out->fd < 0) {
		int error = -errno;

		free(out);
		return error;
	}
	out->collector = *collector;
	put_file_header(out);
	*ret_out = out;
	return 0;
}

struct lab_sink lab_pcap_out_sink(struct lab_pcap_out *out)
{
	return (struct lab_sink){ .datagram = take, .self = out };
}

int lab_pcap_out_error(const struct lab_pcap_out *out)
{
	return out->error;
}

uint64_t lab_pcap_out_datagrams(const struct lab_pcap_out *out)
{
	return out->datagrams;
}

int lab_pcap_out_close(struct lab_pcap_out *out)
{
	if (!out)
		return 0;
	write_out(out);
	if (out->opened && close(out->fd) < 0 && !out->error)
		out->error = -errno;
	int error = out->error;
	free(out);
	return error;
}
