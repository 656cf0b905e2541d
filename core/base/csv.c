/* SPDX-License-Identifier: PostgreSQL */
#include "core/base/csv.h"

GenopsCsv
genops_csv(GenopsSlice text)
{
	if (text.length >= 3 && memcmp(text.data, "\xEF\xBB\xBF", 3) == 0)
		text = (GenopsSlice){ text.data + 3, text.length - 3 };
	return (GenopsCsv){ .rest = text, .next_line = 1, .quoted = genops_bytes_growing() };
}

void
genops_csv_free(GenopsCsv *csv)
{
	genops_bytes_free(&csv->quoted);
}

static void
step(GenopsCsv *csv, size_t length)
{
	csv->rest.data += length;
	csv->rest.length -= length;
}

/* At a new line, which is taken; also a carriage return before it, or the end. */
static bool
take_end(GenopsCsv *csv)
{
	if (csv->rest.length > 0 && csv->rest.data[0] == '\r')
		step(csv, 1);
	if (csv->rest.length == 0)
		return true;
	if (csv->rest.data[0] != '\n')
		return false;
	step(csv, 1);
	csv->next_line++;
	return true;
}

static GenopsSlice
take_plain(GenopsCsv *csv)
{
	size_t length = 0;

	while (length < csv->rest.length && csv->rest.data[length] != ',' &&
	       csv->rest.data[length] != '\n' && csv->rest.data[length] != '\r')
		length++;
	step(csv, length);
	return (GenopsSlice){ csv->rest.data - length, length };
}

/* The buffer has room for the rest of the text, so that it does not move. */
static bool
take_quoted(GenopsCsv *csv, GenopsSlice *field)
{
	size_t start = csv->quoted.length;

	if (!genops_bytes_room(&csv->quoted, csv->rest.length))
		return false;
	for (step(csv, 1); csv->rest.length > 0; step(csv, 1))
	{
		char c = csv->rest.data[0];

		if (c == '"')
		{
			if (csv->rest.length < 2 || csv->rest.data[1] != '"')
				break;
			step(csv, 1);
		}
		csv->next_line += c == '\n';
		genops_bytes_put(&csv->quoted, &c, 1);
	}
	if (csv->rest.length == 0)
		return false;
	step(csv, 1);
	*field = (GenopsSlice){ (const char *) csv->quoted.data + start, csv->quoted.length - start };
	return true;
}

bool
genops_csv_next(GenopsCsv *csv, GenopsSlice *fields, size_t limit, size_t *count,
                GenopsError *error)
{
	error->code = GENOPS_OK;
	do
	{
		csv->line = csv->next_line;
		if (csv->rest.length == 0)
			return false;
	} while (take_end(csv));

	genops_bytes_clear(&csv->quoted);
	for (*count = 0;; step(csv, 1))
	{
		GenopsSlice field;

		if (csv->rest.length == 0 || csv->rest.data[0] != '"')
			field = take_plain(csv);
		else if (!take_quoted(csv, &field))
			return genops_error_set(
			    error, csv->quoted.failed ? GENOPS_OUT_OF_MEMORY : GENOPS_MALFORMED,
			    csv->quoted.failed ? "out of memory" : "line %zu: a quote is not closed",
			    csv->line);
		if (*count < limit)
			fields[*count] = field;
		++*count;
		if (take_end(csv))
			return true;
		if (csv->rest.data[0] != ',')
			return genops_error_set(error, GENOPS_MALFORMED,
			                        "line %zu: a quoted field is not followed by a comma",
			                        csv->line);
	}
}
