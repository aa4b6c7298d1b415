/* SPDX-License-Identifier: Apache-2.0 */
/* post: a message in, HTTP status and words of the other side out, by libcurl. */
#include "actuate/hook/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "actuate/hook/answer.h"
#include "actuate/hook/headers.h"
#include "base/clock.h"

/* A longer answer is none of somebody who means us. */
#define BODY_MAX ((size_t)64 * 1024)

struct heard {
	size_t len; /* of all that came */
	char data[HOOK_ANSWER_MAX];
};

static size_t hear(char *data, size_t size, size_t count, void *self)
{
	struct heard *heard = self;
	size_t len = size * count;
	size_t used = heard->len < sizeof(heard->data) ? heard->len : sizeof(heard->data);
	size_t room = sizeof(heard->data) - used;

	memcpy(heard->data + used, data, len < room ? len : room);
	heard->len += len;
	return heard->len > BODY_MAX ? 0 : len;
}

static bool is_here(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "[::1]") == 0 ||
	       strcmp(host, "localhost") == 0;
}

static int judge_url(const char *scheme, const char *host, struct text *why)
{
	if (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_here(host)))
		return 0;
	text_addf(why,
		  "`url` names %s://%s; it begins with https://, or with http:// and names "
		  "127.0.0.1, [::1] or localhost",
		  scheme, host);
	return -EINVAL;
}

static void say_no_address(struct text *why)
{
	text_add(why, "`url` is no address; write it as https://host.example/path");
}

static int judge_parts(CURLU *parsed, const struct hook_target *target, struct text *ret_place,
		       struct text *why)
{
	char *scheme = NULL;
	char *host = NULL;
	char *port = NULL;
	char *user = NULL;
	int err = -EINVAL;

	if (curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		err = judge_url(scheme, host, why);
	else
		say_no_address(why);
	if (!err && target->token_file &&
	    curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		text_add(why, "`url` has a user, and there is a `token_file`; leave one out");
		err = -EINVAL;
	}
	if (!err) {
		bool given = curl_url_get(parsed, CURLUPART_PORT, &port, 0) == CURLUE_OK;
		text_addf(ret_place, "%s://%s%s%s", scheme, host, given ? ":" : "",
			  given ? port : "");
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_free(user);
	return err;
}

int hook_post_check(const struct hook_target *target, struct text *ret_place, struct text *why)
{
	CURLU *parsed = curl_url();
	int err = parsed ? -EINVAL : -ENOMEM;

	if (parsed && curl_url_set(parsed, CURLUPART_URL, target->url, 0) == CURLUE_OK)
		err = judge_parts(parsed, target, ret_place, why);
	else
		say_no_address(why);
	curl_url_cleanup(parsed);
	return err ? err : hook_target_check(target, why);
}

static bool set_limits(CURL *curl, uint64_t timeout_ns)
{
	long ms = (long)(timeout_ns / NS_PER_MS);

	return curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ms > 0 ? ms : 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
}

/* Without the empty password OpenSSL would ask the terminal for that of a locked key, and wait. */
static bool set_tls(CURL *curl, const struct hook_target *target)
{
	if (target->ca_file &&
	    (curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca_file) != CURLE_OK ||
	     curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK))
		return false;
	if (!target->cert_file)
		return true;
	const char *key = target->key_file ? target->key_file : target->cert_file;
	return curl_easy_setopt(curl, CURLOPT_SSLCERT, target->cert_file) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSLKEY, key) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "") == CURLE_OK;
}

static bool set_request(CURL *curl, const char *url, const struct text *body,
			const struct curl_slist *headers, struct heard *heard)
{
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "weir/" WEIR_VERSION) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text_string(body)) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, heard) == CURLE_OK;
}

