/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence: the table of tests.
 *
 * Weights are judgements (design notes, section 2.3), set on the laboratory's seeds 1 to 5 and frozen;
 * learned.md lists them.
 */
#include "detect/learned/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Packets back for each of an honest exchange, at least; and of an attack, at most. */
#define ANSWERED   0.3
#define UNANSWERED 0.03
/* Seconds by which the records of both halves of an exchange are apart. */
#define ANSWERS_S  3
#define MBPS       1e6

static bool outbound(const struct scene *s)
{
	return s->subject->direction == DIRECTION_OUTBOUND;
}

static bool rises(const struct scene *s, unsigned class)
{
	return subject_classes(s->subject) & 1U << class;
}

/* Of those on the far side: sources of what comes in, targets of what goes out. */
static const struct view_crowd *peers(const struct scene *s)
{
	bool far_targets = outbound(s) && s->subject->kind == TALLY_OWN;

	return far_targets ? &s->view.targets : &s->view.sources;
}

double scene_excess(const struct scene *scene)
{
	double excess = 0;

	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		const struct rates *r = &scene->by_class[c];
		if (rises(scene, c) && r->now > r->usual)
			excess += r->now - r->usual;
	}
	return excess;
}

double scene_times(const struct scene *scene)
{
	double most = scene->allowed_bps > 0 ? scene->now_bps / scene->allowed_bps : 0;

	for (unsigned c = 0; c <= CLASS_COUNT; c++) {
		const struct rates *r = &scene->by_class[c];
		/* Clients have amplifiers' ports by chance, and then little is much. */
		if (c == CLASS_UDP_AMP && scene->view.certain < 0.2)
			continue;
		if ((c == CLASS_COUNT || rises(scene, c)) && r->allowed > 0 &&
		    r->now / r->allowed > most)
			most = r->now / r->allowed;
	}
	return most;
}

static double cap(double value, double most)
{
	return value > most ? most : value < -most ? -most : value;
}

static double test_vector(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	/* A client may have an amplifier's port by chance; three of them do not. */
	if (v->ported < 3 || v->certain < 0.4 || (v->sport >= 1024 && peers(s)->seen < 3))
		return 0;
	snprintf(text, size, "%.0f%% is %s, by port and length", v->certain * 100, v->certain_name);
	return v->ported < 4 ? 5 : 6.5;
}

static double test_likely(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (v->n < 4 || v->certain >= 0.4 || v->likely < 0.6)
		return 0;
	snprintf(text, size, "%.0f%% is of kinds honest hosts get little of", v->likely * 100);
	return 3;
}

static double test_bogons(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;
	double count = v->bogons * v->n;

	if (outbound(s) || count < 1 || v->bogons < 0.03)
		return 0;
	snprintf(text, size, "%.0f of %u sources cannot exist", count, v->n);
	return cap(2.5 * count, 5);
}

/* Crowds of real senders are many hops apart; one forger is not. */
static double test_ttl(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (outbound(s) || v->ttl_n < 12 || v->ttl_kinds > 2 || v->sources.seen < 10)
		return 0;
	snprintf(text, size, "%u sources, but only %u TTL%s", v->sources.seen, v->ttl_kinds,
		 v->ttl_kinds == 1 ? "" : "s");
	return 4;
}

static double test_bare_syn(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (!rises(s, CLASS_SYN) || v->by_class[CLASS_SYN] < 4 || v->bare_syn < 0.7)
		return 0;
	snprintf(text, size, "%.0f%% of connection requests have no options", v->bare_syn * 100);
	return 4;
}

/* The class that answers. */
static unsigned answer_of(unsigned class)
{
	return class == CLASS_SYN ? CLASS_SYNACK : class == CLASS_SYNACK ? CLASS_SYN : class;
}

/*
 * Of an exchange both halves grow. Poisson, with the rates as counts of samples: how much likelier
 * are so few answers if nobody wants what comes?
 */
struct exchange {
	double there;
	double back_most;
	double back_least;
	bool tcp; /* connections as flows are among it */
};

static double above(double value, double usual)
{
	return value > usual ? value - usual : 0;
}

static bool is_tcp(unsigned class)
{
	return class == CLASS_SYN || class == CLASS_SYNACK || class == CLASS_RST_FIN ||
	       class == CLASS_TCP;
}

