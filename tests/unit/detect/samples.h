/* SPDX-License-Identifier: Apache-2.0 */
/* samples: subjects with samples made by hand, for tests of what is read out of them. */
#pragma once

#include "check.h"

#include <string.h>

#include "detect/learned/subject.h"
#include "own_space.h"

#define NOW_NS (1000000 * SECOND_NS)
#define VICTIM "198.51.100.7"

/** A subject without samples; one host at a time, as it is large. */
static inline struct subject *subject_begin(const char *prefix, uint8_t kind,
					    enum direction direction, uint32_t classes)
{
	static struct subject subject;
	struct prefix p = prefix_of(prefix);

	memset(&subject, 0, sizeof(subject));
	subject.ip = p.ip;
	subject.len = p.len;
	subject.kind = kind;
	subject.direction = (uint8_t)direction;
	subject.classes = classes;
	subject.state = SUBJECT_SUSPECT;
	return &subject;
}

/** A packet as the subject sees it; the test changes what it is about. */
static inline struct subject_sample sample_like(enum traffic_class class, uint8_t proto,
						uint16_t sport, uint16_t dport, uint16_t length)
{
	return (struct subject_sample){
		.time_ns = NOW_NS,
		.sample = { .src = ip_of("192.0.2.1"),
			    .dst = ip_of(VICTIM),
			    .sampling = 1000,
			    .packets = 1,
			    .length = length,
			    .sport = sport,
			    .dport = dport,
			    .proto = proto,
			    .class = (uint8_t) class },
	};
}
