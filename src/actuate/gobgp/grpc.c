/* SPDX-License-Identifier: Apache-2.0 */
/* grpc: see grpc.h. */
#include "actuate/gobgp/grpc.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/parse.h"

#define SERVICE       "apipb.GobgpApi"
#define FRAME_HEAD    5
#define URL_MAX       256
#define MESSAGE_MAX   256
#define UNIX_PREFIX   "unix:"
#define UNIMPLEMENTED 12
#define NO_STATUS     UINT64_MAX
#define LOOK_AGAIN_MS 2

/* One call on its way. */
struct call {
	struct grpc_bytes *answer;
	bool too_big;
	bool no_memory;
	uint64_t status; /* of gRPC */
	char message[MESSAGE_MAX];
};

void grpc_bytes_done(struct grpc_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct grpc_bytes){ 0 };
}

static uint8_t *more(struct grpc_bytes *bytes, size_t len)
{
	if (bytes->cap - bytes->len < len) {
		size_t cap = (bytes->len + len) * 2;
		uint8_t *data = realloc(bytes->data, cap);
		if (!data)
			return NULL;
		bytes->data = data;
		bytes->cap = cap;
	}
	bytes->len += len;
	return bytes->data + bytes->len - len;
}

uint8_t *grpc_frame(struct grpc_bytes *bytes, size_t len)
{
	uint8_t *at = more(bytes, len + FRAME_HEAD);

	if (!at)
		return NULL;
	at[0] = 0;
	at[1] = (uint8_t)(len >> 24);
	at[2] = (uint8_t)(len >> 16);
	at[3] = (uint8_t)(len >> 8);
	at[4] = (uint8_t)len;
	return at + FRAME_HEAD;
}

int grpc_next(const struct grpc_bytes *bytes, size_t *at, const uint8_t **ret_data, size_t *ret_len)
{
	size_t left = bytes->len - *at;
	const uint8_t *head = bytes->data + *at;

	if (left == 0)
		return 0;
	/* The first byte is 1 of compressed ones, which nobody asked for. */
	if (left < FRAME_HEAD || head[0] != 0)
		return -WEIR_ETRUNC;
	size_t len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	if (left - FRAME_HEAD < len)
		return -WEIR_ETRUNC;
	*ret_data = head + FRAME_HEAD;
	*ret_len = len;
	*at += FRAME_HEAD + len;
	return 1;
}

static size_t take_body(char *data, size_t size, size_t count, void *self)
{
	struct call *call = self;
	size_t len = size * count;

	call->too_big = call->answer->len + len > GRPC_MOST;
	if (call->too_big)
		return 0;
	uint8_t *at = more(call->answer, len);
	call->no_memory = !at;
	if (!at)
		return 0;
	memcpy(at, data, len);
	return len;
}

/* The value of a header line, without its end, if it is that header. */
static bool header_is(const char *line, size_t len, const char *name, char *ret_value, size_t room)
{
	size_t skip = strlen(name);

	if (len < skip || strncasecmp(line, name, skip) != 0)
		return false;
	while (skip < len && line[skip] == ' ')
		skip++;
	while (len > skip && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	snprintf(ret_value, room, "%.*s", (int)(len - skip < room ? len - skip : room - 1),
		 line + skip);
	return true;
}

/* Headers, and after the body the trailers. */
static size_t take_header(char *line, size_t size, size_t count, void *self)
{
	struct call *call = self;
	size_t len = size * count;
	char value[32];

	if (header_is(line, len, "grpc-status:", value, sizeof(value)) &&
	    parse_u64(value, &call->status) < 0)
		call->status = NO_STATUS;
	(void)header_is(line, len, "grpc-message:", call->message, sizeof(call->message));
	return len;
}

static void set_address(CURL *curl, const struct grpc_peer *peer, const char *method)
{
	char url[URL_MAX];
	size_t prefix = strlen(UNIX_PREFIX);
	bool local = strncmp(peer->address, UNIX_PREFIX, prefix) == 0;

	snprintf(url, sizeof(url), "http://%s/" SERVICE "/%s", local ? "localhost" : peer->address,
		 method);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (local)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, peer->address + prefix);
}

