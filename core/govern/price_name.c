/* SPDX-License-Identifier: PostgreSQL */
/*
 * What of a model's name may be left away to find its price.
 *
 * In front: the provider's own name, and the paths and regions in which it serves a model.
 * At the end: a date and a version.  Of a fine-tuned model: whose it is.  Names that move,
 * such as "-latest", are taken as they are or not at all.
 */
#include "core/govern/price.h"

typedef struct Forms
{
	GenopsNameForm *form;
	size_t count;
} Forms;

static void
add(Forms *forms, GenopsSlice name, GenopsPriceMatch match)
{
	if (name.length > 0 && forms->count < GENOPS_NAME_FORMS)
		forms->form[forms->count++] = (GenopsNameForm){ name, match };
}

static bool
begins(GenopsSlice text, const char *start)
{
	size_t length = strlen(start);

	return text.length > length && memcmp(text.data, start, length) == 0;
}

static GenopsSlice
without_front(GenopsSlice text, size_t length)
{
	return (GenopsSlice){ text.data + length, text.length - length };
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "us-east-1", "eu-central-2" */
static bool
is_region(GenopsSlice text)
{
	size_t dashes = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		dashes += text.data[i] == '-';
		if (!(text.data[i] == '-' || (text.data[i] >= 'a' && text.data[i] <= 'z') ||
		      is_digit(text.data[i])))
			return false;
	}
	return dashes >= 2 && is_digit(text.data[text.length - 1]);
}

/* The length of what is in front of the model, or 0. */
static size_t
front_length(GenopsSlice name, GenopsIsProvider *is_provider, void *context)
{
	static const char *const paths[] = { "models/", "accounts/fireworks/models/" };
	static const char *const places[] = { "us.", "eu.",     "apac.",   "jp.",       "au.",
		                                  "ca.", "us-gov.", "global.", "anthropic." };
	const char *slash = memchr(name.data, '/', name.length);
	GenopsSlice first = { name.data, slash ? (size_t) (slash - name.data) : 0 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		if (begins(name, paths[i]))
			return strlen(paths[i]);
	}
	if (begins(name, "publishers/") || begins(name, "projects/") || begins(name, "arn:"))
	{
		size_t at = name.length;

		while (name.data[at - 1] != '/' && at > 1)
			at--;
		return at > 1 && at < name.length ? at : 0;
	}
	if (first.length > 0 && (is_region(first) || is_provider(context, first)))
		return first.length + 1;
	for (size_t i = 0; slash == NULL && i < sizeof(places) / sizeof(places[0]); i++)
	{
		if (begins(name, places[i]))
			return strlen(places[i]);
	}
	return 0;
}

/* How many digits there are before "end". */
static size_t
digits_before(GenopsSlice name, size_t end)
{
	size_t count = 0;

	while (count < end && is_digit(name.data[end - count - 1]))
		count++;
	return count;
}

/* Where "-20250929", "@20250929", "-2025-09-29" or "@default" begins, or 0. */
static size_t
date_start(GenopsSlice name)
{
	size_t day = digits_before(name, name.length);
	size_t at = name.length - day;

	if (name.length > 8 && memcmp(name.data + name.length - 8, "@default", 8) == 0)
		return name.length - 8;
	if (at < 2)
		return 0;
	if (day == 8 && (name.data[at - 1] == '-' || name.data[at - 1] == '@') &&
	    (name.data[at] == '1' || name.data[at] == '2'))
		return at - 1;
	if (day != 2 || at < 9 || name.data[at - 1] != '-' || digits_before(name, at - 1) != 2 ||
	    name.data[at - 4] != '-' || digits_before(name, at - 4) != 4)
		return 0;
	at -= 8;
	return at > 1 && (name.data[at - 1] == '-' || name.data[at - 1] == '@') ? at - 1 : 0;
}

/* Where "-v1:0", ":0", "@001" or "-001" begins, or 0.  Not "-v2" by itself: that is another
 * model. */
static size_t
version_start(GenopsSlice name)
{
	size_t digits = digits_before(name, name.length);
	size_t at = name.length - digits;
	size_t major;

	if (digits == 0 || at < 2)
		return 0;
	if (digits == 3 && name.data[at] == '0' && name.data[at + 1] == '0' &&
	    (name.data[at - 1] == '-' || name.data[at - 1] == '@'))
		return at - 1;
	if (digits > 2 || name.data[at - 1] != ':')
		return 0;
	major = digits_before(name, at - 1);
	if (major > 0 && at > major + 3 && name.data[at - major - 2] == 'v' &&
	    name.data[at - major - 3] == '-')
		return at - major - 3;
	return at - 1;
}

static void
add_without_end(Forms *forms, GenopsSlice name, GenopsPriceMatch match)
{
	for (;;)
	{
		size_t end = date_start(name);

		if (end == 0)
			end = version_start(name);
		if (end == 0)
			return;
		name.length = end;
		add(forms, name, match);
	}
}

/* "ft:base" of "ft:base:organisation::id", and without the date of the base. */
static void
add_fine_tuned(Forms *forms, GenopsSlice name)
{
	const char *end;

	if (!begins(name, "ft:"))
		return;
	end = memchr(name.data + 3, ':', name.length - 3);
	if (end != NULL)
	{
		name.length = (size_t) (end - name.data);
		add(forms, name, GENOPS_MATCH_FINE_TUNED);
	}
	add_without_end(forms, name, GENOPS_MATCH_FINE_TUNED);
}

bool
genops_price_is_moving(GenopsSlice model)
{
	static const char latest[] = "latest";
	const size_t length = sizeof(latest) - 1;

	if (model.length > 0 && model.data[0] == '~')
		return true;
	for (size_t i = 0; i + length <= model.length; i++)
	{
		char before = i > 0 ? model.data[i - 1] : '-';
		char after = i + length < model.length ? model.data[i + length] : '-';

		if (memcmp(model.data + i, latest, length) == 0 && strchr("-:/@", before) != NULL &&
		    strchr("-:/@", after) != NULL)
			return true;
	}
	return false;
}

size_t
genops_price_name_forms(GenopsSlice model, GenopsIsProvider *is_provider, void *context,
                        GenopsNameForm forms[GENOPS_NAME_FORMS])
{
	Forms all = { forms, 0 };
	size_t whole;

	add(&all, model, GENOPS_MATCH_EXACT);
	if (all.count == 0 || genops_price_is_moving(model))
		return all.count;

	for (;;)
	{
		GenopsSlice shortest = forms[all.count - 1].name;
		size_t front = front_length(shortest, is_provider, context);

		/* Room is left for the ends. */
		if (front == 0 || all.count > 4)
			break;
		add(&all, without_front(shortest, front), GENOPS_MATCH_PREFIX);
	}
	whole = all.count;
	for (size_t i = 0; i < whole; i++)
		add_without_end(&all, forms[i].name, GENOPS_MATCH_SUFFIX);
	for (size_t i = 0; i < whole; i++)
		add_fine_tuned(&all, forms[i].name);
	return all.count;
}
