/* SPDX-License-Identifier: PostgreSQL */
#include "core/traceql/mistake.h"

#include <stdio.h>
#include <strings.h>

#include "core/traceql/sql_condition.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
fix(GenopsParser *parser, size_t from, size_t to, const char *replacement)
{
	genops_complain_fix(parser->lexer.error, from, to, genops_slice(replacement));
}

static GenopsSlice
token_text(const GenopsParser *parser)
{
	return (GenopsSlice){ parser->lexer.text.data + parser->token.start,
		                  parser->token.end - parser->token.start };
}

static bool
previous_symbol(const GenopsParser *parser, GenopsOperator op)
{
	return parser->previous.kind == GENOPS_TOKEN_SYMBOL && parser->previous.symbol->op == op &&
	       parser->previous.end == parser->token.start;
}

/* "~" and "~=" for "=~". */
static bool
swapped_match(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t end = parser->token.end;

	if (parser->token.kind != GENOPS_TOKEN_SYMBOL ||
	    parser->token.symbol->spanset_operator != GENOPS_SPANSET_SIBLING ||
	    parser->previous.kind != GENOPS_TOKEN_ATTRIBUTE)
		return false;
	fix(parser, parser->token.start, end + (end < text.length && text.data[end] == '='), "=~");
	return true;
}

/* "==" and "<>". */
static bool
foreign_operator(GenopsParser *parser)
{
	const char *meant = NULL;

	if (genops_parser_at_symbol(parser, GENOPS_OPERATOR_EQUAL) &&
	    previous_symbol(parser, GENOPS_OPERATOR_EQUAL))
		meant = "=";
	else if (genops_parser_at_symbol(parser, GENOPS_OPERATOR_GREATER) &&
	         previous_symbol(parser, GENOPS_OPERATOR_LESS))
		meant = "!=";
	if (meant == NULL)
		return false;
	fix(parser, parser->previous.start, parser->token.end, meant);
	return true;
}

/* x in ("a", "b"), x like "a%", x is null. */
static bool
sql_condition(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t start = parser->token.start;
	char meant[100];
	GenopsBytes out = genops_bytes_over(meant, sizeof(meant));
	size_t length;

	if (parser->previous.kind != GENOPS_TOKEN_ATTRIBUTE)
		return false;
	length = genops_translate_sql_condition((GenopsSlice){ text.data + start, text.length - start },
	                                        &out);
	if (length == 0)
		return false;
	genops_complain_fix(parser->lexer.error, start, start + length,
	                    (GenopsSlice){ meant, out.length });
	return true;
}

/* The length of a quotation mark as text processors write it, or 0. */
static size_t
curly_quote(GenopsSlice text)
{
	static const char *const marks[] = { "\xE2\x80\x9C", "\xE2\x80\x9D", "\xE2\x80\x98",
		                                 "\xE2\x80\x99" };

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (text.length >= 3 && memcmp(text.data, marks[i], 3) == 0)
			return 3;
	return 0;
}

static bool
curly_string(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t start = parser->token.start;
	size_t end = start + 3;
	char meant[100] = "\"";

	if (curly_quote(token_text(parser)) == 0)
		return false;
	while (end < text.length && strchr("\"\\\n", text.data[end]) == NULL &&
	       curly_quote((GenopsSlice){ text.data + end, text.length - end }) == 0)
		end++;
	if (curly_quote((GenopsSlice){ text.data + end, text.length - end }) == 0 ||
	    end - start - 3 > sizeof(meant) - 3)
		return true;
	memcpy(meant + 1, text.data + start + 3, end - start - 3);
	meant[end - start - 2] = '"';
	fix(parser, start, end + 3, meant);
	return true;
}

/* A condition without the braces around it, to the end or to the next stage. */
static bool
bare_filter(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t end = parser->token.start;
	char meant[160];
	GenopsBytes out = genops_bytes_over(meant, sizeof(meant));

	if (parser->previous.kind != GENOPS_TOKEN_END ||
	    (parser->token.kind != GENOPS_TOKEN_ATTRIBUTE &&
	     parser->token.kind != GENOPS_TOKEN_IDENTIFIER))
		return false;
	while (end < text.length && text.data[end] != '{' &&
	       (text.data[end] != '|' || (end + 1 < text.length && text.data[end + 1] == '|')))
		end += text.data[end] == '|' ? 2 : 1;
	while (end > parser->token.end && text.data[end - 1] == ' ')
		end--;
	genops_bytes_put(&out, "{ ", 2);
	genops_bytes_put(&out, text.data + parser->token.start, end - parser->token.start);
	genops_bytes_put(&out, " }", 2);
	if (!out.failed)
		genops_complain_fix(parser->lexer.error, parser->token.start, end,
		                    (GenopsSlice){ meant, out.length });
	return true;
}

