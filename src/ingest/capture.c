/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture: file in, packets out, by libpcap; what kind of packets they are.
 *
 * The first packets are read ahead into memory, so that a pipe can be judged
 * as well as a file; capture_next() hands those out first.
 */
#include "ingest/capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** UDP datagrams that decide the kind of a capture. */
#define AHEAD_DATAGRAMS 64
/** Packets read ahead at most, whatever they hold. */
#define AHEAD_PACKETS   1024
/** Bytes read ahead at most; libpcap never hands out a longer packet than the second part. */
#define AHEAD_BYTES     ((size_t)1 << 20)
#define PACKET_BYTES    ((size_t)1 << 18)
/** A decoder this sure is believed; on a port of exporters, also a broken datagram. */
#define PROBE_SURE      50
#define PROBE_ON_PORT   10

/** One packet in so many is telemetry at least: traffic may hold a stray datagram of an exporter. */
#define TELEMETRY_SHARE 10

/** A packet read ahead. */
struct ahead {
	uint64_t time_ns;
	size_t at; /**< in ahead_bytes */
	size_t len;
	size_t wire_len;
};

struct capture {
	const char *path;
	pcap_t *pcap;
	enum packet_link link;
	uint64_t file_bytes; /**< 0: no regular file */
	uint64_t packets;    /**< handed out */
	int pending;         /**< what reading ahead ended with: 1, or as pcap_next_ex() */
	enum capture_kind kind;
	struct ahead ahead[AHEAD_PACKETS];
	size_t ahead_count;
	size_t ahead_next;
	size_t ahead_used;
	uint8_t ahead_bytes[AHEAD_BYTES + PACKET_BYTES];
};

static int link_of(int dlt, enum packet_link *ret_link)
{
	static const struct {
		int dlt;
		enum packet_link link;
	} links[] = {
		{ DLT_EN10MB, PACKET_ETHERNET },
		{ DLT_RAW, PACKET_IP },
		{ DLT_IPV4, PACKET_IP },
		{ DLT_IPV6, PACKET_IP },
		{ DLT_LINUX_SLL, PACKET_SLL },
		{ DLT_LINUX_SLL2, PACKET_SLL2 },
		{ DLT_NULL, PACKET_LOOP },
		{ DLT_LOOP, PACKET_LOOP },
		{ DLT_PPP, PACKET_PPP },
		{ DLT_PPP_SERIAL, PACKET_PPP },
		{ DLT_MPLS, PACKET_MPLS },
		{ DLT_FDDI, PACKET_FDDI },
		{ DLT_FRELAY, PACKET_FRAME_RELAY },
		{ DLT_C_HDLC, PACKET_CISCO_HDLC },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].dlt == dlt) {
			*ret_link = links[i].link;
			return 0;
		}
	}
	return -WEIR_EFORMAT;
}

/** One packet from libpcap. Return: 1, 0 at the end, negative on failure. */
static int read_packet(struct capture *capture, struct capture_packet *ret_packet)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int r = pcap_next_ex(capture->pcap, &header, &data);

	if (r == PCAP_ERROR_BREAK)
		return 0;
	if (r != 1)
		return -1;
	*ret_packet = (struct capture_packet){
		.view = { .data = data,
			  .len = header->caplen,
			  .wire_len = header->len > header->caplen ? header->len : header->caplen,
			  .link = capture->link },
		/* The precision asked for is ns, so that is what tv_usec holds. */
		.time_ns = (uint64_t)header->ts.tv_sec * 1000000000U + (uint64_t)header->ts.tv_usec,
	};
	return 1;
}

static void keep_ahead(struct capture *capture, const struct capture_packet *packet)
{
	struct ahead *ahead = &capture->ahead[capture->ahead_count++];

	*ahead = (struct ahead){
		.time_ns = packet->time_ns,
		.at = capture->ahead_used,
		.len = packet->view.len,
		.wire_len = packet->view.wire_len,
	};
	memcpy(capture->ahead_bytes + ahead->at, packet->view.data, ahead->len);
	capture->ahead_used += ahead->len;
}

