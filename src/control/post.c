/* SPDX-License-Identifier: Apache-2.0 */
/* post: pieces of a body in, its answer out. The API's thread. */
#include "control/post.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "control/problem.h"

struct post {
	size_t len;
	bool too_long;
	char data[ACTS_BODY_MAX];
};

struct post *post_new(void)
{
	return calloc(1, sizeof(struct post));
}

void post_free(struct post *post)
{
	free(post);
}

void post_take(struct post *post, const char *data, size_t len)
{
	size_t room = sizeof(post->data) - post->len;

	post->too_long |= len > room;
	len = len < room ? len : room;
	memcpy(post->data + post->len, data, len);
	post->len += len;
}

void post_who(struct MHD_Connection *connection, char who[ACTS_WHO_MAX])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);
	struct passwd entry;
	struct passwd *found = NULL;
	char room[1024];

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
		snprintf(who, ACTS_WHO_MAX, "unknown");
		return;
	}
	if (getpwuid_r(peer.uid, &entry, room, sizeof(room), &found) == 0 && found)
		snprintf(who, ACTS_WHO_MAX, "%.60s (uid %u)", found->pw_name, (unsigned)peer.uid);
	else
		snprintf(who, ACTS_WHO_MAX, "uid %u", (unsigned)peer.uid);
}

/* A form of a web page cannot send this type without asking first. */
static bool is_json(struct MHD_Connection *connection)
{
	const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_TYPE);

	return type && strncmp(type, "application/json", 16) == 0;
}

unsigned post_answer(const struct post *post, struct MHD_Connection *connection,
		     const struct api_acts *acts, const char *who, struct text *out)
{
	if (!is_json(connection))
		return problem(out, 415, "send the body as application/json");
	if (post->too_long)
		return problem(out, 413, "the body is longer than 4096 bytes");
	return acts_answer(acts, post->data, post->len, who, out);
}