static void set_options(CURL *curl, const struct grpc_peer *peer, struct curl_slist *headers,
			struct call *call)
{
	long timeout_ms = (long)(peer->timeout_ns / NS_PER_MS);

	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
}

static int judge_transport(const struct grpc_peer *peer, const struct call *call, CURLcode code,
			   struct text *why)
{
	if (call->no_memory || code == CURLE_OUT_OF_MEMORY)
		return -ENOMEM;
	if (call->too_big) {
		text_addf(why, "GoBGP's table on %s is too large to be looked through",
			  peer->address);
		return -EFBIG;
	}
	if (code == CURLE_OPERATION_TIMEDOUT) {
		text_addf(why, "GoBGP does not answer on %s; is it very busy? Raise `timeout`",
			  peer->address);
		return -ETIMEDOUT;
	}
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
	    code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE) {
		text_addf(why, "GoBGP cannot be reached on %s: %s; start it, or look at `address`",
			  peer->address, curl_easy_strerror(code));
		return -ENOTCONN;
	}
	text_addf(why, "what answers on %s is not GoBGP's API: %s; look at `address`",
		  peer->address, curl_easy_strerror(code));
	return -WEIR_EFORMAT;
}

static int judge_status(const struct grpc_peer *peer, const struct call *call, long http,
			const char *method, struct text *why)
{
	if (http == 200 && call->status == 0)
		return 0;
	if (http != 200 || call->status == NO_STATUS) {
		text_addf(why,
			  "what answers on %s is not GoBGP's API (HTTP status %ld); look at "
			  "`address`",
			  peer->address, http);
		return -WEIR_EFORMAT;
	}
	if (call->status == UNIMPLEMENTED) {
		text_addf(why,
			  "GoBGP on %s has no " SERVICE ", the API of version 3; version 4 is not "
			  "supported: use GoBGP 3, or BIRD with `kind: bird`",
			  peer->address);
		return -WEIR_EVERSION;
	}
	text_addf(why, "GoBGP refuses %s: %s; look at its configuration", method, call->message);
	return -EOPNOTSUPP;
}

/* As curl_easy_perform(), which in 7.88.1 may wait a second for what it has read already. */
static CURLcode run(CURL *curl)
{
	CURLM *multi = curl_multi_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;
	int running = 1;
	int left;

	if (!multi || curl_multi_add_handle(multi, curl) != CURLM_OK)
		running = 0;
	while (running) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			break;
		if (running && curl_multi_poll(multi, NULL, 0, LOOK_AGAIN_MS, NULL) != CURLM_OK)
			break;
	}
	const CURLMsg *message = multi ? curl_multi_info_read(multi, &left) : NULL;
	if (message && message->msg == CURLMSG_DONE)
		code = message->data.result;
	curl_multi_remove_handle(multi, curl);
	curl_multi_cleanup(multi);
	return code;
}

static int perform(CURL *curl, const struct grpc_peer *peer, const char *method, struct call *call,
		   struct text *why)
{
	long http = 0;
	CURLcode code = run(curl);

	/* A stream may be ended early by an error that stands in the trailers. */
	if (code != CURLE_OK && (call->status == NO_STATUS || call->status == 0))
		return judge_transport(peer, call, code, why);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
	return judge_status(peer, call, http, method, why);
}

int grpc_call(const struct grpc_peer *peer, const char *method, const struct grpc_bytes *request,
	      struct grpc_bytes *ret_answer, struct text *why)
{
	struct call call = { .answer = ret_answer, .status = NO_STATUS };
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/grpc");
	struct curl_slist *all = headers ? curl_slist_append(headers, "TE: trailers") : NULL;
	int err = -ENOMEM;

	if (curl && all) {
		set_address(curl, peer, method);
		set_options(curl, peer, all, &call);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				 request->data ? (void *)request->data : "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len);
		err = perform(curl, peer, method, &call, why);
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return err;
}
