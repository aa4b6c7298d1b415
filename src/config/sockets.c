/* SPDX-License-Identifier: Apache-2.0 */
/* sockets: "address:port" into the list of what to listen on. */
#include <string.h>

#include "config/read.h"

/* Split "192.0.2.1:2055" or "[2001:db8::1]:2055". */
static int socket_parse(const char *text, struct config_listen *ret_listen)
{
	char host[IP_TEXT_MAX];
	const char *colon = strrchr(text, ':');
	struct config_listen listen = { 0 };
	uint64_t port;

	if (!colon)
		return -WEIR_ESYNTAX;
	size_t len = (size_t)(colon - text);
	bool v6 = len >= 2 && text[0] == '[' && colon[-1] == ']';
	if (v6) {
		text++;
		len -= 2;
	}
	if (len >= sizeof(host))
		return -WEIR_ESYNTAX;
	memcpy(host, text, len);
	host[len] = '\0';
	if (ip_parse(host, &listen.ip) || v6 == ip_is_v4(&listen.ip))
		return -WEIR_ESYNTAX;
	int err = parse_u64(colon + 1, &port);
	if (err)
		return err;
	if (port == 0 || port > UINT16_MAX)
		return -WEIR_ERANGE;
	listen.port = (uint16_t)port;
	*ret_listen = listen;
	return 0;
}

static void read_socket(struct reader *r, const struct schema_key *key, const struct node *node)
{
	struct config_listen listen;
	char shown[QUOTE_MAX];

	if (node->kind != NODE_TEXT) {
		problem_add(r->problems, node->at,
			    "`%s`: an address and port was expected; put IPv6 in quotes, as "
			    "\"[::]:2055\"",
			    key->name);
		return;
	}
	quote(node->text, shown);
	int err = socket_parse(node->text, &listen);
	if (err == -WEIR_ERANGE) {
		problem_add(r->problems, node->at, "`%s`: `%s`: a port is from 1 to 65535",
			    key->name, shown);
	} else if (err) {
		problem_add(r->problems, node->at,
			    "`%s`: `%s` is no address and port; write it as 0.0.0.0:2055 or "
			    "\"[::]:2055\", names are not looked up",
			    key->name, shown);
	} else if (r->config->listen_count == SCHEMA_LISTENS_MAX) {
		problem_add(r->problems, node->at, "more than %d sockets; remove some",
			    SCHEMA_LISTENS_MAX);
	} else {
		listen.sflow = key->sflow;
		listen.at = node->at;
		r->listens[r->config->listen_count++] = listen;
	}
}

void read_sockets(struct reader *r, const struct schema_key *key, const struct node *node)
{
	if (!r->listens) {
		r->listens = arena_take(r->arena, SCHEMA_LISTENS_MAX * sizeof(*r->listens));
		r->config->listens = r->listens;
	}
	if (!r->listens) {
		r->short_memory = true;
		return;
	}
	if (node->kind != NODE_LIST) {
		if (!node_is_empty(node))
			read_socket(r, key, node);
		return;
	}
	for (const struct node *entry = node->first; entry; entry = entry->next)
		read_socket(r, key, entry);
}
