/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: a simulated packet in, the first bytes of what was on the wire out.
 *
 * IPv4 or IPv6 with a TCP, UDP or ICMP header; fragments as such. The data behind the headers
 * counts as zeros, and checksums are right for that. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/packet.h"

/** Bytes of the Ethernet header. */
#define FRAME_ETHERNET 14
/** Bytes of Ethernet's check sequence, which agents count but do not send. */
#define FRAME_FCS      4
/** No Ethernet frame is shorter, check sequence included. */
#define FRAME_LEAST    64
/** The most that frame_ip() writes: IPv6, its fragment header, TCP with options. */
#define FRAME_IP_MAX   108

/**
 * frame_ethernet() - write an Ethernet header for an IP packet.
 * @at: room for FRAME_ETHERNET bytes
 * @version: 4 or 6
 */
uint8_t *frame_ethernet(uint8_t *at, unsigned version);

/**
 * frame_ip() - write the headers of a packet.
 * @at: room for FRAME_IP_MAX bytes
 * @ret_len: length of the IP packet in bytes: packet->length, or what its headers need
 *
 * Return: the place behind the headers.
 */
uint8_t *frame_ip(uint8_t *at, const struct lab_packet *packet, size_t *ret_len);

/** frame_length() - what frame_ip() gives as the length of the packet. */
size_t frame_length(const struct lab_packet *packet);

/** frame_is_v4() - whether a packet is sent as IPv4. */
bool frame_is_v4(const struct lab_packet *packet);
