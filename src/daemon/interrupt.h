/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt: Ctrl-C and SIGTERM in, "end here" out, for commands that read recorded input.
 *
 * The first one is noted, so that what was found is written; a second one kills. Of the process.
 */
#pragma once

#include <stdbool.h>

/** interrupt_catch() - note them from now on; system calls that block end with EINTR. */
void interrupt_catch(void);

/** interrupt_caught() - has there been one? Any thread. */
bool interrupt_caught(void);

/** interrupt_end() - if there has been one, die of it, as who sent it expects. */
void interrupt_end(void);
