/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/http_transfer.h"

#include <stdlib.h>
#include <zlib.h>

/* Spans are repetitive: the lowest level makes a fifth of them at 200 MB/s. */
#define GZIP_LEVEL Z_BEST_SPEED
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, with gzip's header */

static bool
out_of_memory(GenopsError *error)
{
	return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
}

/* Compresses until the input is used up, or with Z_FINISH until the end. */
static bool
deflate_into(z_stream *stream, int flush, GenopsBytes *out)
{
	int result;

	do
	{
		if (!genops_bytes_room(out, 4096))
			return false;
		stream->next_out = out->data + out->length;
		stream->avail_out = (uInt) (out->capacity - out->length);
		result = deflate(stream, flush);
		out->length = (size_t) (stream->next_out - out->data);
	} while (result == Z_OK && (stream->avail_in > 0 || flush == Z_FINISH));
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static bool
compress_body(const GenopsHttpRequest *request, GenopsBytes *out)
{
	z_stream stream = { .zalloc = Z_NULL };
	bool good;

	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, MAX_MEM_LEVEL,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	good = true;
	for (size_t i = 0; good && i < request->body_count; i++)
	{
		if (request->body[i].length == 0)
			continue;
		stream.next_in = (z_const Bytef *) request->body[i].data;
		stream.avail_in = (uInt) request->body[i].length;
		good = deflate_into(&stream, Z_NO_FLUSH, out);
	}
	good = good && deflate_into(&stream, Z_FINISH, out);
	deflateEnd(&stream);
	return good;
}

bool
genops_transfer_take_body(GenopsTransfer *transfer, const GenopsHttpRequest *request,
                          GenopsError *error)
{
	size_t total = 0;

	for (size_t i = 0; i < request->body_count; i++)
	{
		/* zlib counts in unsigned int; nobody sends as much. */
		if (request->body[i].length > INT32_MAX - total)
			return genops_error_set(error, GENOPS_TOO_LARGE, "body of the request is too large");
		total += request->body[i].length;
	}
	transfer->packed = genops_bytes_growing();
	transfer->runs = calloc(request->body_count + 1, sizeof(*transfer->runs));
	if (transfer->runs == NULL)
		return out_of_memory(error);

	if (!request->gzip)
	{
		transfer->run_count = request->body_count;
		transfer->body_size = total;
		for (size_t i = 0; i < request->body_count; i++)
			transfer->runs[i] = request->body[i];
		return true;
	}
	if (!compress_body(request, &transfer->packed))
		return out_of_memory(error);
	transfer->run_count = 1;
	transfer->body_size = transfer->packed.length;
	transfer->runs[0] =
	    (GenopsSlice){ (const char *) transfer->packed.data, transfer->packed.length };
	return true;
}

size_t
genops_transfer_read(char *out, size_t size, size_t count, void *arg)
{
	GenopsTransfer *transfer = arg;
	size_t room = size * count;
	size_t written = 0;

	while (written < room && transfer->run < transfer->run_count)
	{
		GenopsSlice run = transfer->runs[transfer->run];
		size_t length = run.length - transfer->offset;

		if (length > room - written)
			length = room - written;
		if (length > 0)
			memcpy(out + written, run.data + transfer->offset, length);
		written += length;
		transfer->offset += length;
		if (transfer->offset == run.length)
		{
			transfer->run++;
			transfer->offset = 0;
		}
	}
	return written;
}

/* libcurl goes back to the start when a kept-alive connection turned out to
 * be closed, and nowhere else. */
int
genops_transfer_seek(void *arg, curl_off_t offset, int origin)
{
	GenopsTransfer *transfer = arg;

	if (origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	transfer->run = 0;
	transfer->offset = 0;
	return CURL_SEEKFUNC_OK;
}
