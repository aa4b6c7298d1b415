/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: HTTP requests in, answers of control/api.h out, by libmicrohttpd.
 *
 * The handler runs on libmicrohttpd's thread; the snapshot pointer under its
 * lock is all that it shares with the control thread.
 */
#include "control/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "control/api.h"
#include "control/client.h"
#include "control/listener.h"
#include "control/post.h"

#define CONNECTIONS_MAX   CONTROL_CONNECTIONS_MAX
#define IDLE_S            CONTROL_EXCHANGE_S
/* Request line and headers of one connection; more is refused by libmicrohttpd (414, 431). */
#define REQUEST_BYTES_MAX ((size_t)16 * 1024)

/* A connection of libmicrohttpd's; its descriptor is open as long as `used`. */
struct connection {
	bool used;
	int fd;
	uint64_t since_ns; /* of the exchange under way: connected, or answered the last time */
};

struct control_server {
	struct listener listener;
	struct MHD_Daemon *http;
	pthread_mutex_t lock;              /* guards `snapshot`, the pointer */
	struct control_snapshot *snapshot; /* one reference; NULL before the first */
	_Atomic(const struct api_coverage *) coverage;
	_Atomic(const struct api_acts *) acts;
	atomic_uint_least64_t requests;
	pthread_mutex_t connections_lock; /* guards `connections`; never held with `lock` */
	struct connection connections[CONNECTIONS_MAX];
};

static struct control_snapshot *hold_snapshot(struct control_server *server)
{
	pthread_mutex_lock(&server->lock);
	struct control_snapshot *snapshot =
		server->snapshot ? control_snapshot_ref(server->snapshot) : NULL;
	pthread_mutex_unlock(&server->lock);
	return snapshot;
}

static enum MHD_Result set_query(void *request, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	(void)kind;
	api_query_set(request, name, value);
	return MHD_YES;
}

static bool announces_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, unsigned status,
				   const struct text *body)
{
	/* With the heap text given away, libmicrohttpd frees it when the last byte is sent. */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);

	if (!response) {
		free(body->data);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				status == 200 ? "application/json" : "application/problem+json");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == 405)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* A request with a body: it is read first, then answered. */
static enum MHD_Result take_post(struct control_server *server, struct MHD_Connection *connection,
				 const char *upload, size_t *upload_size, void **ret_mark)
{
	struct text body = text_heap();
	char who[ACTS_WHO_MAX];

	if (!*ret_mark) {
		*ret_mark = post_new();
		return *ret_mark ? MHD_YES : MHD_NO;
	}
	if (*upload_size) {
		post_take(*ret_mark, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	post_who(connection, who);
	unsigned status =
		post_answer(*ret_mark, connection, atomic_load(&server->acts), who, &body);
	atomic_fetch_add(&server->requests, 1);
	if (body.failed) {
		text_done(&body);
		return MHD_NO;
	}
	return send_answer(connection, status, &body);
}

/* The signature is libmicrohttpd's. NOLINTNEXTLINE(readability-function-size) */
static enum MHD_Result handle(void *self, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **ret_mark)
{
	struct control_server *server = self;
	struct api_request request = { .method = method, .path = path };
	struct text body = text_heap();

	(void)version;
	if (strcmp(method, "POST") == 0 && strcmp(path, API_ROOT "/acts") == 0)
		return take_post(server, connection, upload, upload_size, ret_mark);
	request.has_body = announces_body(connection);
	/* The first call comes with the headers. An answer then ends the connection without
	 * reading on, which is right only for a body that nobody wants. */
	if (!*ret_mark && !request.has_body) {
		*ret_mark = server;
		return MHD_YES;
	}
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, set_query, &request);
	struct control_snapshot *snapshot = hold_snapshot(server);
	request.coverage = atomic_load(&server->coverage);
	request.acts = atomic_load(&server->acts);
	unsigned status = api_answer(&request, snapshot, &body);
	control_snapshot_unref(snapshot);
	atomic_fetch_add(&server->requests, 1);
	if (body.failed) {
		text_done(&body);
		return MHD_NO;
	}
	return send_answer(connection, status, &body);
}

static void begin_connection(struct control_server *server, int fd, void **ret_place)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &server->connections[i];
		if (connection->used)
			continue;
		*connection = (struct connection){ true, fd, clock_mono_ns() };
		*ret_place = connection;
		return;
	}
}

