/* SPDX-License-Identifier: PostgreSQL */
/*
 * tracestate, the second header of W3C trace context: a list of members
 * "key=value", newest first, that belong to different tracing systems.
 *
 * The member "ot" is OpenTelemetry's and is itself a list, "th:c;rv:...".
 * Of an incoming one, th (the sampling threshold) is replaced by ours, and
 * the rest is kept: rv, the randomness that somebody up the trace chose, has
 * to reach everybody down the trace.
 */
#include "core/span/trace_context.h"

#define MAX_MEMBERS 32
#define MAX_KEY 256
#define MAX_VALUE 256
#define LONG_MEMBER 128 /* these are dropped first when space is short */

typedef struct Member
{
	GenopsSlice key;
	GenopsSlice value;
	bool kept;
} Member;

typedef struct Members
{
	Member list[MAX_MEMBERS];
	size_t count;
} Members;

/* Cuts off what precedes the separator, or everything. */
static GenopsSlice
take_until(GenopsSlice *text, char separator)
{
	const char *found = text->length == 0 ? NULL : memchr(text->data, separator, text->length);
	GenopsSlice taken = { text->data,
		                  found == NULL ? text->length : (size_t) (found - text->data) };
	size_t used = found == NULL ? taken.length : taken.length + 1;

	if (used > 0)
	{
		text->data += used;
		text->length -= used;
	}
	return taken;
}

static bool
valid_key(GenopsSlice key)
{
	if (key.length == 0 || key.length > MAX_KEY)
		return false;
	for (size_t i = 0; i < key.length; i++)
	{
		char c = key.data[i];
		bool first = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		bool later = c == '_' || c == '-' || c == '*' || c == '/' || c == '@';

		if (!first && (i == 0 || !later))
			return false;
	}
	return true;
}

static bool
valid_value(GenopsSlice value)
{
	if (value.length == 0 || value.length > MAX_VALUE)
		return false;
	for (size_t i = 0; i < value.length; i++)
	{
		if (value.data[i] < 0x20 || value.data[i] > 0x7E || value.data[i] == '=')
			return false;
	}
	return true;
}

static bool
known_key(const Members *members, GenopsSlice key)
{
	for (size_t i = 0; i < members->count; i++)
	{
		if (genops_slice_equal(members->list[i].key, key))
			return true;
	}
	return false;
}

static void
read_members(GenopsSlice incoming, Members *members)
{
	members->count = 0;
	while (incoming.length > 0 && members->count < MAX_MEMBERS)
	{
		GenopsSlice value = genops_slice_trim(take_until(&incoming, ','));
		GenopsSlice key = take_until(&value, '=');

		if (valid_key(key) && valid_value(value) && !known_key(members, key))
			members->list[members->count++] = (Member){ key, value, true };
	}
}

/* Takes the member "ot" out of the list. */
static GenopsSlice
remove_ot(Members *members)
{
	for (size_t i = 0; i < members->count; i++)
	{
		if (genops_slice_equal(members->list[i].key, GENOPS_LITERAL("ot")))
		{
			members->list[i].kept = false;
			return members->list[i].value;
		}
	}
	return GENOPS_ABSENT;
}

/* Whether a list like "th:c;rv:1" has an entry of that key. */
static bool
ot_has(GenopsSlice list, GenopsSlice key)
{
	while (list.length > 0)
	{
		GenopsSlice entry = take_until(&list, ';');

		if (genops_slice_equal(take_until(&entry, ':'), key))
			return true;
	}
	return false;
}

static size_t
append(char *buffer, size_t used, GenopsSlice text)
{
	memcpy(buffer + used, text.data, text.length);
	return used + text.length;
}

/* An entry "rv:0123456789abcd"; its characters are fewer than a member's. */
static bool
valid_ot_entry(GenopsSlice entry)
{
	GenopsSlice value = entry;
	GenopsSlice key = take_until(&value, ':');

	if (key.length == 0 || value.length == 0)
		return false;
	for (size_t i = 0; i < entry.length; i++)
	{
		char c = entry.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= ':') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* Writes our "ot" with what is kept of the incoming one. */
static size_t
write_ot(char *buffer, GenopsSlice ours, GenopsSlice theirs)
{
	size_t used = append(buffer, 0, GENOPS_LITERAL("ot="));

	used = append(buffer, used, ours);
	while (theirs.length > 0)
	{
		GenopsSlice entry = take_until(&theirs, ';');
		GenopsSlice rest = entry;
		GenopsSlice key = take_until(&rest, ':');

		if (!valid_ot_entry(entry) || genops_slice_equal(key, GENOPS_LITERAL("th")) ||
		    ot_has(ours, key))
			continue;
		if (used - 3 + 1 + entry.length > MAX_VALUE)
			break;
		buffer[used++] = ';';
		used = append(buffer, used, entry);
	}
	return used;
}

static size_t
member_length(const Member *member)
{
	return member->key.length + 1 + member->value.length;
}

/* What the kept members take, each with the comma before it. */
static size_t
kept_length(const Members *members, size_t *count)
{
	size_t length = 0;

	*count = 0;
	for (size_t i = 0; i < members->count; i++)
	{
		if (!members->list[i].kept)
			continue;
		length += member_length(&members->list[i]) + 1;
		++*count;
	}
	return length;
}

/*
 * Drops whole members from the right until the rest fits: first those that
 * are long, then any.
 */
static void
trim_members(Members *members, size_t room, size_t max_count)
{
	size_t count;
	size_t length = kept_length(members, &count);

	for (int round = 0; round < 2; round++)
	{
		size_t at_least = round == 0 ? LONG_MEMBER + 1 : 0;

		for (size_t i = members->count; i > 0 && length > room; i--)
		{
			Member *member = &members->list[i - 1];

			if (!member->kept || member_length(member) < at_least)
				continue;
			member->kept = false;
			length -= member_length(member) + 1;
			count--;
		}
	}
	for (size_t i = members->count; i > 0 && count > max_count; i--)
	{
		count -= members->list[i - 1].kept;
		members->list[i - 1].kept = false;
	}
}

GenopsSlice
genops_tracestate_update(char buffer[GENOPS_TRACESTATE_MAX], GenopsSlice incoming,
                         GenopsSlice ot_value)
{
	Members members;
	size_t used = 0;

	read_members(incoming, &members);
	if (valid_value(ot_value))
		used = write_ot(buffer, ot_value, remove_ot(&members));

	/* The first has no comma. */
	trim_members(&members, GENOPS_TRACESTATE_MAX - used + (used == 0),
	             used > 0 ? MAX_MEMBERS - 1 : MAX_MEMBERS);
	for (size_t i = 0; i < members.count; i++)
	{
		if (!members.list[i].kept)
			continue;
		if (used > 0)
			buffer[used++] = ',';
		used = append(buffer, used, members.list[i].key);
		buffer[used++] = '=';
		used = append(buffer, used, members.list[i].value);
	}
	return (GenopsSlice){ buffer, used };
}
