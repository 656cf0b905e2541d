/* SPDX-License-Identifier: PostgreSQL */
/*
 * The project's own files of prices: CSV whose first line names the columns.
 */
#include "core/base/csv.h"
#include "core/govern/price_text.h"

static bool
read_header(GenopsCsv *csv, GenopsPriceColumn *columns, size_t *count, GenopsError *error)
{
	GenopsSlice fields[GENOPS_COLUMN_COUNT];

	if (!genops_csv_next(csv, fields, GENOPS_COLUMN_COUNT, count, error))
		return error->code == GENOPS_OK
		           ? genops_error_set(error, GENOPS_MALFORMED, "the file is empty")
		           : false;
	if (*count > GENOPS_COLUMN_COUNT)
		return genops_error_set(error, GENOPS_MALFORMED, "line 1: there are too many columns");
	for (size_t i = 0; i < *count; i++)
	{
		columns[i] = genops_price_column(fields[i]);
		if (columns[i] == GENOPS_COLUMN_COUNT)
			return genops_error_set(error, GENOPS_MALFORMED, "line 1: there is no column \"%.*s\"",
			                        (int) fields[i].length, fields[i].data);
	}
	return true;
}

static void
hand_over(GenopsPriceFileSee *see, void *context, size_t line, const GenopsPriceText *text)
{
	GenopsPriceRow row;
	GenopsError reason;
	bool good = genops_price_text_read(text, &row, &reason);

	see(context,
	    &(GenopsPriceFileRow){ line, text, good ? &row : NULL, good ? NULL : reason.message });
}

static void
read_record(const GenopsCsv *csv, const GenopsSlice *fields, size_t count,
            const GenopsPriceColumn *columns, size_t column_count, GenopsPriceFileSee *see,
            void *context)
{
	GenopsPriceText text = { 0 };

	for (size_t i = 0; i < count && i < column_count; i++)
		text.column[columns[i]] = fields[i];
	if (count == column_count)
		hand_over(see, context, csv->line, &text);
	else
		see(context, &(GenopsPriceFileRow){ csv->line, &text, NULL,
		                                    "the line has not as many fields as the first one" });
}

bool
genops_price_csv_read(GenopsSlice text, GenopsPriceFileSee *see, void *context, GenopsError *error)
{
	GenopsCsv csv = genops_csv(text);
	GenopsPriceColumn columns[GENOPS_COLUMN_COUNT];
	GenopsSlice fields[GENOPS_COLUMN_COUNT];
	size_t column_count;
	size_t count;
	bool good = read_header(&csv, columns, &column_count, error);

	while (good && genops_csv_next(&csv, fields, GENOPS_COLUMN_COUNT, &count, error))
		read_record(&csv, fields, count, columns, column_count, see, context);
	genops_csv_free(&csv);
	return good && error->code == GENOPS_OK;
}

bool
genops_price_aliases_read(GenopsSlice text, GenopsPriceAliasSee *see, void *context,
                          GenopsError *error)
{
	GenopsCsv csv = genops_csv(text);
	GenopsSlice fields[3];
	size_t count;
	bool good = true;

	error->code = GENOPS_OK;
	while (good && genops_csv_next(&csv, fields, 3, &count, error))
	{
		if (count != 3)
			good = genops_error_set(error, GENOPS_MALFORMED,
			                        "line %zu: an alias has a provider, an alias and a model",
			                        csv.line);
		else if (csv.line > 1)
			good = see(context, fields[0], fields[1], fields[2]);
	}
	genops_csv_free(&csv);
	return good && error->code == GENOPS_OK;
}
