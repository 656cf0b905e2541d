/* SPDX-License-Identifier: PostgreSQL */
#include "core/net/headers.h"

#include <stdlib.h>
#include <strings.h>

#include "core/net/key_values.h"
#include "core/net/wipe.h"

/* A value of less can't be told from an ordinary word. */
#define SHORTEST_SECRET 8

/* The HTTP client writes these, or must not. */
static const char *const framing_names[] = {
	"Connection", "Content-Encoding", "Content-Length",    "Expect",  "Host", "Keep-Alive",
	"TE",         "Trailer",          "Transfer-Encoding", "Upgrade",
};

static void
free_secret(char *text)
{
	if (text != NULL)
		genops_wipe(text, strlen(text));
	free(text);
}

static void
free_header(GenopsHeader *header)
{
	free(header->name);
	free_secret(header->value);
}

void
genops_headers_free(GenopsHeaders *headers)
{
	for (size_t i = 0; i < headers->count; i++)
		free_header(&headers->items[i]);
	free(headers->items);
	*headers = GENOPS_NO_HEADERS;
}

static bool
same_name(const char *name, GenopsSlice other)
{
	return strlen(name) == other.length && strncasecmp(name, other.data, other.length) == 0;
}

/* The characters of an RFC 9110 token. */
static bool
is_token(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		char c = text.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return text.length > 0;
}

static bool
has_control_character(GenopsSlice text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return true;
	}
	return false;
}

bool
genops_header_check(GenopsSlice name, GenopsSlice value, GenopsError *error)
{
	/* What is no name may be a secret in the wrong place: not quoted. */
	if (!is_token(name) || name.length > 128)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "invalid HTTP header name");
	for (size_t i = 0; i < sizeof(framing_names) / sizeof(framing_names[0]); i++)
	{
		if (same_name(framing_names[i], name))
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                        "HTTP header \"%s\" cannot be set", framing_names[i]);
	}
	if (has_control_character(value))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "value of HTTP header \"%.*s\" contains a control character",
		                        (int) name.length, name.data);
	return true;
}

static GenopsHeader *
find(const GenopsHeaders *headers, GenopsSlice name)
{
	for (size_t i = 0; i < headers->count; i++)
	{
		if (same_name(headers->items[i].name, name))
			return &headers->items[i];
	}
	return NULL;
}

static GenopsHeader *
append(GenopsHeaders *headers, GenopsSlice name)
{
	GenopsHeader *header;

	if (headers->count == headers->capacity)
	{
		size_t capacity = headers->capacity ? headers->capacity * 2 : 8;
		GenopsHeader *items = realloc(headers->items, capacity * sizeof(*items));

		if (items == NULL)
			return NULL;
		headers->items = items;
		headers->capacity = capacity;
	}
	header = &headers->items[headers->count];
	header->value = NULL;
	header->name = strndup(name.data, name.length);
	if (header->name == NULL)
		return NULL;
	headers->count++;
	return header;
}

