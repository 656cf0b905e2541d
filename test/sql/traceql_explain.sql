-- SPDX-License-Identifier: PostgreSQL
-- genops_traceql_explain: what a query becomes.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT plan(18);

CREATE FUNCTION said(item_ text, query text, max_traces integer DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS
$$SELECT detail FROM genops_traceql_explain(query, max_traces => max_traces) WHERE item = item_$$;

SELECT is(said('parsed', '{.team="platform"&&duration>1500ms}'), '{ (.team = `platform`) && (duration > 1.5s) }', 'the query as it was read');
SELECT is(said('for Tempo', '{.team = "platform"}'), '{ .team = `platform` }', 'what is right stays as it is');
SELECT is_empty($$SELECT said('rewritten for Tempo', '{.team = "platform"}')$$, 'and there is nothing to say about it');
SELECT is((SELECT string_agg(concat_ws(': ', item, detail), ', ') FROM genops_traceql_explain('{ .foo > 5 }', verbatim => true) WHERE item ~ 'Tempo'),
	'for Tempo: { .foo > 5 }', 'verbatim: not rewritten');
SELECT is(said('for Tempo', '{ .foo > 5 }'), '{ (.foo > 5) || (.foo > 5.0) }', 'rewritten for Tempo''s storage');
SELECT matches(said('rewritten for Tempo', '{ .foo > 5 }'), '".foo > 5" is sent as .*same type', 'and why');
SELECT is(said('for Tempo', '{ .genops.cost.total_cost > 1 }'), '{ (.genops.cost.total_cost > 1) || (.genops.cost.total_cost > 1.0) }', 'also of a cost, which others have as an int');
SELECT matches(said('read as', '{} | sum(.cost) by (.team)'), 'sum_over_time', 'a form of the dialect');

SELECT is(said('pushed down', '{.team = "platform"}'), 'team = ''platform''', 'a column decides');
SELECT matches(said('SQL on columns', '{.team = "platform"}'), 'FROM genops.ledger_span WHERE team = ''platform'' AND exact ', 'by its rows');
SELECT is_empty($$SELECT said('SQL on columns', '{.team = "platform" && .foo = 1}')$$, 'a column alone does not');
SELECT matches(said('pushed down', '{.team = "platform" && .foo = 1}'), '= ''platform''; the rest is looked at', 'but it helps');
SELECT is(said('pushed down', '{.foo = 1}'), 'nothing but the range of time; the rest is looked at in the spans'' bytes', 'no column');
SELECT is(said('evaluation', '{.team = "a"} >> {.foo = 1}'), 'whole traces, of which a span may match', 'structure');
SELECT is(said('evaluation', '{.team = "a"}'), 'each span by itself', 'no structure');
SELECT isnt_empty($$SELECT said('SQL for traces', '{.team = "a"}', 20)$$, 'a limit looks at whole traces');
SELECT matches(said('points', '{} | rate()'), '^[0-9]+, one every [0-9]+ seconds$', 'the points of a series');

SELECT throws_like($$SELECT * FROM genops_traceql_explain('{ .foo == 1 }')$$, 'invalid TraceQL query at column%', 'a query that is none');

SELECT * FROM finish();
