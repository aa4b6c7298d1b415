/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: a stream of JSON in, one value of it at a time out to the right parser.
 *
 * The stream is values one after the other (a line each, or spread over lines), an array of them,
 * or Azure's {"records": [ … ]}. Only where a value ends is found here, so that a file of any size
 * needs the memory of one value; jansson reads the value. After rubbish it goes on behind the end
 * of the line.
 */
#include <ctype.h>

#include "ingest/flowlog/parse.h"

struct span json_span(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct span){ json_string_value(value), json_string_length(value) };
}

/* Batches of CloudWatch Logs: to a subscriber "logEvents", to a question "events". */
static void take_messages(struct flowlog *log, const json_t *events)
{
	json_t *event;
	size_t i;

	json_array_foreach(events, i, event)
	{
		struct span message = json_span(event, "message");
		if (message.len)
			aws_line(log, message);
		else
			flowlog_refuse(log, REASON_FIELD);
	}
}

static void take_entry(struct flowlog *log, const json_t *entry)
{
	enum flowlog_format wanted = log->input.format;
	enum flowlog_format found = FLOWLOG_AUTO;
	const json_t *events = json_object_get(entry, "logEvents");

	if (!events)
		events = json_object_get(entry, "events");
	if (json_object_get(entry, "jsonPayload") || json_object_get(entry, "connection"))
		found = FLOWLOG_GCP;
	else if (json_object_get(entry, "flowRecords") || json_object_get(entry, "properties"))
		found = FLOWLOG_AZURE;
	else if (json_is_array(events))
		found = FLOWLOG_AWS;
	if (found == FLOWLOG_AUTO || (wanted != FLOWLOG_AUTO && wanted != found))
		flowlog_refuse(log, REASON_NO_DECODER);
	else if (found == FLOWLOG_GCP)
		gcp_record(log, entry);
	else if (found == FLOWLOG_AZURE)
		azure_record(log, entry);
	else
		take_messages(log, events);
}

void json_value(struct flowlog *log, struct span text)
{
	json_error_t error;
	json_t *value = json_loadb(text.at, text.len, 0, &error);
	const json_t *records = json_object_get(value, "records");
	json_t *entry;
	size_t i;

	if (!value)
		flowlog_refuse(log, REASON_SYNTAX);
	else if (!json_is_array(records))
		take_entry(log, value);
	json_array_foreach(records, i, entry) take_entry(log, entry);
	json_decref(value);
}

/* Step over blanks; counts ends of lines. */
static size_t skip_blanks(const char *data, size_t len, uint64_t *line)
{
	size_t at = 0;

	for (; at < len && isspace((unsigned char)data[at]); at++) {
		if (line)
			*line += data[at] == '\n';
	}
	return at;
}

/*
 * The beginning of {"records": [, up to behind the bracket. 0: it is something else, or there is
 * not enough to tell; that is only right where a whole value will come.
 */
static size_t wrapper_len(const char *data, size_t len)
{
	static const char *const pieces[] = { "{", "\"records\"", ":", "[" };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t piece = strlen(pieces[i]);
		at += skip_blanks(data + at, len - at, NULL);
		if (len - at < piece || memcmp(data + at, pieces[i], piece) != 0)
			return 0;
		at += piece;
	}
	return at;
}

static void value_begin(struct json_place *place)
{
	place->at = 0;
	place->depth = 0;
	place->lines = 0;
	place->string = false;
	place->escaped = false;
	place->deep = false;
	place->dropped = false;
}

/* One character of a value. Return: false when it cannot be part of any. */
static bool step(struct json_place *place, char c, char before)
{
	if (c == '\n')
		place->lines++;
	if (place->string) {
		if (place->escaped)
			place->escaped = false;
		else if (c == '\\')
			place->escaped = true;
		else if (c == '"')
			place->string = false;
		/* A bare end of line is in no string: the value was cut off. */
		return c != '\n';
	}
	if (c == '"')
		place->string = true;
	else if (c == '{' || c == '[')
		place->deep |= ++place->depth > FLOWLOG_DEPTH_MAX;
	else if (c == '}' || c == ']')
		place->depth--;
	/* Nor does anybody begin a line inside a value with a brace. */
	return !(c == '{' && before == '\n' && place->depth > 1);
}

/* Use the rest of the open value, or all there is of it. Return: bytes; 0: needs more. */
static size_t take_value(struct flowlog *log, const char *data, size_t len, bool last,
			 bool *ret_value)
{
	struct json_place *place = &log->json;

	while (place->at < len) {
		size_t at = place->at;
		bool fits = step(place, data[at], (char)(at ? data[at - 1] : '\0'));
		if (!fits) {
			/* Behind the end of the line, or at the brace that begins anew. */
			flowlog_refuse(log, REASON_SYNTAX);
			log->line += place->lines;
			value_begin(place);
			*ret_value = true;
			return data[at] == '\n' ? at + 1 : at;
		}
		place->at++;
		if (place->depth > 0)
			continue;
		if (place->deep || place->dropped)
			flowlog_refuse(log, place->deep ? REASON_DEPTH : REASON_LENGTH);
		else
			json_value(log, (struct span){ data, place->at });
		log->line += place->lines;
		at = place->at;
		value_begin(place);
		*ret_value = true;
		return at;
	}
	bool too_long = len >= FLOWLOG_VALUE_MAX;
	if (!last && !too_long)
		return 0;
	/* Remember where it stood; the bytes themselves go. */
	place->dropped = true;
	place->at = 0;
	if (last)
		flowlog_refuse(log, REASON_SHORT);
	return len;
}

static size_t take_rubbish(struct flowlog *log, const char *data, size_t len)
{
	const char *end = memchr(data, '\n', len);

	log->json.resync = !end;
	return end ? (size_t)(end - data) : len;
}

size_t json_take(struct flowlog *log, const char *data, size_t len, bool last, bool *ret_value)
{
	struct json_place *place = &log->json;
	bool open = place->at || place->depth || place->dropped;
	size_t blanks = open ? 0 : skip_blanks(data, len, &log->line);

	if (blanks)
		return blanks;
	if (place->resync)
		return take_rubbish(log, data, len);
	if (open)
		return take_value(log, data, len, last, ret_value);
	size_t wrapper = place->around ? 0 : wrapper_len(data, len);
	if (wrapper) {
		place->around = 2;
		(void)skip_blanks(data, wrapper, &log->line);
		return wrapper;
	}
	/* Enough to tell a wrapper from a value, whatever blanks are in it. */
	if (!place->around && *data == '{' && len < 64 && !last && !memchr(data, '}', len))
		return 0;
	if (*data == '{')
		return take_value(log, data, len, last, ret_value);
	if (*data == '[' && !place->around) {
		place->around = 1;
		return 1;
	}
	if ((*data == ']' && place->around) || (*data == '}' && place->around == 1)) {
		/* Azure takes both away again when it appends: they count for nothing yet. */
		place->around = *data == ']' && place->around == 2 ? 1 : 0;
		return 1;
	}
	if (*data == ',' || *data == '\x1e')
		return 1;
	flowlog_refuse(log, REASON_SYNTAX);
	*ret_value = true;
	return take_rubbish(log, data, len);
}

void json_learn(struct flowlog *log, const char *head, size_t len, uint64_t offset)
{
	size_t wrapper = wrapper_len(head, len);

	if (wrapper && offset >= wrapper)
		log->json.around = 2;
	else if (len && *head == '[' && offset)
		log->json.around = 1;
}
