/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_bird: a BIRD of a thread, on a unix socket, that reads our file when it is told to.
 *
 * It knows no BGP: it counts the routes of the file, and behaves as badly as a test asks.
 */
#pragma once

#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum mood {
	MOOD_GOOD,
	MOOD_REFUSES,      /* 8002 to configure */
	MOOD_SILENT,       /* takes the connection, says nothing */
	MOOD_MUTE,         /* greets, then says nothing */
	MOOD_NONSENSE,     /* speaks another protocol */
	MOOD_ENDLESS,      /* never ends its answer */
	MOOD_HALF,         /* hangs up in the middle of an answer */
	MOOD_DENIES,       /* no rights */
	MOOD_SLOWLY,       /* 0004, and it takes a while */
	MOOD_NOT_INCLUDED, /* its configuration does not include the file */
	MOOD_ONE_DOWN,     /* weir_flow4 was turned off by hand */
	MOOD_LOSES,        /* one route of weir_rtbh4 is not imported */
	MOOD_STOPS,        /* 0006 */
};

struct fake_bird {
	char folder[64];
	char socket[96];
	char include[96];
	_Atomic enum mood mood;
	atomic_uint configured;    /* times it was told to read the file */
	atomic_uint session_since; /* its one session is up since then; 0: it is not */
	unsigned slow;             /* questions until a slow reconfiguration is done */
	char set[32];
	atomic_uint routes[4];
	bool there[4];
	int listener;
	pthread_t thread;
};

static const char *const fake_names[] = { "weir_rtbh4", "weir_rtbh6", "weir_flow4", "weir_flow6" };

static inline void fake_load(struct fake_bird *bird)
{
	FILE *file = fopen(bird->include, "r");
	char line[2048];
	int at = -1;

	unsigned routes[4] = { 0 };

	memset(bird->there, 0, sizeof(bird->there));
	bird->set[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		(void)sscanf(line, "define weir_set = \"%31[0-9a-f]", bird->set);
		for (int i = 0; i < 4; i++) {
			if (strstr(line, "protocol static") && strstr(line, fake_names[i]))
				at = i;
		}
		if (at >= 0)
			bird->there[at] = true;
		if (at >= 0 && strstr(line, "\troute "))
			routes[at]++;
	}
	for (int i = 0; i < 4; i++)
		bird->routes[i] = routes[i];
	if (file)
		fclose(file);
}

static inline void fake_protocols(struct fake_bird *bird, FILE *out)
{
	fprintf(out, "2002-Name       Proto      Table      State  Since         Info\n");
	for (int i = 0; i < 4; i++) {
		bool down = i == 2 && bird->mood == MOOD_ONE_DOWN;
		if (!bird->there[i])
			continue;
		fprintf(out, "1002-%s Static     master4    %s     14:41:15.671  \n", fake_names[i],
			down ? "down" : "up");
		fprintf(out, "1006-  Channel ipv4\n     State:          UP\n");
		fprintf(out, "     Routes:         %u imported, 0 exported, 1 preferred\n \n",
			bird->routes[i] - (i == 0 && bird->mood == MOOD_LOSES));
	}
	fprintf(out, "0000 \n");
}

static inline void fake_sessions(const struct fake_bird *bird, FILE *out)
{
	unsigned since = bird->session_since;

	fprintf(out, "2002-Name       Proto      Table      State  Since         Info\n");
	fprintf(out, "1002-device1    Device     ---        up     14:41:15.101  \n");
	if (since)
		fprintf(out,
			" rr1        BGP        ---        up     14:42:%02u.000  Established   \n",
			since);
	else
		fprintf(out,
			" rr1        BGP        ---        start  14:42:00.000  Connect       \n");
	fprintf(out, "0000 \n");
}

