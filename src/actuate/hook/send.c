/* SPDX-License-Identifier: Apache-2.0 */
/* send: a message in, tries out, bounded in number and time. The actuator's thread. */
#include "actuate/hook/send.h"

#include <errno.h>
#include <time.h>

#include "actuate/hook/post.h"
#include "actuate/hook/run.h"
#include "base/clock.h"

#define PAUSE_NS     (200 * NS_PER_MS)
#define PAUSE_MAX_NS (5 * NS_PER_S)

struct hook_pass hook_pass_begin(const struct hook_target *target)
{
	return (struct hook_pass){ .target = target,
				   .retries_left = target->retries,
				   .pause_ns = PAUSE_NS,
				   .until_ns = clock_mono_ns() + HOOK_PASS_NS };
}

static int try_once(const struct hook_target *target, const struct hook_message *message,
		    struct text *why)
{
	text_clear(why);
	text_addf(why, "%s ", target->place);
	if (message->body.failed) {
		text_add(why, "cannot be asked: no memory");
		return -ENOMEM;
	}
	return target->program ? hook_run(target->program, target->timeout_ns, message, why)
			       : hook_post(target, message, why);
}

static void wait_before_next(struct hook_pass *pass)
{
	struct timespec left = { .tv_sec = (time_t)(pass->pause_ns / NS_PER_S),
				 .tv_nsec = (long)(pass->pause_ns % NS_PER_S) };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	pass->retries_left--;
	pass->pause_ns = pass->pause_ns * 2 < PAUSE_MAX_NS ? pass->pause_ns * 2 : PAUSE_MAX_NS;
}

int hook_send(struct hook_pass *pass, const struct hook_message *message, struct text *why)
{
	if (clock_mono_ns() >= pass->until_ns) {
		text_clear(why);
		text_addf(why, "%s is too slow for all there is to say; make it quicker",
			  pass->target->place);
		return -EAGAIN;
	}
	for (;;) {
		int err = try_once(pass->target, message, why);
		if (!err || err == -EACCES || pass->retries_left == 0 ||
		    clock_mono_ns() + pass->pause_ns >= pass->until_ns)
			return err;
		wait_before_next(pass);
	}
}
