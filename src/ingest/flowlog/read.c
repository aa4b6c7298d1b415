/* SPDX-License-Identifier: Apache-2.0 */
/* read: a path in; flows, progress and one line about what went wrong out. */
#include "ingest/flowlog/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ingest/flowlog/file.h"

struct flowlog_reader {
	struct flowlog *log;
	struct flowlog_file *file;
	struct flowlog_counts before; /**< the latest file */
};

struct flowlog_reader *flowlog_reader_new(void)
{
	struct flowlog_reader *reader = calloc(1, sizeof(*reader)); /* banned-ok: once at open */

	if (!reader)
		return NULL;
	reader->log = flowlog_new();
	reader->file = flowlog_file_new();
	if (reader->log && reader->file)
		return reader;
	flowlog_reader_free(reader);
	return NULL;
}

void flowlog_reader_free(struct flowlog_reader *reader)
{
	if (!reader)
		return;
	flowlog_file_free(reader->file);
	flowlog_free(reader->log);
	free(reader);
}

const struct flowlog_counts *flowlog_reader_totals(const struct flowlog_reader *reader)
{
	return flowlog_counts(reader->log);
}

struct flowlog_counts flowlog_reader_counts(const struct flowlog_reader *reader)
{
	struct flowlog_counts now = *flowlog_counts(reader->log);

	now.flows -= reader->before.flows;
	now.nodata -= reader->before.nodata;
	now.skipdata -= reader->before.skipdata;
	now.undecodable -= reader->before.undecodable;
	return now;
}

static FILE *open_path(const struct flowlog_request *request, uint64_t *ret_bytes,
		       struct text *error)
{
	const char *path = request->path;
	FILE *named = strcmp(path, "-") == 0 ? stdin : request->stream;
	FILE *stream = named ? named : fopen(path, "rbe");
	struct stat info = { 0 };

	if (!stream || fstat(fileno(stream), &info) < 0) {
		text_addf(error, "%s: cannot be opened: %s", path, strerror(errno));
	} else if (S_ISDIR(info.st_mode)) {
		text_addf(error, "%s: is a folder; give the files in it", path);
		errno = EISDIR;
	} else {
		*ret_bytes = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
		return stream;
	}
	if (stream && stream != stdin) {
		int why = errno;
		fclose(stream);
		errno = why;
	}
	return NULL;
}

static int read_all(struct flowlog_reader *reader, const struct flowlog_request *request,
		    uint64_t total)
{
	int more = 1;

	while (more > 0) {
		if (request->stop && request->stop(request->self))
			return -EINTR;
		size_t len;
		size_t used;
		more = flowlog_file_fill(reader->file);
		do {
			const char *text = flowlog_file_window(reader->file, &len);
			used = flowlog_take(reader->log, text, len, more == 0, 4096);
			flowlog_file_use(reader->file, used);
		} while (used && used < len);
		if (request->progress)
			request->progress(request->self, flowlog_file_read(reader->file), total);
	}
	return more;
}

static void tell(const struct flowlog_reader *reader, const char *path, int err, struct text *error)
{
	unsigned long long line = flowlog_line(reader->log) + 1;
	const struct flowlog_counts counts = flowlog_reader_counts(reader);

	if (err == -WEIR_ETRUNC)
		text_addf(error,
			  "%s: ends early, behind line %llu of what it holds; all before it was "
			  "used; copy the file again",
			  path, line);
	else if (err == -WEIR_EFORMAT && flowlog_file_read(reader->file))
		text_addf(error, "%s: cannot be unpacked behind line %llu; copy the file again",
			  path, line);
	else if (err)
		text_addf(error, "%s: cannot be read: %s", path, err_text(err));
	else if (counts.undecodable)
		text_addf(error,
			  "%s: is no flow log that can be read (%s in line %llu); give logs of AWS"
			  " as text, of Azure or Google as JSON, plain or gzip",
			  path, reason_name(counts.first_bad_reason),
			  (unsigned long long)counts.first_bad_line);
}

int flowlog_read(struct flowlog_reader *reader, const struct flowlog_request *request,
		 struct decode_state *state, const struct flow_sink *sink, struct text *error)
{
	const struct flowlog_input input = {
		.format = request->format,
		.state = state,
		.sink = sink,
		.time = request->time,
		.self = request->self,
	};
	uint64_t total = 0;
	FILE *stream = open_path(request, &total, error);

	reader->before = *flowlog_counts(reader->log);
	if (!stream)
		return errno ? -errno : -EIO;
	flowlog_file_open(reader->file, stream);
	flowlog_begin(reader->log, &input);
	int err = read_all(reader, request, total);
	const struct flowlog_counts counts = flowlog_reader_counts(reader);
	tell(reader, request->path, err, error);
	flowlog_file_close(reader->file);
	if (!err && counts.undecodable && !counts.flows && !counts.nodata && !counts.skipdata)
		return -WEIR_EFORMAT;
	if (!err)
		text_clear(error);
	return err;
}

/* It cannot be looked at and put back: its first character decides. */
bool flowlog_is_stream(FILE *stream)
{
	int c = getc(stream);

	if (c == EOF)
		return false;
	(void)ungetc(c, stream);
	return c == '{' || c == '[' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       c == 0x1f || c == 0xef;
}

bool flowlog_is(const char *path)
{
	struct flowlog_file *file;
	bool is = false;
	size_t len;

	if (strcmp(path, "-") == 0)
		return flowlog_is_stream(stdin);
	FILE *stream = fopen(path, "rbe");
	if (!stream)
		return false;
	file = flowlog_file_new();
	if (!file) {
		fclose(stream);
		return false;
	}
	flowlog_file_open(file, stream);
	if (flowlog_file_fill(file) > 0) {
		const char *text = flowlog_file_window(file, &len);
		is = flowlog_probe(text, len);
	}
	flowlog_file_free(file);
	return is;
}

bool flowlog_format_find(const char *name, enum flowlog_format *ret_format)
{
	for (enum flowlog_format f = FLOWLOG_AWS; f < FLOWLOG_FORMAT_COUNT; f++) {
		if (strcmp(flowlog_format_name(f), name) == 0) {
			*ret_format = f;
			return true;
		}
	}
	return false;
}
