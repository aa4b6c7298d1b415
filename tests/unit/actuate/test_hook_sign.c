/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of actuate/hook/sign and secret: signatures, and files that are or are not as they should be. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actuate/hook/secret.h"
#include "actuate/hook/sign.h"
#include "actuate/hook/target.h"

/* The example that the libraries of Standard Webhooks are tested with. */
static const char secret_of_all[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

static char path[64];

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/weir-test-secret-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void holds(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void signatures_are_those_of_the_standard(void **state)
{
	static const char body[] = "{\"test\": 2432232314}";
	struct hook_signed what = { .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
				    .time_s = 1614265330,
				    .body = body,
				    .len = sizeof(body) - 1 };
	char signature[HOOK_SIGNATURE_MAX];
	char other[HOOK_SIGNATURE_MAX];

	(void)state;
	assert_int_equal(hook_sign(secret_of_all, &what, signature), 0);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	what.time_s++;
	assert_int_equal(hook_sign(secret_of_all, &what, other), 0);
	assert_string_not_equal(other, signature);
	what.time_s--;
	what.len--;
	assert_int_equal(hook_sign(secret_of_all, &what, other), 0);
	assert_string_not_equal(other, signature);
}

static void what_is_no_secret_is_told_without_it(void **state)
{
	static const char *const bad[] = {
		"",
		"whsec_",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La",    /* 21 bytes */
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", /* cut off */
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!",
		"whsec_"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"AA"
		"AAAA", /* 66 bytes */
	};
	struct hook_signed what = { .id = "x", .body = "" };
	char signature[HOOK_SIGNATURE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text why = text_heap();
		assert_int_equal(hook_sign(bad[i], &what, signature), -EINVAL);
		assert_int_equal(hook_secret_check(bad[i], "/s", &why), -EINVAL);
		assert_non_null(strstr(text_string(&why), "/s holds no secret"));
		assert_null(strstr(text_string(&why), "MfKQ9r8G"));
		text_done(&why);
	}
}

static void is_refused(int err, const char *words)
{
	struct text why = text_heap();
	char secret[HOOK_SECRET_MAX];

	assert_int_equal(hook_secret_read(path, "token_file", secret, &why), err);
	assert_string_equal(secret, "");
	if (!strstr(text_string(&why), words) || strstr(text_string(&why), "hush"))
		fail_msg("no \"%s\", or too much, in: %s", words, text_string(&why));
	text_done(&why);
}

static void a_file_is_one_line_for_us_alone(void **state)
{
	static char longest[HOOK_SECRET_MAX + 1];
	struct text why = text_heap();
	char secret[HOOK_SECRET_MAX];

	(void)state;
	holds("hush\r\n", 6);
	assert_int_equal(hook_secret_read(path, "token_file", secret, &why), 0);
	assert_string_equal(secret, "hush");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(hook_secret_read(path, "token_file", secret, &why), 0);
	text_done(&why);
	static const mode_t open_modes[] = { 0604, 0644, 0602, 0620, 0660, 0777 };
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		assert_int_equal(chmod(path, open_modes[i]), 0);
		is_refused(-EPERM, "chmod 600");
	}
	assert_int_equal(chmod(path, 0600), 0);
	holds("", 0);
	is_refused(-EINVAL, "one line");
	holds("\n\n", 2);
	is_refused(-EINVAL, "one line");
	holds("hush\nhush\n", 10);
	is_refused(-EINVAL, "one line");
	holds("hu\0sh", 5);
	is_refused(-EINVAL, "one line");
	memset(longest, 'x', sizeof(longest));
	holds(longest, HOOK_SECRET_MAX);
	is_refused(-EINVAL, "at most 4095 characters");
	holds(longest, HOOK_SECRET_MAX - 1);
	assert_int_equal(hook_secret_read(path, "token_file", secret, &why), 0);
	text_done(&why);
	snprintf(path, sizeof(path), "/tmp");
	is_refused(-EINVAL, "is no file");
	snprintf(path, sizeof(path), "/nonexistent/token");
	is_refused(-ENOENT, "No such file");
	setup(NULL);
}

/* A token goes into a header: nothing in it may end the line. */
static void a_token_is_of_a_tokens_letters(void **state)
{
	static const char *const bad[] = {
		"", "=", "two words", "a\rb", "\"a\"", "a=b", "\xc3\xa4"
	};
	struct text why = text_heap();

	(void)state;
	assert_int_equal(hook_token_check("eyJ0.eXA-i_O~1+/==", "/t", &why), 0);
	assert_string_equal(text_string(&why), "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(hook_token_check(bad[i], "/t", &why), -EINVAL);
	text_done(&why);
}

static void each_file_of_a_target_is_looked_at(void **state)
{
	const struct hook_target targets[] = {
		{ .token_file = path },
		{ .secret_file = path },
		{ .key_file = path },
		{ .cert_file = path },
	};
	const struct hook_target none[] = { { .ca_file = "/nonexistent" },
					    { .cert_file = "/nonexistent", .key_file = path } };

	(void)state;
	holds("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 38);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct text why = text_heap();
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(hook_target_check(&targets[i], &why), 0);
		assert_int_equal(chmod(path, 0644), 0);
		assert_int_equal(hook_target_check(&targets[i], &why), -EPERM);
		text_done(&why);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct text why = text_heap();
		assert_int_equal(hook_target_check(&none[i], &why), -ENOENT);
		text_done(&why);
	}
}

#define secret_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_those_of_the_standard),
		cmocka_unit_test(what_is_no_secret_is_told_without_it),
		secret_test(a_file_is_one_line_for_us_alone),
		cmocka_unit_test(a_token_is_of_a_tokens_letters),
		secret_test(each_file_of_a_target_is_looked_at),
	};

	return cmocka_run_group_tests_name("actuate/hook_sign", tests, NULL, NULL);
}
