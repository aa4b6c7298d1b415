/* SPDX-License-Identifier: Apache-2.0 */
/* file: bytes of a file in, text of a flow log out; unpacked by zlib where it is gzip. */
#include "ingest/flowlog/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "ingest/flowlog/flowlog.h"

#define WINDOW_BYTES (FLOWLOG_VALUE_MAX + FLOWLOG_PIECE)
#define PACKED_BYTES ((size_t)64 << 10)
/** zlib: the largest window, with the header of gzip. */
#define GZIP_BITS    (15 + 16)

struct flowlog_file {
	FILE *stream;
	z_stream zlib;
	bool zlib_open;
	bool begun;  /**< the first bytes were looked at */
	bool packed; /**< they are gzip */
	bool member; /**< inside a member of it */
	bool ended;  /**< the stream is */
	uint64_t read;
	uint64_t offset; /**< of the window's front, in the text */
	char *window;    /**< WINDOW_BYTES */
	size_t front;
	size_t end;
	uint8_t packed_bytes[PACKED_BYTES];
};

struct flowlog_file *flowlog_file_new(void)
{
	struct flowlog_file *file = calloc(1, sizeof(*file)); /* banned-ok: once at open */

	if (!file)
		return NULL;
	file->window = malloc(WINDOW_BYTES); /* banned-ok: once at open */
	file->zlib_open = inflateInit2(&file->zlib, GZIP_BITS) == Z_OK;
	if (!file->window || !file->zlib_open) {
		flowlog_file_free(file);
		return NULL;
	}
	return file;
}

void flowlog_file_close(struct flowlog_file *file)
{
	if (file->stream && file->stream != stdin)
		fclose(file->stream);
	file->stream = NULL;
}

void flowlog_file_free(struct flowlog_file *file)
{
	if (!file)
		return;
	flowlog_file_close(file);
	if (file->zlib_open)
		inflateEnd(&file->zlib);
	free(file->window);
	free(file);
}

void flowlog_file_open(struct flowlog_file *file, FILE *stream)
{
	flowlog_file_close(file);
	file->stream = stream;
	file->begun = false;
	file->packed = false;
	file->member = false;
	file->ended = false;
	file->read = 0;
	file->offset = 0;
	file->front = 0;
	file->end = 0;
	file->zlib.avail_in = 0;
}

/* Room for a piece at the end of the window. */
static size_t make_room(struct flowlog_file *file)
{
	size_t room = WINDOW_BYTES - file->end;

	if (room < FLOWLOG_PIECE && file->front) {
		memmove(file->window, file->window + file->front, file->end - file->front);
		file->end -= file->front;
		file->front = 0;
		room = WINDOW_BYTES - file->end;
	}
	return room < FLOWLOG_PIECE ? room : FLOWLOG_PIECE;
}

static int read_some(struct flowlog_file *file, void *to, size_t room, size_t *ret_len)
{
	/* A plain file that ended may have grown. */
	clearerr(file->stream);
	*ret_len = fread(to, 1, room, file->stream);
	file->read += *ret_len;
	if (*ret_len == 0 && ferror(file->stream))
		return errno ? -errno : -EIO;
	file->ended = *ret_len == 0;
	return 0;
}

static int fill_packed(struct flowlog_file *file, size_t room)
{
	z_stream *z = &file->zlib;

	z->next_out = (Bytef *)file->window + file->end;
	z->avail_out = (uInt)room;
	while (z->avail_out == room) {
		if (z->avail_in == 0) {
			size_t len;
			int err = read_some(file, file->packed_bytes, PACKED_BYTES, &len);
			if (err)
				return err;
			if (file->ended)
				return file->member ? -WEIR_ETRUNC : 0;
			z->next_in = file->packed_bytes;
			z->avail_in = (uInt)len;
		}
		if (!file->member && inflateReset(z) != Z_OK)
			return -WEIR_EFORMAT;
		file->member = true;
		int r = inflate(z, Z_NO_FLUSH);
		/* Another member may follow, as where files were put together by cat. */
		file->member = r != Z_STREAM_END;
		if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
			return -WEIR_EFORMAT;
	}
	file->end += room - z->avail_out;
	return 1;
}

/* The first bytes tell whether it is gzip; a plain file has them in the window already. */
static int begin(struct flowlog_file *file)
{
	size_t len;
	int err = read_some(file, file->packed_bytes, PACKED_BYTES, &len);

	if (err || len == 0)
		return err;
	file->begun = true;
	file->packed = len > 2 && file->packed_bytes[0] == 0x1f && file->packed_bytes[1] == 0x8b;
	if (file->packed) {
		file->zlib.next_in = file->packed_bytes;
		file->zlib.avail_in = (uInt)len;
		return fill_packed(file, make_room(file));
	}
	memcpy(file->window, file->packed_bytes, len);
	file->end = len;
	return 1;
}

int flowlog_file_fill(struct flowlog_file *file)
{
	size_t len;

	if (!file->begun)
		return begin(file);
	size_t room = make_room(file);
	if (room == 0)
		return 1;
	if (file->packed)
		return fill_packed(file, room);
	int err = read_some(file, file->window + file->end, room, &len);
	if (err)
		return err;
	file->end += len;
	return len > 0;
}

const char *flowlog_file_window(const struct flowlog_file *file, size_t *ret_len)
{
	*ret_len = file->end - file->front;
	return file->window + file->front;
}

void flowlog_file_use(struct flowlog_file *file, size_t len)
{
	file->front += len;
	file->offset += len;
	if (file->front == file->end) {
		file->front = 0;
		file->end = 0;
	}
}

int flowlog_file_skip(struct flowlog_file *file, uint64_t offset)
{
	if (!file->begun) {
		int r = begin(file);
		if (r <= 0)
			return r;
	}
	if (!file->packed && offset > file->offset + (file->end - file->front)) {
		if (fseeko(file->stream, (off_t)offset, SEEK_SET))
			return -errno;
		file->front = 0;
		file->end = 0;
		file->read = offset;
		file->offset = offset;
		return 1;
	}
	while (file->offset < offset) {
		size_t len = file->end - file->front;
		uint64_t wanted = offset - file->offset;
		flowlog_file_use(file, len < wanted ? len : (size_t)wanted);
		int r = file->offset < offset ? flowlog_file_fill(file) : 1;
		if (r <= 0)
			return r;
	}
	return 1;
}

uint64_t flowlog_file_offset(const struct flowlog_file *file)
{
	return file->offset;
}

bool flowlog_file_packed(const struct flowlog_file *file)
{
	return file->packed;
}

uint64_t flowlog_file_read(const struct flowlog_file *file)
{
	return file->read;
}
