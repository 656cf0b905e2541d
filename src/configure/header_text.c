/* SPDX-License-Identifier: PostgreSQL */
/*
 * Header values of the configuration.
 */
#include "postgres.h"

#include "configure/header_text.h"
#include "lib/stringinfo.h"
#include "storage/fd.h"

#define ENV_REFERENCE "${env:"
#define FILE_REFERENCE "${file:"

bool
HeaderValueRefers(const char *value)
{
	return strstr(value, ENV_REFERENCE) != NULL || strstr(value, FILE_REFERENCE) != NULL;
}

static bool
ReadWhole(const char *path, StringInfo out, GenopsError *error)
{
	FILE *file = AllocateFile(path, "r");
	bool whole;

	if (file == NULL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "could not open file \"%s\": %s",
		                        path, strerror(errno));
	enlargeStringInfo(out, HEADER_FILE_MAX + 1);
	out->len = (int) fread(out->data, 1, HEADER_FILE_MAX + 1, file);
	out->data[out->len] = '\0';
	whole = !ferror(file);
	FreeFile(file);
	if (!whole)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "could not read file \"%s\"", path);
	if (out->len > HEADER_FILE_MAX)
		return genops_error_set(error, GENOPS_TOO_LARGE, "file \"%s\" is larger than %d bytes",
		                        path, HEADER_FILE_MAX);
	if (strlen(out->data) != (size_t) out->len)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "file \"%s\" contains a zero byte",
		                        path);
	return true;
}

static void
CutLineEnd(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		text[--length] = '\0';
}

static bool
AppendVariable(StringInfo out, const char *name, GenopsError *error)
{
	const char *value = getenv(name);

	if (value == NULL || value[0] == '\0')
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "the server has no environment variable \"%s\"", name);
	appendStringInfoString(out, value);
	return true;
}

static bool
AppendFile(StringInfo out, const char *path, GenopsError *error)
{
	StringInfoData content;

	initStringInfo(&content);
	if (!is_absolute_path(path))
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "\"%s\" is not an absolute path",
		                        path);
	if (!ReadWhole(path, &content, error))
		return false;
	CutLineEnd(content.data);
	appendStringInfoString(out, content.data);
	return true;
}

static bool
Expand(const char *value, StringInfo out, GenopsError *error)
{
	while (*value)
	{
		bool env = strncmp(value, ENV_REFERENCE, strlen(ENV_REFERENCE)) == 0;
		bool file = strncmp(value, FILE_REFERENCE, strlen(FILE_REFERENCE)) == 0;
		const char *end = env || file ? strchr(value, '}') : NULL;
		const char *start = value + strlen(env ? ENV_REFERENCE : FILE_REFERENCE);
		char *name;

		if (end == NULL)
		{
			appendStringInfoChar(out, *value++);
			continue;
		}
		name = pnstrdup(start, end - start);
		if (env ? !AppendVariable(out, name, error) : !AppendFile(out, name, error))
			return false;
		value = end + 1;
	}
	return true;
}

/* "${vault:X}" would be sent as it is. */
bool
HeaderReferencesKnown(const char *value, GenopsError *error)
{
	for (const char *at = value; (at = strstr(at, "${")) != NULL; at += 2)
	{
		if (strchr(at, '}') != NULL && strncmp(at, ENV_REFERENCE, strlen(ENV_REFERENCE)) != 0 &&
		    strncmp(at, FILE_REFERENCE, strlen(FILE_REFERENCE)) != 0)
		{
			genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                 "it refers to something of an unknown kind");
			genops_error_hint(error, "Write ${env:NAME} for a variable of the server's environment "
			                         "or ${file:/path} for one of its files.");
			return false;
		}
	}
	return true;
}

bool
HeaderReferencesFound(const char *value, GenopsError *error)
{
	StringInfoData expanded;

	initStringInfo(&expanded);
	return Expand(value, &expanded, error);
}

bool
HeaderSet(GenopsHeaders *headers, const char *name, const char *value, GenopsError *error)
{
	StringInfoData expanded;

	initStringInfo(&expanded);
	return Expand(value, &expanded, error) &&
	       genops_headers_set(headers, genops_slice(name),
	                          (GenopsSlice){ expanded.data, (size_t) expanded.len }, error);
}

static bool
SetLine(GenopsHeaders *headers, char *line, GenopsError *error)
{
	char *colon = strchr(line, ':');

	CutLineEnd(line);
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (colon == NULL)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT, "it has no colon");
	*colon = '\0';
	if (pg_strcasecmp(line, "X-Scope-OrgID") == 0)
		return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
		                        "the tenant belongs into tenant_id");
	return genops_headers_set(headers, genops_slice(line), genops_slice(colon + 1), error);
}

bool
HeadersFromFile(GenopsHeaders *headers, const char *path, GenopsError *error)
{
	StringInfoData content;
	char *line;
	int number = 0;

	initStringInfo(&content);
	if (!ReadWhole(path, &content, error))
		return false;
	for (line = content.data; line != NULL;)
	{
		char *next = strchr(line, '\n');
		GenopsError cause;

		if (next != NULL)
			*next++ = '\0';
		number++;
		if (!SetLine(headers, line, &cause))
			return genops_error_set(error, GENOPS_INVALID_ARGUMENT,
			                        "line %d of file \"%s\" is no header: %s", number, path,
			                        cause.message);
		line = next;
	}
	return true;
}
