#include "core/traceql/mistake.h"

#include <strings.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void
mend(GenopsParser *parser, size_t from, size_t to, const char *replacement)
{
	genops_complain_mend(parser->lexer.error, parser->lexer.text, from, to,
	                     genops_slice(replacement));
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
	mend(parser, parser->previous.start, parser->token.end, meant);
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
			mend(parser, parser->token.start, parser->token.end, words[i][1]);
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
	mend(parser, parser->token.start, end, meant);
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
	mend(parser, parser->token.start, parser->token.start, "duration");
	return true;
}

void
genops_hint_at_mistake(GenopsParser *parser)
{
	if (foreign_operator(parser) || empty_call(parser))
		return;
	if (parser->token.kind == GENOPS_TOKEN_IDENTIFIER ||
	    parser->token.kind == GENOPS_TOKEN_RESERVED)
	{
		if (!foreign_word(parser) && expects_operand(parser))
			bare_word(parser);
	}
	else if (parser->token.kind == GENOPS_TOKEN_METRICS &&
	         parser->previous.kind == GENOPS_TOKEN_END)
		mend(parser, parser->token.start, parser->token.start, "{} | ");
}
