/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err: what every fallible function of Weir returns.
 *
 * 0 or a count on success, a negative errno for what the system refused, and
 * the negative codes below for what only Weir knows. Text for people comes
 * from err_text(); nothing in this file logs.
 */
#pragma once

/** Callers must look at the result of a function that carries this mark. */
#define WEIR_CHECK __attribute__((warn_unused_result))

/** Own error codes; always returned negated, outside the range of errno. */
enum weir_err {
	WEIR_ETRUNC = 1001, /**< input ends before what it announces */
	WEIR_EVERSION,      /**< a version or type this code does not know */
	WEIR_ESYNTAX,       /**< text that does not have the expected form */
	WEIR_EUNIT,         /**< a number with a unit that does not fit here */
	WEIR_ERANGE,        /**< a value outside its documented limits */
	WEIR_EFULL,         /**< a bounded table or buffer has no room left */
	WEIR_EFORMAT,       /**< a file that is not what it was given as */
	WEIR_ESCHEMA,       /**< a stored file of another, unknown layout */
	WEIR_ECONFIG,       /**< a configuration with errors; they are listed apart */
	WEIR_EOLD,          /**< what was stored is too old to say anything about now */
	WEIR_EFUTURE,       /**< what was stored is dated in the future: a clock was wrong */
	WEIR_EMAX
};

/**
 * err_text() - the meaning of an error code, for people.
 * @err: a code as returned (negative) or its absolute value
 *
 * Return: a static string, never NULL. Any thread.
 */
const char *err_text(int err);
