-- SPDX-License-Identifier: PostgreSQL
-- Whoever lists what there is sees what it is for.
\set ON_ERROR_STOP on
SELECT plan(2);
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
	WHERE c.relnamespace = 'genops'::regnamespace AND c.relkind IN ('r', 'p', 'v')
		AND coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^(record|ask|govern|operate|administer|Internal): '$$,
	'tables and views say in which room they are, or that they are internal');
SELECT is_empty($$SELECT t.oid::regtype FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
	WHERE t.typnamespace = 'genops'::regnamespace AND t.typelem = 0 AND t.typrelid = 0
		AND coalesce(obj_description(t.oid, 'pg_type'), '') !~ '^(record|ask|govern|operate|administer|Internal): '$$,
	'types too');
SELECT * FROM finish();
