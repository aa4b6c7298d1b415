/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: the one template engine below NetFlow v9 and IPFIX.
 *
 * Template records in; compiled plans of copies, and by them flows out. Also
 * keeps, within limits, the data sets that arrive before their template
 * (RFC 7011, section 8; RFC 3954, section 5.1).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct template_table;

/** template_table_new() - room for @templates templates and @held_bytes of waiting data. */
struct template_table *template_table_new(size_t templates, size_t held_bytes, uint64_t seed);

/** template_table_free() - NULL is fine. */
void template_table_free(struct template_table *table);
