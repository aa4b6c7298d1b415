/* SPDX-License-Identifier: Apache-2.0 */
/* main: the `weir` program; finds the subcommand and runs it. */
#include <stdio.h>

int main(void)
{
	puts("weir " WEIR_VERSION);
	return 0;
}
