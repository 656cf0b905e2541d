/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/lexer.h"

#include "core/base/utf8.h"
#include "core/traceql/number.h"
#include "core/traceql/quoted.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
starts_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool
continues_word(char c)
{
	return starts_word(c) || (c >= '0' && c <= '9');
}

bool
genops_ends_name(char c)
{
	return is_blank(c) || (c != '\0' && strchr("{}()=~!<>&|^,", c) != NULL);
}

static GenopsSlice
rest(const GenopsLexer *lexer)
{
	return (GenopsSlice){ lexer->text.data + lexer->at, lexer->text.length - lexer->at };
}

static bool
at_text(const GenopsLexer *lexer, const char *text)
{
	size_t length = strlen(text);
	GenopsSlice here = rest(lexer);

	return here.length >= length && memcmp(here.data, text, length) == 0;
}

static bool
skip_block_comment(GenopsLexer *lexer)
{
	size_t start = lexer->at;

	for (lexer->at += 2; lexer->at < lexer->text.length; lexer->at++)
	{
		if (at_text(lexer, "*/"))
		{
			lexer->at += 2;
			return true;
		}
	}
	return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, start,
	                       "the comment that starts here has no end");
}

static bool
skip_blanks(GenopsLexer *lexer)
{
	while (lexer->at < lexer->text.length)
	{
		if (is_blank(lexer->text.data[lexer->at]))
			lexer->at++;
		else if (at_text(lexer, "//"))
		{
			while (lexer->at < lexer->text.length && lexer->text.data[lexer->at] != '\n')
				lexer->at++;
		}
		else if (at_text(lexer, "/*"))
		{
			if (!skip_block_comment(lexer))
				return false;
		}
		else
			break;
	}
	return true;
}

static GenopsSlice
word_at(const GenopsLexer *lexer)
{
	size_t end = lexer->at;

	if (end < lexer->text.length && starts_word(lexer->text.data[end]))
	{
		while (end < lexer->text.length && continues_word(lexer->text.data[end]))
			end++;
	}
	return (GenopsSlice){ lexer->text.data + lexer->at, end - lexer->at };
}

/* A name without quotes is a slice of the text; one with quotes is copied. */
static bool
read_name(GenopsLexer *lexer, GenopsSlice *name)
{
	size_t start = lexer->at;
	size_t end = start;
	bool quoted = false;
	GenopsBytes copy;

	while (end < lexer->text.length && !genops_ends_name(lexer->text.data[end]) &&
	       lexer->text.data[end] != '"')
		end++;
	quoted = end < lexer->text.length && lexer->text.data[end] == '"';
	*name = (GenopsSlice){ lexer->text.data + start, end - start };
	lexer->at = end;
	if (!quoted)
		return true;
	copy = genops_bytes_growing();
	genops_bytes_put(&copy, name->data, name->length);
	while (lexer->at < lexer->text.length && !genops_ends_name(lexer->text.data[lexer->at]))
	{
		if (lexer->text.data[lexer->at] != '"')
			genops_bytes_put(&copy, &lexer->text.data[lexer->at++], 1);
		else if (!genops_read_quoted_name(lexer, &copy))
		{
			genops_bytes_free(&copy);
			return false;
		}
	}
	*name = genops_arena_copy(lexer->arena, (GenopsSlice){ (char *) copy.data, copy.length });
	quoted = copy.failed || name->data == NULL;
	genops_bytes_free(&copy);
	return !quoted || genops_complain_memory(lexer->error);
}

static bool
read_attribute(GenopsLexer *lexer, GenopsToken *token)
{
	token->kind = GENOPS_TOKEN_ATTRIBUTE;
	token->attribute.offset = token->start;
	if (!read_name(lexer, &token->attribute.name))
		return false;
	if (token->attribute.name.length > 0)
		return true;
	return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, lexer->at,
	                       "expected the name of an attribute after \"%.*s\"",
	                       (int) (lexer->at - token->start), lexer->text.data + token->start);
}

/* After "parent." one further scope may follow. */
static void
read_parent_scope(GenopsLexer *lexer, GenopsAttribute *attribute)
{
	attribute->parent = true;
	if (at_text(lexer, "span."))
	{
		lexer->at += 5;
		attribute->scope = GENOPS_SCOPE_SPAN;
	}
	else if (at_text(lexer, "resource."))
	{
		lexer->at += 9;
		attribute->scope = GENOPS_SCOPE_RESOURCE;
	}
}

/* "span." and the like at the word; false if it is no such scope. */
static bool
read_scope(GenopsLexer *lexer, GenopsSlice word, GenopsAttribute *attribute)
{
	if (word.length + 1 > rest(lexer).length || word.data[word.length] != '.')
		return false;
	if (genops_slice_equal(word, GENOPS_LITERAL("parent")))
	{
		lexer->at += word.length + 1;
		read_parent_scope(lexer, attribute);
		return true;
	}
	for (int scope = GENOPS_SCOPE_SPAN; scope <= GENOPS_SCOPE_INSTRUMENTATION; scope++)
	{
		if (genops_slice_equal(word, genops_slice(genops_scope_text((GenopsScope) scope))))
		{
			lexer->at += word.length + 1;
			attribute->scope = (GenopsScope) scope;
			return true;
		}
	}
	return false;
}

static bool
is_colon_scope(GenopsLexer *lexer, GenopsSlice word)
{
	static const char *const scopes[] = { "span", "trace", "event", "link", "instrumentation" };

	if (word.length + 1 > rest(lexer).length || word.data[word.length] != ':')
		return false;
	for (size_t i = 0; i < COUNT_OF(scopes); i++)
	{
		if (genops_slice_equal(word, genops_slice(scopes[i])))
			return true;
	}
	return false;
}

