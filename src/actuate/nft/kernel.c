/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel: JSON in and out of libnftables.
 *
 * It gives no error numbers, only words, and poor ones: what they mean here is
 * told by us, and what was asked stands in the log.
 */
#include "actuate/nft/kernel.h"

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define AREA      "actuate.nft"
#define SHOWN_MAX 4000

/* libnftables ends the program when it gets no socket. */
static int probe(struct text *why)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0) {
		int err = -errno;
		text_addf(why,
			  "nft: the kernel gives no netlink socket (%s): it needs nf_tables, as by "
			  "`modprobe nf_tables`",
			  err_text(err));
		return err;
	}
	close(fd);
	return 0;
}

static struct nft_ctx *make(unsigned more)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (!ctx)
		return NULL;
	nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL | more);
	if (nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx)) {
		nft_ctx_free(ctx);
		return NULL;
	}
	return ctx;
}

/* What the words mean, and what to do. */
static int explain(const char *said, struct text *why)
{
	static const struct {
		const char *words;
		int err;
		const char *advice;
	} known[] = {
		{ "not permitted", -EACCES,
		  "nft needs the capability CAP_NET_ADMIN: run as root, or give it by "
		  "AmbientCapabilities" },
		{ "not supported", -EOPNOTSUPP,
		  "this kernel has no such hook or expression: rules for what goes out need Linux "
		  "5.16; the log has the request" },
		{ "busy", -EBUSY,
		  "something else uses what is in the table: see `nft list ruleset netdev`; the "
		  "log has the request" },
		{ "No space left", -WEIR_EFULL,
		  "the kernel has no room for it: withdraw some plans" },
		{ "No buffer space", -WEIR_EFULL,
		  "the kernel has no room for it: withdraw some plans" },
		{ "Message too long", -WEIR_EFULL,
		  "the change is too large for one request: withdraw some plans" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(said, known[i].words)) {
			text_addf(why, "nft: %s", known[i].advice);
			return known[i].err;
		}
	}
	text_addf(why,
		  "nft: the kernel refused the change (%.*s): compare the request in the log with "
		  "`nft list ruleset netdev`",
		  (int)strcspn(said, "\n"), said);
	return -EINVAL;
}

/* @ret_out: what it wrote, as text to be freed; may be NULL. */
static int run(const char *request, unsigned more, char **ret_out, struct text *why)
{
	int err = probe(why);
	if (err)
		return err;
	struct nft_ctx *ctx = make(more);
	if (!ctx) {
		text_add(why, "nft: no memory: lower `limits`, or give the machine more");
		return -ENOMEM;
	}
	if (nft_run_cmd_from_buffer(ctx, request)) {
		const char *said = nft_ctx_get_error_buffer(ctx);
		log_warning(AREA, "refused: %.*s; asked for: %.*s", (int)strcspn(said, "\n"), said,
			    SHOWN_MAX, request);
		err = explain(said, why);
	} else if (ret_out) {
		*ret_out = strdup(nft_ctx_get_output_buffer(ctx));
		err = *ret_out ? 0 : -ENOMEM;
	}
	nft_ctx_free(ctx);
	return err;
}

static bool names_table(const json_t *tables, const char *table)
{
	const json_t *list = json_object_get(tables, "nftables");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *each = json_object_get(json_array_get(list, i), "table");
		const char *name = json_string_value(json_object_get(each, "name"));
		const char *family = json_string_value(json_object_get(each, "family"));
		if (name && family && strcmp(name, table) == 0 && strcmp(family, "netdev") == 0)
			return true;
	}
	return false;
}

/* Asks one thing, and reads the answer. */
static int ask(json_t *command, json_t **ret_answer, struct text *why)
{
	json_t *request = json_pack("{s[o]}", "nftables", command);
	char *words = request ? json_dumps(request, JSON_COMPACT) : NULL;
	char *out = NULL;
	int err = words ? run(words, NFT_CTX_OUTPUT_TERSE, &out, why) : -ENOMEM;

	if (!err) {
		*ret_answer = json_loads(out, 0, NULL);
		if (!*ret_answer) {
			text_add(why,
				 "nft: the listing is no JSON: update libnftables to 1.0 or later");
			err = -WEIR_EFORMAT;
		}
	}
	free(out);
	free(words);
	json_decref(request);
	return err;
}

int nft_list(const char *table, json_t **ret_listing, struct text *why)
{
	json_t *tables = NULL;
	int err = ask(json_pack("{s{s{ss}}}", "list", "tables", "family", "netdev"), &tables, why);

	if (err)
		return err;
	bool there = names_table(tables, table);
	json_decref(tables);
	*ret_listing = NULL;
	if (!there)
		return 0;
	return ask(json_pack("{s{s{ssss}}}", "list", "table", "family", "netdev", "name", table),
		   ret_listing, why);
}

int nft_run(json_t *commands, struct text *why)
{
	json_t *request = json_pack("{sO}", "nftables", commands);
	char *words = request ? json_dumps(request, JSON_COMPACT) : NULL;
	int err = words ? run(words, 0, NULL, why) : -ENOMEM;

	free(words);
	json_decref(request);
	return err;
}
