/* SPDX-License-Identifier: Apache-2.0 */
/* run: a message in, the exit status and words of a program out. The actuator's thread. */
#include "actuate/hook/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actuate/hook/answer.h"
#include "actuate/hook/spawn.h"
#include "base/clock.h"

/* From SIGTERM to SIGKILL. */
#define GRACE_NS NS_PER_S

/* What a program wrote: the beginning is kept, the rest is read and thrown away. */
struct heard {
	int fd; /* -1: it has ended */
	size_t len;
	char data[HOOK_ANSWER_MAX];
};

struct running {
	pid_t pid;
	int pid_fd;
	int timer_fd;
	unsigned signals; /* sent so far: SIGTERM, SIGKILL */
	struct heard out;
	struct heard err;
};

/* A file in memory instead of a pipe: the program may read it or not, and nobody waits. */
static int open_input(const struct text *body)
{
	int fd = memfd_create("weir-hook", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < body->len) {
		ssize_t count = write(fd, body->data + done, body->len - done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			close(fd);
			return -ENOMEM;
		}
		done += (size_t)count;
	}
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return fd < 0 ? -errno : fd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Only our end must not wait; that of the program is as usual. */
static int open_pipe(struct heard *heard, int *ret_theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	heard->fd = ends[0];
	*ret_theirs = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int say_not_started(int err, struct text *why)
{
	text_addf(why, "cannot be started: %s%s", strerror(err),
		  err == ENOEXEC  ? "; let a script begin with #!/bin/sh"
		  : err == EACCES ? "; `chmod 755`, and look at noexec and the rights of Weir"
				  : "");
	return -ENOTCONN;
}

static int start(const char *program, const struct hook_message *message, struct running *run,
		 struct text *why)
{
	int fds[3] = { -1, -1, -1 };
	int err = open_pipe(&run->out, &fds[1]);

	if (!err)
		err = open_pipe(&run->err, &fds[2]);
	if (!err) {
		fds[0] = open_input(&message->body);
		err = fds[0] < 0 ? fds[0] : 0;
	}
	if (err) {
		text_addf(why, "cannot be started: %s; is there memory, and `ulimit -n` enough?",
			  err_text(err));
	} else {
		int refused = hook_spawn(program, message, fds, &run->pid);
		err = refused ? say_not_started(refused, why) : 0;
	}
	for (int i = 0; i < 3; i++)
		close_fd(&fds[i]);
	return err;
}

static void hear(struct heard *heard)
{
	char data[4096];
	ssize_t count = 0;

	/* Not for ever: one that writes faster than we read must not keep us from the clock. */
	for (int i = 0; i < 16 && heard->fd >= 0; i++) {
		count = read(heard->fd, data, sizeof(data));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return;
		if (count <= 0) {
			close_fd(&heard->fd);
			return;
		}
		size_t room = sizeof(heard->data) - heard->len;
		size_t kept = (size_t)count < room ? (size_t)count : room;
		memcpy(heard->data + heard->len, data, kept);
		heard->len += kept;
	}
}

static void set_timer(int fd, uint64_t ns)
{
	const struct itimerspec when = { .it_value = { .tv_sec = (time_t)(ns / NS_PER_S),
						       .tv_nsec = (long)(ns % NS_PER_S) } };

	(void)timerfd_settime(fd, 0, &when, NULL);
}

/* The group is there as long as its leader was not waited for, so it can be nobody else's. */
static void take_time_away(struct running *run)
{
	uint64_t times;

	if (read(run->timer_fd, &times, sizeof(times)) <= 0)
		return;
	(void)kill(-run->pid, run->signals++ ? SIGKILL : SIGTERM);
	set_timer(run->timer_fd, GRACE_NS);
}

/* Until the program itself has ended. */
static int attend(struct running *run)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = run->pid_fd, .events = POLLIN },
					{ .fd = run->timer_fd, .events = POLLIN },
					{ .fd = run->out.fd, .events = POLLIN },
					{ .fd = run->err.fd, .events = POLLIN } };
		if (poll(fds, 4, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (fds[2].revents)
			hear(&run->out);
		if (fds[3].revents)
			hear(&run->err);
		if (fds[0].revents)
			return 0;
		if (fds[1].revents)
			take_time_away(run);
	}
}

/* Ends what is left of the group, and leaves no zombie. */
static int finish(struct running *run, int *ret_status)
{
	pid_t done;

	(void)kill(-run->pid, SIGKILL);
	do {
		done = waitpid(run->pid, ret_status, 0);
	} while (done < 0 && errno == EINTR);
	int err = done < 0 ? -errno : 0;
	hear(&run->out);
	hear(&run->err);
	return err;
}

static int judge(const struct running *run, const struct hook_message *message, int status,
		 struct text *why)
{
	int err = -ENOTCONN;

	if (run->signals) {
		text_add(why, "did not end in time; make it quicker, or `timeout` longer");
		err = -ETIMEDOUT;
	} else if (WIFSIGNALED(status)) {
		text_addf(why, "was ended by signal %d", WTERMSIG(status));
	} else if (WEXITSTATUS(status) == 0) {
		return hook_answer(message->event, run->out.data, run->out.len, why);
	} else if (WEXITSTATUS(status) == HOOK_EXIT_REFUSED) {
		text_add(why, "refuses");
		err = -EACCES;
	} else {
		text_addf(why, "failed with exit status %d", WEXITSTATUS(status));
	}
	hook_excerpt(run->err.data, run->err.len, why);
	return err;
}

static int follow(struct running *run, uint64_t timeout_ns, int *ret_status)
{
	run->pid_fd = pidfd_open(run->pid, 0);
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int err = run->pid_fd < 0 || run->timer_fd < 0 ? -errno : 0;
	if (!err) {
		set_timer(run->timer_fd, timeout_ns ? timeout_ns : 1);
		err = attend(run);
	}
	int ended = finish(run, ret_status);
	close_fd(&run->pid_fd);
	close_fd(&run->timer_fd);
	return err ? err : ended;
}

int hook_run(const char *program, uint64_t timeout_ns, const struct hook_message *message,
	     struct text *why)
{
	struct running run = { .pid_fd = -1, .timer_fd = -1, .out.fd = -1, .err.fd = -1 };
	int status = 0;

	int err = start(program, message, &run, why);
	if (!err) {
		err = follow(&run, timeout_ns, &status);
		if (err)
			text_addf(why, "was lost: %s", err_text(err));
		else
			err = judge(&run, message, status, why);
	}
	close_fd(&run.out.fd);
	close_fd(&run.err.fd);
	return err;
}