/* What of TLS went wrong. Return: false if it was something else. */
static bool say_tls(CURLcode code, const char *words, struct text *why)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		text_addf(why,
			  "has a certificate that this machine does not trust (%s); install its "
			  "authority's with update-ca-certificates, or name it in `ca_file`",
			  words);
		return true;
	case CURLE_SSL_CACERT_BADFILE:
		text_addf(why, "cannot be asked (%s); `ca_file` is to hold certificates as PEM",
			  words);
		return true;
	case CURLE_SSL_CERTPROBLEM:
		text_addf(why,
			  "cannot be shown our certificate (%s); `cert_file` and `key_file` are to "
			  "hold PEM, belong together, and the key has no password",
			  words);
		return true;
	case CURLE_SSL_CONNECT_ERROR:
	/* In TLS 1.3 a server says no to the client's certificate only after all was agreed. */
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		text_addf(why,
			  "breaks off in TLS (%s); it may want a certificate of ours that it "
			  "knows: `cert_file`, `key_file`",
			  words);
		return true;
	default:
		return false;
	}
}

static int say_failed(const char *url, CURLcode code, const char *details, struct text *why)
{
	const char *words = details[0] ? details : curl_easy_strerror(code);

	if (strncmp(url, "https:", 6) == 0 && say_tls(code, words, why))
		return -ENOTCONN;
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		text_add(why, "did not answer in time; make it quicker, or `timeout` longer");
		return -ETIMEDOUT;
	case CURLE_WRITE_ERROR:
		text_addf(why, "answers with more than %zu KiB; `url` seems to name something else",
			  BODY_MAX / 1024);
		return -WEIR_EFORMAT;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_HTTP2:
		text_addf(why,
			  "answers with what is not HTTP (%s); `url` seems to name something "
			  "else",
			  words);
		return -WEIR_EFORMAT;
	default:
		text_addf(why, "cannot be reached (%s); is it running?", words);
		return -ENOTCONN;
	}
}

/* What a status of HTTP means to us (RFC 9110, section 15; RFC 6585 for 429, RFC 8470 for 425). */
static int judge(const struct hook_message *message, long status, const struct heard *heard,
		 struct text *why)
{
	size_t len = heard->len < sizeof(heard->data) ? heard->len : sizeof(heard->data);
	int err = -ENOTCONN;

	if (status >= 200 && status < 300)
		return hook_answer(message->event, heard->data, len, why);
	if (message->event == HOOK_WITHDRAW && (status == 404 || status == 410))
		return 0;
	if (status >= 300 && status < 400) {
		text_addf(why,
			  "sends us elsewhere (HTTP status %ld), where Weir does not go; put the "
			  "final address into `url`",
			  status);
		return -EACCES;
	}
	if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429) {
		text_addf(why, "refuses with HTTP status %ld", status);
		err = -EACCES;
	} else {
		text_addf(why, "failed with HTTP status %ld", status);
	}
	hook_excerpt(heard->data, len, why);
	return err;
}

/* Some servers answer an error with what they were sent. */
static void hide(struct heard *heard, const char *token)
{
	size_t len = heard->len < sizeof(heard->data) ? heard->len : sizeof(heard->data);
	size_t secret = strlen(token);
	char *at = heard->data;

	while (secret && (at = memmem(at, len - (size_t)(at - heard->data), token, secret)))
		memset(at, '*', secret);
}

static int ask(CURL *curl, const struct hook_target *target, const struct hook_message *message,
	       const struct hook_headers *headers, struct text *why)
{
	char details[CURL_ERROR_SIZE] = "";
	struct heard heard = { .len = 0 };
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
	if (!set_limits(curl, target->timeout_ns) || !set_tls(curl, target) ||
	    !set_request(curl, target->url, &message->body, headers->list, &heard)) {
		text_add(why, "cannot be asked: no memory");
		return -ENOMEM;
	}
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	hide(&heard, headers->token);
	return code == CURLE_OK ? judge(message, status, &heard, why)
				: say_failed(target->url, code, details, why);
}

int hook_post(const struct hook_target *target, const struct hook_message *message,
	      struct text *why)
{
	struct hook_headers headers;
	int err = hook_headers_make(target, message, clock_wall_ns() / NS_PER_S, &headers, why);

	if (err)
		return err;
	CURL *curl = curl_easy_init();
	if (curl) {
		err = ask(curl, target, message, &headers, why);
	} else {
		text_add(why, "cannot be asked: no memory");
		err = -ENOMEM;
	}
	curl_easy_cleanup(curl);
	hook_headers_done(&headers);
	return err;
}