/** Ports that exporters send to by custom. */
static bool port_is_exporters(uint16_t port)
{
	return port == 2055 || port == 4739 || port == 6343 || (port >= 9995 && port <= 9996);
}

static bool is_telemetry(const struct packet_udp *udp)
{
	const struct decoder *decoder = decoder_probe(udp->data, udp->len);
	int least = port_is_exporters(udp->dport) ? PROBE_ON_PORT : PROBE_SURE;

	return decoder && decoder->probe(udp->data, udp->len) >= least;
}

/** Read ahead and count the whole UDP datagrams that a decoder is sure about. */
static void look_ahead(struct capture *capture)
{
	size_t datagrams = 0;
	size_t sure = 0;

	capture->pending = 1;
	while (datagrams < AHEAD_DATAGRAMS && capture->ahead_count < AHEAD_PACKETS &&
	       capture->ahead_used < AHEAD_BYTES) {
		struct capture_packet packet;
		struct packet_udp udp;

		capture->pending = read_packet(capture, &packet);
		if (capture->pending != 1)
			break;
		if (packet.view.len > PACKET_BYTES) {
			capture->pending = -1;
			break;
		}
		keep_ahead(capture, &packet);
		if (packet_udp(&packet.view, &udp) < 0 || udp.fragment || udp.len < udp.wire_len)
			continue;
		datagrams++;
		sure += is_telemetry(&udp);
	}
	bool most_udp = sure * 2 >= datagrams;
	bool enough = sure * TELEMETRY_SHARE >= capture->ahead_count;
	capture->kind = sure && most_udp && enough ? CAPTURE_TELEMETRY : CAPTURE_PACKETS;
}

/** What a file was compressed by, as its first bytes tell; NULL: not compressed. */
static const char *packer_of(FILE *file)
{
	static const struct {
		uint8_t magic[4];
		size_t len;
		const char *advice;
	} packers[] = {
		{ { 0x1f, 0x8b }, 2, "gzip; `gunzip` it first" },
		{ { 0x28, 0xb5, 0x2f, 0xfd }, 4, "zstd; `unzstd` it first" },
		{ { 0xfd, '7', 'z', 'X' }, 4, "xz; `unxz` it first" },
		{ { 'B', 'Z', 'h' }, 3, "bzip2; `bunzip2` it first" },
		{ { 0x04, 0x22, 0x4d, 0x18 }, 4, "lz4; `unlz4` it first" },
		{ { 'P', 'K', 3, 4 }, 4, "zip; `unzip` it first" },
	};
	uint8_t head[4] = { 0 };

	/* From where the stream stands, and without moving it. */
	off_t at = lseek(fileno(file), 0, SEEK_CUR);
	if (at < 0 || pread(fileno(file), head, sizeof(head), at) <= 0)
		return NULL;
	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
		if (memcmp(head, packers[i].magic, packers[i].len) == 0)
			return packers[i].advice;
	}
	return NULL;
}

/** The file as a stream, refused early where libpcap's own message would be obscure. */
static int open_file(const char *path, FILE *stream, struct text *error, FILE **ret_file,
		     uint64_t *ret_bytes)
{
	FILE *named = strcmp(path, "-") == 0 ? stdin : NULL;
	FILE *file = stream ? stream : named ? named : fopen(path, "rbe");
	struct stat info;

	if (!file || fstat(fileno(file), &info) < 0) {
		int r = errno ? -errno : -EIO;
		text_addf(error, "%s: cannot be opened: %s", path, strerror(-r));
		if (file && file != stdin)
			fclose(file);
		return r;
	}
	if (S_ISDIR(info.st_mode) || (S_ISREG(info.st_mode) && info.st_size == 0)) {
		bool folder = S_ISDIR(info.st_mode);
		text_addf(error, "%s: is %s; give a capture file (pcap or pcapng)", path,
			  folder ? "a folder" : "empty");
		if (file != stdin)
			fclose(file);
		return folder ? -EISDIR : -WEIR_EFORMAT;
	}
	const char *packer = packer_of(file);
	if (packer) {
		text_addf(error, "%s: is compressed by %s", path, packer);
		if (file != stdin)
			fclose(file);
		return -WEIR_EFORMAT;
	}
	*ret_bytes = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
	*ret_file = file;
	return 0;
}

