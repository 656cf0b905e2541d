-- SPDX-License-Identifier: PostgreSQL
-- What AI calls cost, and whom: teams, customers, providers, cost centres.  The database alone.
--
--   psql -f examples/cost_attribution.sql
\set ON_ERROR_STOP 1
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS genops_tempo;
BEGIN;

-- Costs are the caller's to state; these are US dollars for a million tokens, made up for the example.
CREATE TEMP TABLE price (provider text, model text, prompt numeric, completion numeric);
INSERT INTO price VALUES ('openai', 'gpt-4o', 2.50, 10), ('openai', 'gpt-4o-mini', 0.15, 0.60),
                         ('anthropic', 'claude-sonnet', 3, 15);

-- The customers of the application, whose ids are numbers.
CREATE TEMP TABLE customer (id bigint PRIMARY KEY, name text);
INSERT INTO customer VALUES (1, 'Acme Corporation'), (2, 'Globex'), (3, 'Initech');

CREATE TEMP TABLE request (provider text, model text, team text, customer bigint, cost_center text, prompt bigint, completion bigint);
INSERT INTO request VALUES
    ('openai',    'gpt-4o',        'support', 1, 'engineering', 1200,  400),
    ('openai',    'gpt-4o',        'support', 2, 'engineering', 5400,  900),
    ('openai',    'gpt-4o-mini',   'search',  1, 'product',    22000, 1500),
    ('anthropic', 'claude-sonnet', 'search',  3, 'product',     8000, 2200),
    ('anthropic', 'claude-opus',   'search',  3, 'product',     3000,  500);    -- has no price

\echo '== Recorded, with the cost where there is a price'
SELECT count(genops_track(r.provider, r.model, prompt_tokens => r.prompt, completion_tokens => r.completion,
           total_cost => (r.prompt * p.prompt + r.completion * p.completion) / 1000000,
           team => r.team, customer_id => r.customer, cost_center => r.cost_center)) AS calls
FROM request r LEFT JOIN price p USING (provider, model);
COMMIT;
SELECT complete FROM genops_flush('stored');

\echo '== By team'
SELECT team, sum(calls) AS calls, sum(total_cost) AS total_cost, currency, sum(unpriced_calls) AS unpriced
FROM genops.spend WHERE team IN ('support', 'search') GROUP BY team, currency ORDER BY team;

\echo '== By provider and model'
SELECT provider, model, sum(calls) AS calls, sum(total_cost) AS total_cost,
       round(sum(total_cost) / sum(prompt_tokens + completion_tokens) * 1000000, 2) AS per_million_tokens
FROM genops.spend WHERE team IN ('support', 'search') GROUP BY provider, model ORDER BY total_cost DESC NULLS LAST;

\echo '== This month''s bills, of a month in Berlin: customer_id is a text, whatever it was given as'
SELECT c.name, sum(s.calls) AS calls, sum(s.total_cost) AS total_cost, s.currency, sum(s.unpriced_calls) AS unpriced
FROM genops.spend s JOIN customer c ON c.id::text = s.customer_id
WHERE s.period_start >= date_trunc('month', now() AT TIME ZONE 'Europe/Berlin') AT TIME ZONE 'Europe/Berlin'
GROUP BY c.name, s.currency ORDER BY c.name;

\echo '== By cost centre, with the sum'
SELECT coalesce(cost_center, 'all') AS cost_center, sum(total_cost) AS total_cost
FROM genops.spend WHERE team IN ('support', 'search') GROUP BY ROLLUP (cost_center) ORDER BY total_cost;

\echo '== How far along a budget is that the application keeps (the extension keeps none)'
SELECT b.team, b.monthly, sum(s.total_cost) AS spent, round(100 * sum(s.total_cost) / b.monthly, 1) AS percent
FROM (VALUES ('support', 0.05), ('search', 0.05)) AS b (team, monthly)
    JOIN genops.spend s ON s.team = b.team AND s.currency = 'USD' AND s.period_start >= date_trunc('month', now())
GROUP BY b.team, b.monthly ORDER BY b.team;

\echo '== The calls without a price, to be looked after'
SELECT provider, model, sum(unpriced_calls) AS calls FROM genops.spend GROUP BY 1, 2 HAVING sum(unpriced_calls) > 0 ORDER BY 1, 2;