/* by .team, without its brackets. */
static bool
bare_argument(GenopsParser *parser)
{
	GenopsSlice text = token_text(parser);
	char meant[100];

	if ((parser->previous.kind != GENOPS_TOKEN_BY &&
	     parser->previous.kind != GENOPS_TOKEN_SELECT) ||
	    (parser->token.kind != GENOPS_TOKEN_ATTRIBUTE &&
	     parser->token.kind != GENOPS_TOKEN_IDENTIFIER) ||
	    text.length > sizeof(meant) - 3)
		return false;
	snprintf(meant, sizeof(meant), "(%.*s)", (int) text.length, text.data);
	fix(parser, parser->token.start, parser->token.end, meant);
	return true;
}

/* Words of SQL, and TraceQL's own in other letters. */
static bool
foreign_word(GenopsParser *parser)
{
	static const char *const words[][2] = {
		{ "and", "&&" },
		{ "or", "||" },
		{ "not", "!" },
		{ "null", "nil" },
		{ "true", "true" },
		{ "false", "false" },
		{ "nil", "nil" },
		{ "error", "error" },
		{ "ok", "ok" },
		{ "unset", "unset" },
		{ "server", "server" },
		{ "client", "client" },
		{ "producer", "producer" },
		{ "consumer", "consumer" },
		{ "internal", "internal" },
		{ "duration", "duration" },
		{ "status", "status" },
		{ "kind", "kind" },
		{ "childCount", "span:childCount" },
		{ "rootService", "trace:rootService" },
		{ "id", "span:id" },
		{ "traceID", "trace:id" },
		{ "trace_id", "trace:id" },
		{ "spanID", "span:id" },
		{ "span_id", "span:id" },
		{ "parentID", "span:parentID" },
		{ "timeSinceStart", "event:timeSinceStart" },
		{ "version", "instrumentation:version" },
	};
	GenopsSlice text = token_text(parser);

	for (size_t i = 0; i < COUNT_OF(words); i++)
	{
		if (text.length == strlen(words[i][0]) &&
		    strncasecmp(text.data, words[i][0], text.length) == 0)
		{
			fix(parser, parser->token.start, parser->token.end, words[i][1]);
			return true;
		}
	}
	return false;
}

static bool
follows_comparison(const GenopsParser *parser)
{
	return parser->previous.kind == GENOPS_TOKEN_SYMBOL &&
	       parser->previous.symbol->op >= GENOPS_OPERATOR_EQUAL &&
	       parser->previous.symbol->op <= GENOPS_OPERATOR_NOT_MATCH;
}

/* foo or service.name, an attribute without its dot, or behind a comparison a
 * string without its quotes. */
static void
bare_word(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t end = parser->token.end;
	bool string = follows_comparison(parser);
	char meant[80] = { string ? '"' : '.' };

	while (end < text.length && !genops_ends_name(text.data[end]))
		end++;
	if (end - parser->token.start > sizeof(meant) - 3)
		return;
	memcpy(meant + 1, text.data + parser->token.start, end - parser->token.start);
	if (string)
		meant[end - parser->token.start + 1] = '"';
	fix(parser, parser->token.start, end, meant);
}

static bool
expects_operand(const GenopsParser *parser)
{
	return parser->previous.kind == GENOPS_TOKEN_OPEN_BRACE ||
	       parser->previous.kind == GENOPS_TOKEN_OPEN ||
	       parser->previous.kind == GENOPS_TOKEN_COMMA ||
	       parser->previous.kind == GENOPS_TOKEN_SYMBOL;
}

/* sum() without what is to be summed. */
static bool
empty_call(GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t before = parser->previous.start;

	if (parser->token.kind != GENOPS_TOKEN_CLOSE || parser->previous.kind != GENOPS_TOKEN_OPEN ||
	    before == 0 || genops_ends_name(text.data[before - 1]))
		return false;
	fix(parser, parser->token.start, parser->token.start, "duration");
	return true;
}

/* rate() without spans before it; not rate({}). */
static bool
bare_metrics(const GenopsParser *parser)
{
	GenopsSlice text = parser->lexer.text;
	size_t end = parser->token.end;

	return parser->token.kind == GENOPS_TOKEN_METRICS &&
	       parser->previous.kind == GENOPS_TOKEN_END &&
	       !(text.length - end >= 2 && memcmp(text.data + end, "({", 2) == 0);
}

void
genops_hint_at_mistake(GenopsParser *parser)
{
	if (foreign_operator(parser) || swapped_match(parser) || empty_call(parser) ||
	    bare_filter(parser) || bare_argument(parser))
		return;
	if (parser->token.kind == GENOPS_TOKEN_IDENTIFIER ||
	    parser->token.kind == GENOPS_TOKEN_RESERVED)
	{
		if (!curly_string(parser) && !sql_condition(parser) && !foreign_word(parser) &&
		    expects_operand(parser))
			bare_word(parser);
	}
	else if (bare_metrics(parser))
		fix(parser, parser->token.start, parser->token.start, "{} | ");
}
