/* SPDX-License-Identifier: Apache-2.0 */
/* client: a path in, the daemon's answer or a helpful error out, by libcurl. */
#include "control/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 3000L
#define TIMEOUT_MS         5000L
#define BODY_MAX           ((size_t)64 * 1024 * 1024)

/* The terminating zero has its place in there, too. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* Curl wants a whole URL; the host part is never looked up. */
#define URL_HEAD "http://weir"

static size_t take_body(char *data, size_t size, size_t count, void *self)
{
	struct text *body = self;
	size_t len = size * count;

	if (len > BODY_MAX - body->len)
		body->failed = true;
	text_add_n(body, data, len);
	return body->failed ? 0 : len;
}

static int say_unreachable(const char *socket, int err, struct text *error)
{
	if (err == EACCES || err == EPERM) {
		text_addf(error,
			  "no permission to talk to weir at %s: run this as root or as the user "
			  "or group that owns the socket",
			  socket);
		return -EACCES;
	}
	text_addf(error,
		  "no weir is running here (socket %s: %s); start it with `weir run`, or name its "
		  "socket with --socket",
		  socket, strerror(err));
	return -err;
}

/* Curl does not always keep the system's reason for a refused unix socket; ask again. */
static int why_unreachable(const char *socket, long os_error)
{
	if (os_error)
		return (int)os_error;
	return access(socket, R_OK | W_OK) < 0 ? errno : ECONNREFUSED;
}

static int say_failed(CURL *curl, CURLcode code, const char *socket, struct control_reply *reply)
{
	long os_error = 0;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
		return say_unreachable(socket, why_unreachable(socket, os_error), &reply->error);
	case CURLE_OPERATION_TIMEDOUT:
		text_addf(&reply->error,
			  "weir at %s did not answer within %ld s; it serves %u connections at "
			  "once: do other programs hold them all, or is the machine overloaded?",
			  socket, TIMEOUT_MS / 1000, CONTROL_CONNECTIONS_MAX);
		return -ETIMEDOUT;
	case CURLE_WRITE_ERROR:
		text_addf(&reply->error, "the answer of weir at %s is longer than %zu MiB", socket,
			  BODY_MAX / 1024 / 1024);
		return -EFBIG;
	default:
		text_addf(&reply->error, "cannot talk to weir at %s: %s", socket,
			  curl_easy_strerror(code));
		return -EIO;
	}
}

/* The detail of problem details (RFC 9457), or at least the code. */
static int say_problem(struct control_reply *reply)
{
	json_t *problem = json_loadb(reply->body.data, reply->body.len, 0, NULL);
	const char *detail = json_string_value(json_object_get(problem, "detail"));

	if (detail)
		text_add(&reply->error, detail);
	else
		text_addf(&reply->error, "the answer is HTTP status %u", reply->status);
	json_decref(problem);
	return -EPROTO;
}

static bool set_options(CURL *curl, const char *socket, const char *url, struct text *body)
{
	return curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK;
}

/* The list of headers goes with the handle; @json NULL: a question. */
static bool set_body(CURL *curl, const char *json, struct curl_slist **headers)
{
	if (!json)
		return true;
	*headers = curl_slist_append(NULL, "Content-Type: application/json");
	return *headers && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json) == CURLE_OK;
}

static int ask(CURL *curl, const char *socket, const char *url, struct control_reply *reply)
{
	long status = 0;

	if (!set_options(curl, socket, url, &reply->body)) {
		text_addf(&reply->error, "%s cannot be the path of a socket", socket);
		return -EIO;
	}
	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return say_failed(curl, code, socket, reply);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	reply->status = (unsigned)status;
	return status == 200 ? 0 : say_problem(reply);
}

static int exchange(const char *socket, const char *path, const char *json,
		    struct control_reply *ret_reply)
{
	struct text url = text_heap();
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	int ret = -ENOMEM;

	*ret_reply = (struct control_reply){ .body = text_heap(), .error = text_heap() };
	text_addf(&url, "%s%s", URL_HEAD, path);
	if (strlen(socket) > SOCKET_PATH_MAX) {
		text_addf(&ret_reply->error,
			  "the path of the socket is %zu characters long, and no socket's may be "
			  "longer than %zu: %s",
			  strlen(socket), SOCKET_PATH_MAX, socket);
		ret = -ENAMETOOLONG;
	} else if (curl && !url.failed && set_body(curl, json, &headers)) {
		ret = ask(curl, socket, text_string(&url), ret_reply);
	} else {
		text_add(&ret_reply->error, "no memory to ask weir");
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	text_done(&url);
	return ret;
}

int control_get(const char *socket, const char *path, struct control_reply *ret_reply)
{
	return exchange(socket, path, NULL, ret_reply);
}

int control_post(const char *socket, const char *path, const char *json,
		 struct control_reply *ret_reply)
{
	return exchange(socket, path, json, ret_reply);
}

void control_reply_done(struct control_reply *reply)
{
	text_done(&reply->body);
	text_done(&reply->error);
}
