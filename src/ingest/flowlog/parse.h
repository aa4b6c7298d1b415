/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse: what the parsers of the three clouds share.
 *
 * A parser fills in a struct record and gives it to flowlog_emit(); what it cannot read it counts
 * with flowlog_refuse(). Inside the flow-log folder only.
 */
#pragma once

#include <jansson.h>

#include "ingest/flowlog/flowlog.h"
#include "ingest/flowlog/span.h"
#include "ingest/state.h"

/** Fields of a text log that mean something here; aws.c has their names. */
enum aws_field {
	AWS_OTHER, /**< any other */
	AWS_ACCOUNT,
	AWS_VPC,
	AWS_INTERFACE,
	AWS_SRCADDR,
	AWS_DSTADDR,
	AWS_PKT_SRCADDR,
	AWS_PKT_DSTADDR,
	AWS_SRCPORT,
	AWS_DSTPORT,
	AWS_PROTOCOL,
	AWS_PACKETS,
	AWS_BYTES,
	AWS_START,
	AWS_END,
	AWS_ACTION,
	AWS_STATUS,
	AWS_TCP_FLAGS,
	AWS_DIRECTION,
	AWS_FIELD_COUNT
};

/** Most columns of a text log. */
#define AWS_COLUMNS_MAX 128

/** Which column holds what. */
struct aws_layout {
	uint8_t columns[AWS_COLUMNS_MAX]; /**< enum aws_field */
	unsigned count;                   /**< 0: not known yet */
	char separator;
};

/** Where the reader stands in JSON. */
struct json_place {
	bool known;      /**< it is JSON, or it is text: decided */
	bool is_json;    /**< which of the two */
	unsigned around; /**< brackets open around the next value: [ or {"records": [ */
	size_t at;       /**< bytes of the open value looked at */
	unsigned depth;  /**< its brackets */
	unsigned lines;  /**< ends of lines in it */
	bool string;
	bool escaped;
	bool deep;    /**< it is nested too deeply */
	bool dropped; /**< its beginning was too long to keep */
	bool resync;  /**< rubbish: go on behind the end of the line */
};

/** Longest identity of an exporter that is kept. */
#define IDENTITY_MAX 160

/** One record on its way to a flow. */
struct record {
	struct flow flow; /**< what the log says */
	/** Whose view it is: account, resource, project; the same text, the same exporter. */
	char identity[IDENTITY_MAX];
	size_t identity_len;
	uint64_t least_ns; /**< without a start: it took so long */
};

struct flowlog {
	struct flowlog_input input;
	struct flowlog_counts counts;
	struct aws_layout layout;
	struct json_place json;
	struct record record;
	uint64_t newest_ns; /**< of this log */
	uint64_t clock_ns;  /**< of all logs without a time of receipt; never goes back */
	uint64_t line;      /**< lines used */
	size_t whole;       /**< bytes of the latest piece up to the end of a record */
	/* The exporter of the latest record, while its entry is still its own. */
	struct exporter *exporter;
	uint64_t identity_hash;
};

/** A zeroed record of that source. */
struct flow *record_begin(struct flowlog *log, enum flow_source source);

/** Say whose view it is; cut where it is too long. */
void record_identity(struct flowlog *log, struct span identity);

/** Append to the identity: another view of the same owner, which may see the same packets. */
void record_view(struct flowlog *log, const char *view);

/** The record is complete: time, exporter, sampling; then it is a flow. */
void flowlog_emit(struct flowlog *log);

/** Count a record that makes no flow. */
void flowlog_refuse(struct flowlog *log, enum reason reason);

/** aws_line() - one line of a text log, without its end. */
void aws_line(struct flowlog *log, struct span line);

/** aws_is_header() - does the line name fields? Then take them as the layout. */
bool aws_is_header(struct flowlog *log, struct span line);

/** aws_is_record() - could the line be a record, of whatever layout? */
bool aws_is_record(struct span line);

/** azure_record() - an entry of "records". */
void azure_record(struct flowlog *log, const json_t *record);

/** gcp_record() - an entry of Cloud Logging, or its payload alone. */
void gcp_record(struct flowlog *log, const json_t *entry);

/** json_value() - one JSON value of whichever cloud. */
void json_value(struct flowlog *log, struct span text);

/** json_take() - use the next value or what stands between values. Return: bytes; 0: needs more. */
size_t json_take(struct flowlog *log, const char *data, size_t len, bool last, bool *ret_value);

/** json_learn() - which brackets are open around the value at @offset; see flowlog_learn(). */
void json_learn(struct flowlog *log, const char *head, size_t len, uint64_t offset);

/** The string at a key of an object; without any, a span of no length. */
struct span json_span(const json_t *object, const char *key);