static inline void fake_configure(struct fake_bird *bird, FILE *out)
{
	fprintf(out, "0002-Reading configuration from /etc/bird/bird.conf\n");
	bird->configured++;
	if (bird->mood == MOOD_REFUSES) {
		fprintf(out, "8002 /etc/bird/weir.conf:7:3 syntax error, unexpected FLOW4\n");
	} else if (bird->mood == MOOD_STOPS) {
		fprintf(out, "0006 Reconfiguration ignored, shutting down\n");
	} else if (bird->mood == MOOD_SLOWLY) {
		bird->slow = 6;
		fprintf(out, "0004 Reconfiguration in progress\n");
	} else {
		if (bird->mood != MOOD_NOT_INCLUDED)
			fake_load(bird);
		fprintf(out, "0003 Reconfigured\n");
	}
}

static inline void fake_answer(struct fake_bird *bird, const char *command, FILE *out)
{
	if (bird->slow && --bird->slow == 0)
		fake_load(bird);
	if (bird->mood == MOOD_DENIES)
		fprintf(out, "8007 Access denied\n");
	else if (bird->mood == MOOD_HALF)
		fprintf(out, "1002-weir_rt");
	else if (strcmp(command, "configure\n") == 0)
		fake_configure(bird, out);
	else if (strcmp(command, "eval weir_set\n") == 0 && bird->set[0])
		fprintf(out, "0023 %s\n", bird->set);
	else if (strcmp(command, "eval weir_set\n") == 0)
		fprintf(out, "9001 syntax error, unexpected CF_SYM_UNDEFINED\n");
	else if (strcmp(command, "show protocols all \"weir_*\"\n") == 0)
		fake_protocols(bird, out);
	else if (strcmp(command, "show protocols\n") == 0)
		fake_sessions(bird, out);
	else
		fprintf(out, "9001 syntax error\n");
}

static inline void fake_talk(struct fake_bird *bird, int fd)
{
	FILE *in = fdopen(fd, "r");
	FILE *out = fdopen(dup(fd), "w");
	char line[256];

	if (bird->mood == MOOD_NONSENSE)
		fprintf(out, "SSH-2.0-OpenSSH_9.2\r\n");
	else if (bird->mood != MOOD_SILENT)
		fprintf(out, "0001 BIRD 2.0.12 ready.\n");
	fflush(out);
	while (fgets(line, sizeof(line), in)) {
		for (int i = 0; bird->mood == MOOD_ENDLESS && i < 20000; i++)
			fprintf(out, "1002-something\n");
		if (bird->mood != MOOD_SILENT && bird->mood != MOOD_MUTE)
			fake_answer(bird, line, out);
		fflush(out);
		if (bird->mood == MOOD_HALF)
			break;
	}
	fclose(in);
	fclose(out);
}

static inline void *fake_run(void *arg)
{
	struct fake_bird *bird = arg;
	sigset_t pipe;

	/* Of this thread only: the other side must do without. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	for (;;) {
		int fd = accept(bird->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		fake_talk(bird, fd);
	}
}

/* A folder of its own, and nobody there yet. */
static inline void fake_prepare(struct fake_bird *bird)
{
	*bird = (struct fake_bird){ .folder = "/tmp/weir-fake-XXXXXX", .listener = -1 };
	assert_non_null(mkdtemp(bird->folder));
	snprintf(bird->socket, sizeof(bird->socket), "%s/ctl", bird->folder);
	snprintf(bird->include, sizeof(bird->include), "%s/weir.conf", bird->folder);
}

/* As a real one it reads the file when it starts. */
static inline void fake_start(struct fake_bird *bird)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", bird->socket);
	unlink(bird->socket);
	fake_load(bird);
	bird->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(bird->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(bird->listener, 4), 0);
	assert_int_equal(pthread_create(&bird->thread, NULL, fake_run, bird), 0);
}

static inline void fake_stop(struct fake_bird *bird)
{
	shutdown(bird->listener, SHUT_RDWR);
	pthread_join(bird->thread, NULL);
	close(bird->listener);
	bird->listener = -1;
}

static inline void fake_remove(struct fake_bird *bird)
{
	char path[128];
	const char *const ends[] = { "", ".new", ".before" };

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", bird->include, ends[i]);
		unlink(path);
	}
	unlink(bird->socket);
	rmdir(bird->folder);
}
