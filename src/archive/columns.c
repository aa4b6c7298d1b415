/* SPDX-License-Identifier: Apache-2.0 */
/* columns: struct coverage to SQLite values and back, by one table. Any thread. */
#include "archive/columns.h"

#include <string.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "model/flow.h"

#define NUMBER(member)                                                                             \
	{                                                                                          \
#member, offsetof(struct coverage, member), sizeof(((struct coverage *)0)->member) \
	}

/* The layout of the file: members are added at the end, with a step in store.c. */
static const struct {
	const char *name;
	size_t offset;
	size_t size;
} numbers[] = {
	NUMBER(seconds),
	NUMBER(silent),
	NUMBER(restarts),
	NUMBER(datagrams),
	NUMBER(records),
	NUMBER(options),
	NUMBER(units),
	NUMBER(lost),
	NUMBER(kernel_drops),
	NUMBER(held),
	NUMBER(templates),
	NUMBER(clock_offset_ns),
	NUMBER(active_timeout_ms),
	NUMBER(inactive_timeout_ms),
	NUMBER(sampling),
	NUMBER(sampling_source),
	NUMBER(unknown_sampling),
	NUMBER(sample_pool),
	NUMBER(pool_samples),
	NUMBER(agent_drops),
	NUMBER(duplicates),
	NUMBER(compared),
	NUMBER(repeated), /* layout 2 */
};

#define NUMBERS ((int)(sizeof(numbers) / sizeof(numbers[0])))

void columns_list(struct text *out)
{
	for (int i = 0; i < NUMBERS; i++)
		text_addf(out, "%s, ", numbers[i].name);
	text_add(out, "undecodable, twin");
}

void columns_define(struct text *out)
{
	for (int i = 0; i < NUMBERS; i++)
		text_addf(out, "%s INTEGER NOT NULL, ", numbers[i].name);
	text_add(out, "undecodable TEXT, twin TEXT"); /* {"reason": count}, address; or NULL */
}

void columns_marks(int first, struct text *out)
{
	for (int i = 0; i < NUMBERS + 2; i++)
		text_addf(out, "%s?%d", i ? ", " : "", first + i);
}

static int64_t number_of(const struct coverage *row, int i)
{
	const char *at = (const char *)row + numbers[i].offset;
	uint32_t word;
	int64_t value;

	if (numbers[i].size == 1)
		return *(const uint8_t *)at;
	if (numbers[i].size == sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		return word;
	}
	memcpy(&value, at, sizeof(value));
	return value;
}

static void put_number(struct coverage *row, int i, int64_t value)
{
	char *at = (char *)row + numbers[i].offset;
	uint32_t word = (uint32_t)value;

	if (numbers[i].size == 1)
		*(uint8_t *)at = (uint8_t)value;
	else if (numbers[i].size == sizeof(word))
		memcpy(at, &word, sizeof(word));
	else
		memcpy(at, &value, sizeof(value));
}

static void write_reasons(const struct coverage *row, struct text *out)
{
	struct jsonw w = jsonw_on(out);

	text_clear(out);
	jsonw_object(&w, NULL);
	for (unsigned i = 0; i < REASON_COUNT_OF; i++) {
		if (row->undecodable[i])
			jsonw_u64(&w, reason_name((enum reason)i), row->undecodable[i]);
	}
	jsonw_object_end(&w);
}

static void read_reasons(const char *json, struct coverage *row)
{
	json_t *reasons = json ? json_loads(json, 0, NULL) : NULL;

	for (unsigned i = 0; reasons && i < REASON_COUNT_OF; i++)
		row->undecodable[i] = (uint64_t)json_integer_value(
			json_object_get(reasons, reason_name((enum reason)i)));
	json_decref(reasons);
}

void columns_bind(sqlite3_stmt *stmt, int first, const struct coverage *row, struct text *scratch)
{
	char twin[IP_TEXT_MAX];

	for (int i = 0; i < NUMBERS; i++)
		sqlite3_bind_int64(stmt, first + i, number_of(row, i));
	if (coverage_undecoded(row)) {
		write_reasons(row, scratch);
		sqlite3_bind_text(stmt, first + NUMBERS, text_string(scratch), -1, SQLITE_STATIC);
	}
	if (row->duplicates)
		sqlite3_bind_text(stmt, first + NUMBERS + 1, ip_format(&row->twin.address, twin),
				  -1, SQLITE_TRANSIENT);
}

void columns_read(sqlite3_stmt *stmt, int first, struct coverage *ret_row)
{
	const char *twin = (const char *)sqlite3_column_text(stmt, first + NUMBERS + 1);

	for (int i = 0; i < NUMBERS; i++)
		put_number(ret_row, i, sqlite3_column_int64(stmt, first + i));
	if (ret_row->sampling_source >= SAMPLING_SOURCE_COUNT)
		ret_row->sampling_source = SAMPLING_UNKNOWN;
	read_reasons((const char *)sqlite3_column_text(stmt, first + NUMBERS), ret_row);
	if (twin && ip_parse(twin, &ret_row->twin.address))
		ret_row->twin.address = (struct ip){ 0 };
}
