/* SPDX-License-Identifier: Apache-2.0 */
/* err: error code in, words out. Any thread; no state of its own. */
#include "base/err.h"

#include <string.h>

static const char *const own_text[] = {
	[0] = "input ends too early",
	[WEIR_EVERSION - WEIR_ETRUNC] = "unknown version",
	[WEIR_ESYNTAX - WEIR_ETRUNC] = "not of the expected form",
	[WEIR_EUNIT - WEIR_ETRUNC] = "unit does not fit",
	[WEIR_ERANGE - WEIR_ETRUNC] = "out of range",
	[WEIR_EFULL - WEIR_ETRUNC] = "table is full",
	[WEIR_EFORMAT - WEIR_ETRUNC] = "not the expected file format",
	[WEIR_ESCHEMA - WEIR_ETRUNC] = "stored with an unknown layout",
	[WEIR_ECONFIG - WEIR_ETRUNC] = "configuration has errors",
	[WEIR_EOLD - WEIR_ETRUNC] = "too old to be used",
	[WEIR_EFUTURE - WEIR_ETRUNC] = "dated in the future, so a clock is or was wrong",
};

_Static_assert(sizeof(own_text) / sizeof(own_text[0]) == WEIR_EMAX - WEIR_ETRUNC,
	       "every own error code has a text");

const char *err_text(int err)
{
	if (err < 0)
		err = -err;
	if (err >= WEIR_ETRUNC && err < WEIR_EMAX)
		return own_text[err - WEIR_ETRUNC];
	const char *text = strerrordesc_np(err);
	return text ? text : "unknown error";
}
