/* SPDX-License-Identifier: Apache-2.0 */
/* interrupt: one number, set by the handler. */
#include "daemon/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

void interrupt_catch(void)
{
	struct sigaction action = { .sa_handler = note, .sa_flags = (int)SA_RESETHAND };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

bool interrupt_caught(void)
{
	return caught != 0;
}

void interrupt_end(void)
{
	if (!caught)
		return;
	(void)signal(caught, SIG_DFL);
	(void)raise(caught);
}