/* An end of a connection answers another one; what is more are refusals, and these are no answers. */
static double tcp_back(const struct scene *s, bool least)
{
	double sum = 0;

	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		const struct rates *r = &s->by_class[c];
		double back = least ? r->back_least : r->back;
		if (is_tcp(c))
			sum += c == CLASS_RST_FIN ? fmin(back, r->there) : back;
	}
	return sum;
}

/*
 * Of a small excess nobody can say which answers are its own: then all are compared. A flow's flags
 * are those of all its packets: the same exchange is of several classes, and its answers are added
 * once, not here.
 */
static void add_class(const struct scene *s, unsigned c, struct exchange *sum)
{
	const struct rates *r = &s->by_class[c];
	bool apart = r->there > 2 * r->usual && r->usual > 0;

	sum->there += apart ? r->there - r->usual : r->there;
	if (s->flows && is_tcp(c)) {
		sum->tcp = true;
		return;
	}
	const struct rates *a = &s->by_class[answer_of(c)];
	double usual = apart ? a->back_usual : 0;
	sum->back_most += above(a->back, usual);
	sum->back_least += above(a->back_least, usual);
	/* An amplifier's answer is answered by a question, which mostly is plain UDP. */
	if (c == CLASS_UDP_AMP || c == CLASS_UDP_ANSWER) {
		sum->back_most += s->by_class[CLASS_UDP].back;
		sum->back_least += s->by_class[CLASS_UDP].back_least;
	} else if (c == CLASS_UDP) {
		sum->back_most += s->by_class[CLASS_UDP_ANSWER].back;
		sum->back_least += s->by_class[CLASS_UDP_ANSWER].back_least;
	}
}

/*
 * So many samples a rate rests on: no more than there are, as a class may rise for less long. A record
 * of a flow cache stands for many, and is as old as its flow: its rates are of whole seconds anyway.
 */
static double samples_of(const struct scene *s, double pps, uint32_t most)
{
	double n = pps * s->window_s / s->sampling;

	return n < most || s->flows ? n : most;
}

static double answer_nats(const struct scene *s, double there, double back)
{
	double n = samples_of(s, there, s->view.n);
	double m = there > 0 ? n * back / there : 0;

	return (ANSWERED - UNANSWERED) * n - m * log(ANSWERED / UNANSWERED);
}

/* Records of single packets have the flags of these, and all are as late: as good as packets. */
static bool are_packets(const struct scene *s)
{
	return !s->flows || s->view.packets <= 1.2 * s->view.n;
}

/* What answers a long flow is another one, whose record comes about as late, but not at the same moment. */
static bool may_be_answered_yet(const struct scene *s)
{
	return !are_packets(s) && s->suspect_s < ANSWERS_S;
}

static double test_answers(const struct scene *s, char *text, size_t size)
{
	struct exchange sum = { 0 };

	for (unsigned c = 0; c < CLASS_COUNT; c++) {
		/* Refusals are no answers. */
		if (rises(s, c) && c != CLASS_ICMP && (s->flows || c != CLASS_RST_FIN))
			add_class(s, c, &sum);
	}
	if (sum.tcp) {
		sum.back_most += tcp_back(s, false);
		sum.back_least += tcp_back(s, true);
	}
	/* What a reflector sends was asked for, too: by somebody who forged whom it goes to. */
	bool reflects = outbound(s) && s->subject->kind == TALLY_OWN && s->view.certain >= 0.4;
	/* Only what stands whichever way the doubt goes. */
	double against = answer_nats(s, sum.there, sum.back_most);
	double in_favour = answer_nats(s, sum.there, sum.back_least);
	double nats = against > 0 ? against : in_favour < 0 && !reflects ? in_favour : 0;
	if (sum.there <= 0 || fabs(nats) < 1 || (nats > 0 && may_be_answered_yet(s)))
		return 0;
	double back = nats > 0 ? sum.back_most : sum.back_least;
	snprintf(text, size, "at %s %.2g packets back for each", nats > 0 ? "most" : "least",
		 back / sum.there);
	return cap(nats, 4);
}

/* Nobody sends the second step of a handshake to somebody who did not take the first. */
static double test_unasked(const struct scene *s, char *text, size_t size)
{
	const struct rates *answer = &s->by_class[CLASS_SYNACK];
	const struct rates *request = &s->by_class[CLASS_SYN];
	double n = samples_of(s, answer->now - answer->usual, s->view.by_class[CLASS_SYNACK]);

	if (!rises(s, CLASS_SYNACK) || s->view.by_class[CLASS_SYNACK] * 2 < s->view.n || n < 8 ||
	    request->back > 0.1 * answer->now)
		return 0;
	snprintf(text, size, "handshakes are answered that were not begun");
	return 5;
}