static int open_pcap(struct capture *capture, FILE *stream, struct text *error)
{
	char why[PCAP_ERRBUF_SIZE];
	FILE *file = NULL;
	int r = open_file(capture->path, stream, error, &file, &capture->file_bytes);

	if (r < 0)
		return r;
	capture->pcap =
		pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		text_addf(error,
			  "%s: is no capture that can be read (%s); give a pcap or pcapng file",
			  capture->path, why);
		if (file != stdin)
			fclose(file);
		return -WEIR_EFORMAT;
	}
	int dlt = pcap_datalink(capture->pcap);
	if (link_of(dlt, &capture->link) < 0) {
		const char *name = pcap_datalink_val_to_name(dlt);
		text_addf(error,
			  "%s: holds frames of link type %s (%d), which Weir does not read;"
			  " capture on an Ethernet, cooked or raw IP interface",
			  capture->path, name ? name : "unknown", dlt);
		return -WEIR_EFORMAT;
	}
	return 0;
}

int capture_open(const char *path, FILE *stream, struct text *error, struct capture **ret_capture)
{
	struct capture *capture = calloc(1, sizeof(*capture)); /* banned-ok: once, at open */

	if (!capture) {
		text_addf(error, "%s: cannot be opened: out of memory", path);
		if (stream)
			fclose(stream);
		return -ENOMEM;
	}
	capture->path = path;
	int r = open_pcap(capture, stream, error);
	if (r < 0) {
		capture_close(capture);
		return r;
	}
	look_ahead(capture);
	*ret_capture = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
}

static int tell_failure(const struct capture *capture, struct text *error)
{
	const char *why = pcap_geterr(capture->pcap);
	bool cut = strstr(why, "truncated") != NULL;
	uint64_t done, total;

	capture_progress(capture, &done, &total);
	text_addf(error, "%s: %s at packet %llu", capture->path,
		  cut ? "ends early" : "cannot be read on",
		  (unsigned long long)capture->packets + 1);
	if (done)
		text_addf(error, ", byte %llu", (unsigned long long)done);
	text_addf(error, " (%s); the %llu packets before it were used; %s", why,
		  (unsigned long long)capture->packets,
		  cut ? "copy or record the file again" : "check what wrote the file");
	return cut ? -WEIR_ETRUNC : -WEIR_EFORMAT;
}

int capture_next(struct capture *capture, struct capture_packet *ret_packet, struct text *error)
{
	int r = capture->pending;

	if (capture->ahead_next < capture->ahead_count) {
		const struct ahead *ahead = &capture->ahead[capture->ahead_next++];

		*ret_packet = (struct capture_packet){
			.view = { .data = capture->ahead_bytes + ahead->at,
				  .len = ahead->len,
				  .wire_len = ahead->wire_len,
				  .link = capture->link },
			.time_ns = ahead->time_ns,
		};
		capture->packets++;
		return 1;
	}
	if (r == 1)
		r = read_packet(capture, ret_packet);
	if (r < 0)
		return tell_failure(capture, error);
	capture->packets += r == 1;
	return r;
}

enum capture_kind capture_kind(const struct capture *capture)
{
	return capture->kind;
}

void capture_progress(const struct capture *capture, uint64_t *ret_done, uint64_t *ret_total)
{
	FILE *file = pcap_file(capture->pcap);
	long at = file ? ftell(file) : -1;

	*ret_done = at > 0 ? (uint64_t)at : 0;
	*ret_total = capture->file_bytes;
}
