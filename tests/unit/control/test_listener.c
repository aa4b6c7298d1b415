/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket's file: made, replaced when stale, never stolen, removed. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/listener.h"

struct fixture {
	char folder[32];
	char path[64];
	char said[1024];
	struct text error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/weir-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/weir.sock", f->folder);
	f->error = text_fixed(f->said, sizeof(f->said));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static int call(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int ret = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static void the_socket_answers_and_goes(void **state)
{
	struct fixture *f = *state;
	struct listener listener;
	struct stat st;
	mode_t mask = umask(0);

	assert_int_equal(listener_open(f->path, &f->error, &listener), 0);
	umask(mask);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(call(f->path), 0);
	listener_close(&listener);
	assert_int_equal(call(f->path), -ENOENT);
	assert_int_equal(listener.fd, -1);
}

static void a_strict_umask_does_not_narrow_it(void **state)
{
	struct fixture *f = *state;
	struct listener listener;
	struct stat st;
	mode_t mask = umask(0777);

	assert_int_equal(listener_open(f->path, &f->error, &listener), 0);
	umask(mask);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	listener_close(&listener);
}

static void a_second_daemon_is_refused(void **state)
{
	struct fixture *f = *state;
	struct listener first, second = { .fd = -7 };

	assert_int_equal(listener_open(f->path, &f->error, &first), 0);
	assert_int_equal(listener_open(f->path, &f->error, &second), -EADDRINUSE);
	assert_non_null(strstr(f->said, "another weir runs here"));
	assert_int_equal(second.fd, -7);
	assert_int_equal(call(f->path), 0);
	listener_close(&first);
}

static void a_stale_file_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct listener stuck, next;

	assert_int_equal(listener_open(f->path, &f->error, &stuck), 0);
	shutdown(stuck.fd, SHUT_RDWR);
	assert_int_equal(call(f->path), -ECONNREFUSED);
	assert_int_equal(listener_open(f->path, &f->error, &next), 0);
	assert_int_equal(call(f->path), 0);
	/* The one that hung must not take the new one's file with it. */
	listener_close(&stuck);
	assert_int_equal(call(f->path), 0);
	listener_close(&next);
}

static void a_file_of_another_kind_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct listener listener;
	struct stat st;
	int fd = open(f->path, O_CREAT | O_WRONLY, 0600);

	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(listener_open(f->path, &f->error, &listener), -EEXIST);
	assert_non_null(strstr(f->said, "no socket"));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_size, 4);
}

static void one_missing_folder_is_made(void **state)
{
	struct fixture *f = *state;
	struct listener listener;
	char folder[48], path[64];
	struct stat st;

	snprintf(folder, sizeof(folder), "%s/run", f->folder);
	snprintf(path, sizeof(path), "%s/weir.sock", folder);
	mode_t mask = umask(022);
	assert_int_equal(listener_open(path, &f->error, &listener), 0);
	umask(mask);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	listener_close(&listener);
	assert_int_equal(rmdir(folder), 0);
	snprintf(path, sizeof(path), "%s/no/such/weir.sock", f->folder);
	assert_int_equal(listener_open(path, &f->error, &listener), -ENOENT);
	assert_non_null(strstr(f->said, "/no/such"));
}

static void a_path_too_long_is_said(void **state)
{
	struct fixture *f = *state;
	struct listener listener;
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(listener_open(path, &f->error, &listener), -ENAMETOOLONG);
	assert_non_null(strstr(f->said, "shorter"));
}

static void no_permission_is_said(void **state)
{
	struct fixture *f = *state;
	struct listener listener;

	if (geteuid() == 0 && seteuid(65534) < 0)
		skip();
	chmod(f->folder, 0500);
	int ret = listener_open(f->path, &f->error, &listener);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	chmod(f->folder, 0700);
	assert_int_equal(ret, -EACCES);
	assert_non_null(strstr(f->said, "Permission denied"));
	assert_non_null(strstr(f->said, "control.socket"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_socket_answers_and_goes),
		CASE(a_strict_umask_does_not_narrow_it),
		CASE(a_second_daemon_is_refused),
		CASE(a_stale_file_is_replaced),
		CASE(a_file_of_another_kind_is_left_alone),
		CASE(one_missing_folder_is_made),
		CASE(a_path_too_long_is_said),
		CASE(no_permission_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