/* Connections bring traffic behind them: as much as they usually do, here or at all hosts. */
static double test_handshakes(const struct scene *s, char *text, size_t size)
{
	const struct rates *syn = &s->by_class[CLASS_SYN];
	const struct rates *tcp = &s->by_class[CLASS_TCP];

	if (!rises(s, CLASS_SYN) || !are_packets(s) || syn->now <= syn->usual)
		return 0;
	double known = syn->usual / s->sampling * 60;
	double each = known >= 20 ? tcp->usual / syn->usual : s->site_each;
	each = each < 3 ? 3 : each > 50 ? 50 : each;
	double grown = syn->now - syn->usual;
	double n = samples_of(s, grown, s->view.by_class[CLASS_SYN]);
	/* It has to stand out from how much all the rest goes up and down, chance left out. */
	double certain = grown * (1 - 1.645 / sqrt(n > 1 ? n : 1));
	if (n < 3 || certain * each < tcp->usual / 2)
		return 0;
	double more = tcp->now > tcp->usual ? tcp->now - tcp->usual : 0;
	double got = more / grown;
	snprintf(text, size, "%.2g packets a connection where %.2g are usual", got, each);
	return got < each / 8 ? 4 : got < each / 4 ? 2 : got > each / 2 ? -3 : 0;
}

/* Servers answer crowds every day: what they send counts only if nobody asked. */
static bool is_service(const struct scene *s)
{
	const struct rates *all = &s->by_class[CLASS_COUNT];

	return outbound(s) && s->subject->kind == TALLY_OWN && all->back > 0.1 * all->now;
}

static double test_crowd(const struct scene *s, char *text, size_t size)
{
	const struct rates *all = &s->by_class[CLASS_COUNT];
	const struct view_crowd *crowd = peers(s);
	double grown = all->usual > 0 ? scene_excess(s) / all->usual : 100;

	if (crowd->least < 20 || grown < 2 || is_service(s))
		return 0;
	snprintf(text, size, "at least %.0f %s at once", crowd->least,
		 crowd == &s->view.targets ? "targets" : "sources");
	return crowd->least >= 50 ? 3 : 1.5;
}

static double test_novelty(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (!s->seen_enough || v->n < 8 || v->known_pairs > 0.1 || is_service(s))
		return 0;
	snprintf(text, size, "%.0f%% of them never talked to it before",
		 (1 - v->known_pairs) * 100);
	return peers(s)->seen >= 3 ? 2 : 1;
}

static double test_known(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (!s->seen_enough || v->n < 8 || v->known_pairs < 0.5)
		return 0;
	snprintf(text, size, "%.0f%% is between hosts that talked before", v->known_pairs * 100);
	return -4;
}

/* A place outside that our hosts talk to every day. */
static double test_known_place(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (!s->seen_enough || s->subject->kind != TALLY_OUTSIDE || v->n < 4 ||
	    v->known_peers < 0.5)
		return 0;
	snprintf(text, size, "our hosts have talked to it before");
	return -4;
}

/* Honest bursts are seldom many times what is allowed: Pareto with exponent 1.5. */
/* The same machines of ours attack another place already. */
static double test_accomplices(const struct scene *s, char *text, size_t size)
{
	if (s->view.n < 4 || s->accomplices < 0.3 || s->accomplices * s->view.n < 2.5)
		return 0;
	snprintf(text, size, "%.0f%% is from machines of a campaign", s->accomplices * 100);
	return s->accomplices < 0.5 ? 2 : 3;
}

static double test_size(const struct scene *s, char *text, size_t size)
{
	double times = scene_times(s);

	if (times < 1.5)
		return 0;
	snprintf(text, size, "%.3g times what is allowed", times);
	return cap(0.75 * log(times), 3);
}

static double test_sudden(const struct scene *s, char *text, size_t size)
{
	if (!s->sudden)
		return 0;
	snprintf(text, size, "from one moment to the next");
	return 1.5;
}

static double test_capacity(const struct scene *s, char *text, size_t size)
{
	if (s->capacity_bps <= 0 || s->now_bps < 0.8 * s->capacity_bps)
		return 0;
	snprintf(text, size, "%.0f%% of the line's %.4g Mbps", s->now_bps / s->capacity_bps * 100,
		 s->capacity_bps / MBPS);
	return 6;
}