/* Told before the descriptor of an ending connection is closed, so none in the table is stale. */
static void note_connection(void *self, struct MHD_Connection *http, void **place,
			    enum MHD_ConnectionNotificationCode code)
{
	struct control_server *server = self;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);

	pthread_mutex_lock(&server->connections_lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED && info)
		begin_connection(server, info->connect_fd, place);
	else if (code == MHD_CONNECTION_NOTIFY_CLOSED && *place)
		*(struct connection *)*place = (struct connection){ .fd = -1 };
	pthread_mutex_unlock(&server->connections_lock);
}

static void note_answered(void *self, struct MHD_Connection *http, void **mark,
			  enum MHD_RequestTerminationCode code)
{
	struct control_server *server = self;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *connection = info ? info->socket_context : NULL;

	(void)code;
	if (*mark != server)
		post_free(*mark);
	pthread_mutex_lock(&server->connections_lock);
	if (connection)
		connection->since_ns = clock_mono_ns();
	pthread_mutex_unlock(&server->connections_lock);
}

static struct MHD_Daemon *start_http(struct control_server *server)
{
	return MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle,
				server, MHD_OPTION_LISTEN_SOCKET, server->listener.fd,
				MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_CONNECTION,
				note_connection, server, MHD_OPTION_NOTIFY_COMPLETED, note_answered,
				server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_BYTES_MAX,
				MHD_OPTION_END);
}

int control_server_open(const char *path, struct text *error, struct control_server **ret_server)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server) {
		text_addf(error, "no memory for the control socket %s", path);
		return -ENOMEM;
	}
	int ret = listener_open(path, error, &server->listener);
	if (ret < 0) {
		free(server);
		return ret;
	}
	pthread_mutex_init(&server->lock, NULL);
	pthread_mutex_init(&server->connections_lock, NULL);
	server->http = start_http(server);
	if (!server->http) {
		text_addf(error,
			  "cannot serve the control socket %s; raise the limit of threads "
			  "and open files",
			  path);
		control_server_close(server);
		return -EIO;
	}
	*ret_server = server;
	return 0;
}

void control_server_sweep(struct control_server *server, uint64_t now_ns)
{
	pthread_mutex_lock(&server->connections_lock);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		const struct connection *connection = &server->connections[i];
		if (connection->used &&
		    now_ns > connection->since_ns + CONTROL_EXCHANGE_S * NS_PER_S)
			shutdown(connection->fd, SHUT_RDWR); /* its thread sees the end, closes */
	}
	pthread_mutex_unlock(&server->connections_lock);
}

void control_server_coverage(struct control_server *server, const struct api_coverage *coverage)
{
	atomic_store(&server->coverage, coverage);
}

void control_server_acts(struct control_server *server, const struct api_acts *acts)
{
	atomic_store(&server->acts, acts);
}

void control_server_publish(struct control_server *server, struct control_snapshot *snapshot)
{
	pthread_mutex_lock(&server->lock);
	struct control_snapshot *before = server->snapshot;
	server->snapshot = snapshot;
	pthread_mutex_unlock(&server->lock);
	control_snapshot_unref(before);
	control_server_sweep(server, clock_mono_ns());
}

uint64_t control_server_requests(const struct control_server *server)
{
	return atomic_load(&server->requests);
}

void control_server_close(struct control_server *server)
{
	if (!server)
		return;
	listener_remove(&server->listener);
	if (server->http) {
		MHD_stop_daemon(server->http);
		server->listener.fd = -1; /* libmicrohttpd has closed it */
	}
	listener_close(&server->listener);
	control_snapshot_unref(server->snapshot);
	pthread_mutex_destroy(&server->connections_lock);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
