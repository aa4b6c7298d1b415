/* SPDX-License-Identifier: Apache-2.0 */
/* peers: see peers.h. */
#include "actuate/bird/peers.h"

#include <string.h>

#include "base/hash.h"

/* Part of a line; not a string. */
struct span {
	const char *at;
	size_t len;
};

static struct span next_word(const char **at, const char *end)
{
	while (*at < end && **at == ' ')
		++*at;
	struct span word = { .at = *at };
	while (*at < end && **at != ' ')
		++*at;
	word.len = (size_t)(*at - word.at);
	return word;
}

static bool is(struct span word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.at, text, word.len) == 0;
}

/* "to1        BGP        ---        up     14:41:15.671  Established   "; since is one or two words */
static void see_line(struct bgp_peers_look *look, const char *at, const char *end)
{
	static const char up[] = "Established";
	struct span name = next_word(&at, end);

	if (!is(next_word(&at, end), "BGP"))
		return;
	(void)next_word(&at, end); /* table */
	(void)next_word(&at, end); /* state of the protocol, not of the session */
	const char *info = memmem(at, (size_t)(end - at), up, sizeof(up) - 1);
	const struct bgp_peer peer = {
		.name = hash_bytes(name.at, name.len, 0),
		.since = info ? hash_bytes(at, (size_t)(info - at), 0) : 0,
	};
	bgp_peers_see(look, info ? &peer : NULL);
}

struct actuator_peers bird_parse_peers(struct bgp_peers *peers, const char *answer)
{
	struct bgp_peers_look look = { 0 };

	while (*answer) {
		const char *end = strchrnul(answer, '\n');
		/* A code of four digits and a mark, or a blank where it stays the same. */
		if (*answer == ' ')
			see_line(&look, answer + 1, end);
		else if (end - answer > 5)
			see_line(&look, answer + 5, end);
		answer = *end ? end + 1 : end;
	}
	return bgp_peers_told(peers, &look);
}

struct actuator_peers bird_ask_peers(struct bird_link *link, struct bgp_peers *peers)
{
	struct actuator_peers told = { 0 };
	struct bird_answer answer = { 0 };
	struct text unused = { 0 };

	if (bird_ask(link, "show protocols", &answer, &unused) == 0 && answer.code == 0)
		told = bird_parse_peers(peers, text_string(&answer.lines));
	bird_answer_done(&answer);
	return told;
}