static GenopsSlice
without_blanks(GenopsSlice text)
{
	while (text.length > 0 && (*text.data == ' ' || *text.data == '\t'))
	{
		text.data++;
		text.length--;
	}
	while (text.length > 0 &&
	       (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
		text.length--;
	return text;
}

bool
genops_headers_set(GenopsHeaders *headers, GenopsSlice name, GenopsSlice value, GenopsError *error)
{
	GenopsHeader *header;
	char *copy;

	if (!genops_header_check(name, value, error))
		return false;
	value = without_blanks(value);
	copy = strndup(value.length ? value.data : "", value.length);
	header = find(headers, name);
	if (header == NULL && copy != NULL)
		header = append(headers, name);
	if (header == NULL || copy == NULL)
	{
		free_secret(copy);
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	}
	free_secret(header->value);
	header->value = copy;
	return true;
}

bool
genops_headers_remove(GenopsHeaders *headers, GenopsSlice name)
{
	GenopsHeader *header = find(headers, name);

	if (header == NULL)
		return false;
	free_header(header);
	headers->count--;
	memmove(header, header + 1,
	        (size_t) (headers->items + headers->count - header) * sizeof(*header));
	return true;
}

const char *
genops_headers_get(const GenopsHeaders *headers, GenopsSlice name)
{
	const GenopsHeader *header = find(headers, name);

	return header ? header->value : NULL;
}

bool
genops_headers_merge(GenopsHeaders *into, const GenopsHeaders *from, GenopsError *error)
{
	for (size_t i = 0; i < from->count; i++)
	{
		if (!genops_headers_set(into, genops_slice(from->items[i].name),
		                        genops_slice(from->items[i].value), error))
			return false;
	}
	return true;
}

static bool
set_member(GenopsSlice key, GenopsSlice value, void *arg, GenopsError *error)
{
	return genops_headers_set(arg, key, value, error);
}

bool
genops_headers_parse(GenopsHeaders *into, GenopsSlice text, GenopsError *error)
{
	GenopsHeaders parsed = GENOPS_NO_HEADERS;
	bool good = genops_key_values_each(text, false, set_member, &parsed, error) &&
	            genops_headers_merge(into, &parsed, error);

	genops_headers_free(&parsed);
	return good;
}

static void
put_base64(GenopsBytes *out, GenopsSlice data)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *) data.data;

	for (size_t i = 0; i < data.length; i += 3)
	{
		size_t left = data.length - i;
		unsigned group = (unsigned) bytes[i] << 16;
		char text[4];

		if (left > 1)
			group |= (unsigned) bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		text[0] = alphabet[group >> 18];
		text[1] = alphabet[group >> 12 & 63];
		text[2] = left > 1 ? alphabet[group >> 6 & 63] : '=';
		text[3] = left > 2 ? alphabet[group & 63] : '=';
		genops_bytes_put(out, text, sizeof(text));
	}
}

bool
genops_basic_auth(GenopsBytes *out, GenopsSlice credentials, GenopsError *error)
{
	const char *colon =
	    credentials.length ? memchr(credentials.data, ':', credentials.length) : NULL;

	/* RFC 7617: no control characters; the user has no colon, the password may. */
	if (colon == NULL || colon == credentials.data || has_control_character(credentials))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "credentials are not of the form \"user:password\"");
	genops_bytes_put(out, "Basic ", 6);
	put_base64(out, credentials);
	if (out->failed)
		return genops_error_set(error, GENOPS_OUT_OF_MEMORY, "out of memory");
	return true;
}

static void
mask_occurrences(char *text, const char *secret)
{
	size_t length = strlen(secret);
	size_t end = strlen(text);

	if (length < SHORTEST_SECRET)
		return;
	for (char *at = strstr(text, secret); at != NULL; at = strstr(at + length, secret))
		memset(at, '*', length);

	/* The text may have been cut inside one. */
	for (size_t at = end > length ? end - length : 0; at + SHORTEST_SECRET <= end; at++)
	{
		if (strncmp(text + at, secret, end - at) == 0)
			memset(text + at, '*', end - at);
	}
}

/* Names whose values are no secrets, and help to understand an answer. */
static bool
is_public(const char *name)
{
	return strcasecmp(name, "X-Scope-OrgID") == 0 || strcasecmp(name, "Content-Type") == 0 ||
	       strcasecmp(name, "Accept") == 0;
}

void
genops_headers_mask(const GenopsHeaders *headers, char *text)
{
	for (size_t i = 0; i < headers->count; i++)
	{
		const char *value = headers->items[i].value;
		const char *blank = strchr(value, ' ');

		if (is_public(headers->items[i].name))
			continue;
		mask_occurrences(text, value);
		if (blank != NULL)
			mask_occurrences(text, blank + strspn(blank, " "));
	}
}
