/* SPDX-License-Identifier: Apache-2.0 */
/* spawn: a program and its message in, a process with nothing of ours out. */
#include "actuate/hook/spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "WEIR_DIRECTION=" and the like, with their values. */
#define VARIABLES 9
#define VARIABLE  (HOOK_KEY_MAX + 24)

int hook_spawn_check(const char *program, struct text *why)
{
	struct stat status;

	if (stat(program, &status) < 0) {
		int err = errno;
		text_addf(why, "%s: %s; put the program there, or change `program`", program,
			  strerror(err));
		return -err;
	}
	if (!S_ISREG(status.st_mode) || access(program, X_OK) < 0) {
		text_addf(why, "%s cannot be run; `chmod 755 %s`, or change `program`", program,
			  program);
		return -EACCES;
	}
	if (status.st_mode & S_IWOTH) {
		text_addf(why, "anybody may change %s; `chmod o-w %s`", program, program);
		return -EPERM;
	}
	return 0;
}

/* What a script wants most is there without a reader of JSON. All values are ours, and plain. */
static void fill_variables(const struct hook_message *message, char (*texts)[VARIABLE],
			   char **ret_list)
{
	const struct wanted *wanted = message->wanted;
	char own[IP_TEXT_MAX] = "";
	unsigned n = 0;

	if (wanted)
		prefix_format(&wanted->own, own);
	snprintf(texts[n++], VARIABLE,
		 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	snprintf(texts[n++], VARIABLE, "LANG=C.UTF-8");
	snprintf(texts[n++], VARIABLE, "HOME=/");
	snprintf(texts[n++], VARIABLE, "WEIR_EVENT=%s", hook_event_name(message->event));
	snprintf(texts[n++], VARIABLE, "WEIR_KEY=%s", message->key);
	if (wanted) {
		snprintf(texts[n++], VARIABLE, "WEIR_PLAN=%s", wanted->plan.id);
		snprintf(texts[n++], VARIABLE, "WEIR_LEVEL=%s",
			 plan_level_name(wanted->plan.level));
		snprintf(texts[n++], VARIABLE, "WEIR_OWN=%s", own);
		snprintf(texts[n++], VARIABLE, "WEIR_DIRECTION=%s",
			 direction_name(wanted->direction));
	}
	for (unsigned i = 0; i < n; i++)
		ret_list[i] = texts[i];
	ret_list[n] = NULL;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	/* Those that the daemon ignores or blocks. */
	static const int usual[] = { SIGPIPE, SIGXFSZ, SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	int err = posix_spawnattr_setsigmask(attributes, &set);
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		sigaddset(&set, usual[i]);
	if (!err)
		err = posix_spawnattr_setsigdefault(attributes, &set);
	if (!err)
		err = posix_spawnattr_setpgroup(attributes, 0);
	return err ? err
		   : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								  POSIX_SPAWN_SETSIGDEF |
								  POSIX_SPAWN_SETPGROUP);
}

static int set_files(posix_spawn_file_actions_t *files, const int fds[3])
{
	int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = posix_spawn_file_actions_adddup2(files, fds[i], i);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(files, 3);
	return err ? err : posix_spawn_file_actions_addchdir_np(files, "/");
}

int hook_spawn(const char *program, const struct hook_message *message, const int fds[3],
	       pid_t *ret_pid)
{
	char *arguments[] = { (char *)program, (char *)hook_event_name(message->event), NULL };
	char texts[VARIABLES][VARIABLE];
	char *variables[VARIABLES + 1];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;

	fill_variables(message, texts, variables);
	if (posix_spawn_file_actions_init(&files))
		return ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&files);
		return ENOMEM;
	}
	int err = set_attributes(&attributes);
	if (!err)
		err = set_files(&files, fds);
	if (!err)
		err = posix_spawn(ret_pid, program, &files, &attributes, arguments, variables);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return err;
}