static void
list_intrinsics(GenopsSlice scope, GenopsBytes *out)
{
	for (int i = 1; i < GENOPS_INTRINSIC_COUNT; i++)
	{
		const GenopsIntrinsicName *name = genops_intrinsic_name((GenopsIntrinsic) i);

		if (name->scope == NULL || !genops_slice_equal(scope, genops_slice(name->scope)))
			continue;
		if (out->length > 0)
			genops_bytes_put(out, ", ", 2);
		genops_bytes_put(out, name->name, strlen(name->name));
	}
}

static bool
read_scoped_intrinsic(GenopsLexer *lexer, GenopsSlice scope, GenopsToken *token)
{
	GenopsSlice name;

	lexer->at += scope.length + 1;
	if (!skip_blanks(lexer))
		return false;
	name = word_at(lexer);
	token->kind = GENOPS_TOKEN_ATTRIBUTE;
	token->attribute.offset = token->start;
	token->attribute.intrinsic = genops_scoped_intrinsic(scope, name);
	if (token->attribute.intrinsic == GENOPS_INTRINSIC_NONE)
	{
		char memory[120];
		GenopsBytes names = genops_bytes_over(memory, sizeof(memory));

		list_intrinsics(scope, &names);
		return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, lexer->at,
		                       "found \"%.*s\", expected one of %.*s after \"%.*s:\"",
		                       (int) genops_utf8_clip(name, 40), name.data, (int) names.length,
		                       memory, (int) scope.length, scope.data);
	}
	lexer->at += name.length;
	return true;
}

static bool
read_word(GenopsLexer *lexer, GenopsSlice text, GenopsToken *token)
{
	const GenopsWord *word;

	if (read_scope(lexer, text, &token->attribute))
		return read_attribute(lexer, token);
	if (is_colon_scope(lexer, text))
		return read_scoped_intrinsic(lexer, text, token);
	word = genops_word(text);
	lexer->at += text.length;
	token->kind = word != NULL ? word->kind : GENOPS_TOKEN_IDENTIFIER;
	if (token->kind == GENOPS_TOKEN_LITERAL)
	{
		token->literal.type = word->type;
		token->literal.integer = word->value;
	}
	else if (token->kind == GENOPS_TOKEN_ATTRIBUTE)
	{
		token->attribute.offset = token->start;
		token->attribute.intrinsic = (GenopsIntrinsic) word->value;
	}
	else if (word != NULL)
		token->value = (int) word->value;
	return true;
}

static bool
read_number(GenopsLexer *lexer, size_t length, GenopsToken *token)
{
	token->kind = GENOPS_TOKEN_LITERAL;
	if (token->literal.type == GENOPS_TYPE_NIL)
	{
		while (length < rest(lexer).length && !genops_ends_name(rest(lexer).data[length]))
			length++;
		genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, lexer->at,
		                "\"%.*s\" is neither a number of 64 bits nor a duration",
		                (int) genops_utf8_clip((GenopsSlice){ rest(lexer).data, length }, 60),
		                rest(lexer).data);
		genops_error_hint(&lexer->error->error, "Durations are written as 500ms, 1.5s, 1h30m or "
		                                        "2d; numbers are decimal.");
		return false;
	}
	lexer->at += length;
	return true;
}

static bool
read_punctuation(GenopsLexer *lexer, GenopsToken *token)
{
	static const char marks[] = "{}(),|";
	static const GenopsTokenKind kinds[] = { GENOPS_TOKEN_OPEN_BRACE, GENOPS_TOKEN_CLOSE_BRACE,
		                                     GENOPS_TOKEN_OPEN,       GENOPS_TOKEN_CLOSE,
		                                     GENOPS_TOKEN_COMMA,      GENOPS_TOKEN_PIPE };
	char c = lexer->text.data[lexer->at];
	const char *mark = strchr(marks, c);

	token->symbol = genops_symbol_at(rest(lexer));
	if (token->symbol != NULL)
	{
		token->kind = GENOPS_TOKEN_SYMBOL;
		lexer->at += strlen(token->symbol->text);
		return true;
	}
	if (mark != NULL)
	{
		token->kind = kinds[mark - marks];
		lexer->at++;
		return true;
	}
	return genops_complain(lexer->error, GENOPS_INVALID_ARGUMENT, lexer->text, lexer->at,
	                       "\"%c\" means nothing here", c);
}

bool
genops_lexer_next(GenopsLexer *lexer, GenopsToken *token)
{
	GenopsSlice word;
	size_t length;
	char c;

	*token = (GenopsToken){ 0 };
	if (!skip_blanks(lexer))
		return false;
	token->start = token->end = (uint32_t) lexer->at;
	if (lexer->at == lexer->text.length)
		return true;
	c = lexer->text.data[lexer->at];
	word = word_at(lexer);
	if (word.length > 0)
	{
		if (!read_word(lexer, word, token))
			return false;
	}
	else if (c == '"' || c == '`')
	{
		token->kind = GENOPS_TOKEN_LITERAL;
		token->literal.type = GENOPS_TYPE_STRING;
		if (!genops_read_string(lexer, &token->literal.text))
			return false;
	}
	else if (c == '\'')
		return genops_refuse_single_quotes(lexer);
	else if ((length = genops_scan_number(rest(lexer), &token->literal)) > 0)
	{
		if (!read_number(lexer, length, token))
			return false;
	}
	else if (c == '.')
	{
		lexer->at++;
		if (!read_attribute(lexer, token))
			return false;
	}
	else if (!read_punctuation(lexer, token))
		return false;
	token->end = (uint32_t) lexer->at;
	return true;
}
