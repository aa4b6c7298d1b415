/* SPDX-License-Identifier: Apache-2.0 */
/* check: cmocka with the headers it wants before it, for every unit test. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
