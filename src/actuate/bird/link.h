/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: commands in, what BIRD answers on its control socket out.
 *
 * The protocol of birdc: a line a command; answers are lines of a code of four
 * digits and "-", the last one with " "; lines that begin with a blank carry
 * the code before. Worker thread; each answer has its time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/** Most bytes of one answer. */
#define BIRD_ANSWER_MAX 65536

/** Codes of the last line of answers (BIRD's doc/reply_codes). */
enum bird_code {
	BIRD_READY = 1,
	BIRD_CONFIGURED = 3,
	BIRD_IN_PROGRESS = 4,
	BIRD_QUEUED = 5,
	BIRD_SHUTTING_DOWN = 6,
	BIRD_VALUE = 23,
	BIRD_BAD_CONFIG = 8002,
	BIRD_NO_PROTOCOL = 8003,
	BIRD_DENIED = 8007,
	BIRD_PARSE_ERROR = 9001,
};

/** A connection. */
struct bird_link {
	int fd;
	const char *path;    /* for messages; borrowed */
	uint64_t timeout_ns; /* of each answer */
	char buffer[4096];
	size_t begin;
	size_t end;
};

/** The answer to one command. */
struct bird_answer {
	int code;          /**< of its last line */
	struct text lines; /**< all of them, as they came; heap */
	size_t last;       /**< where the words of the last line begin */
};

/** bird_answer_done() - harmless when repeated. */
void bird_answer_done(struct bird_answer *answer);

/** bird_last() - the words of the last line, without its end. */
const char *bird_last(const struct bird_answer *answer);

/**
 * bird_connect() - connect and wait for BIRD's greeting.
 * @path: borrowed until bird_hang_up()
 * @ret_link: to be hung up on success
 * @why: on failure gets one sentence that says what to do
 *
 * Return: 0, -ENOTCONN, -EACCES, -ETIMEDOUT, -WEIR_EFORMAT, -EINVAL for a path that is too long.
 */
WEIR_CHECK int bird_connect(const char *path, uint64_t timeout_ns, struct bird_link *ret_link,
			    struct text *why);

/**
 * bird_ask() - one command and its whole answer.
 * @ret_answer: zeroed or used before; on success whatever BIRD said, also an error of its
 *
 * Return: as bird_connect().
 */
WEIR_CHECK int bird_ask(struct bird_link *link, const char *command, struct bird_answer *ret_answer,
			struct text *why);

/** bird_hang_up() - harmless when repeated. */
void bird_hang_up(struct bird_link *link);