/* One that opens connections faster than people do, from a crowd of real ones. */
static double test_eager(const struct scene *s, char *text, size_t size)
{
	const struct view_crowd *crowd = peers(s);
	const struct rates *syn = &s->by_class[CLASS_SYN];

	/* Of a mixture the crowd would be that of all its kinds. */
	if (!rises(s, CLASS_SYN) || crowd->most > 1e8 || crowd->seen < 20 ||
	    s->view.by_class[CLASS_SYN] * 2 < s->view.n)
		return 0;
	double each = (syn->now - syn->usual) / crowd->most;
	if (each < 3)
		return 0;
	snprintf(text, size, "each source opens at least %.2g connections a second", each);
	return 4;
}

static double test_lengths(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;

	if (v->n < 16 || v->same_length < 0.8 || v->by_class[CLASS_UDP] * 2 < v->n)
		return 0;
	snprintf(text, size, "%.0f%% have the same length", v->same_length * 100);
	return 1.5;
}

static double test_few(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;
	const struct view_crowd *crowd = peers(s);
	uint32_t data = v->by_class[CLASS_TCP] + v->by_class[CLASS_UDP] + v->by_class[CLASS_OTHER];

	/* A crowd of one may send much; it does not send only the beginnings of connections. */
	if (outbound(s) || v->n < 8 || crowd->most > 4.5 || data * 2 < v->n)
		return 0;
	snprintf(text, size, "only %u source%s", crowd->seen, crowd->seen == 1 ? "" : "s");
	return -4;
}

static double test_elephant(const struct scene *s, char *text, size_t size)
{
	const struct view *v = &s->view;
	const struct rates *tcp = &s->by_class[CLASS_TCP];
	double back = tcp->back > tcp->back_usual ? tcp->back - tcp->back_usual : 0;
	bool answered = back >= 0.02 * tcp->now;

	if (v->n < 4 || v->pair_top < 0.6 || v->tcp_share < 0.8 ||
	    v->by_class[CLASS_TCP] * 2 < v->n || (!answered && v->n > 30))
		return 0;
	snprintf(text, size, "one pair has %.0f%%, and %s", v->pair_top * 100,
		 answered ? "it is answered" : "an answer may come yet");
	return answered ? -6 : -4;
}

static const struct {
	double (*test)(const struct scene *scene, char *text, size_t size);
	bool hard;
} tests[] = {
	{ test_vector, true }, { test_likely, true },   { test_bogons, true },
	{ test_ttl },          { test_bare_syn, true }, { test_unasked, true },
	{ test_answers },      { test_handshakes },     { test_crowd },
	{ test_novelty },      { test_known },          { test_known_place },
	{ test_accomplices },  { test_size },           { test_sudden },
	{ test_capacity },     { test_eager },          { test_lengths },
	{ test_few },          { test_elephant },
};

static int strength_order(const void *a, const void *b)
{
	float x = fabsf(((const struct clue *)a)->nats);
	float y = fabsf(((const struct clue *)b)->nats);

	return x < y   ? 1
	       : x > y ? -1
		       : strcmp(((const struct clue *)a)->text, ((const struct clue *)b)->text);
}

void evidence_of(const struct scene *scene, struct evidence *ret_evidence)
{
	struct evidence e = { 0 };

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct clue reason = { 0 };
		reason.nats = (float)tests[i].test(scene, reason.text, sizeof(reason.text));
		e.nats += reason.nats;
		e.hard += tests[i].hard ? reason.nats : 0;
		if (reason.nats != 0 && e.count < EVIDENCE_REASONS)
			e.reasons[e.count++] = reason;
	}
	qsort(e.reasons, e.count, sizeof(e.reasons[0]), strength_order);
	*ret_evidence = e;
}

void evidence_say(const struct evidence *evidence, struct text *out)
{
	for (unsigned i = 0; i < evidence->count; i++) {
		const struct clue *reason = &evidence->reasons[i];
		char buffer[96];
		struct text part = text_fixed(buffer, sizeof(buffer));
		text_addf(&part, "%s%+.1f %s", i ? "; " : "", (double)reason->nats, reason->text);
		if (out->len + part.len + 1 < out->cap)
			text_add_n(out, part.data, part.len);
	}
}
