-- SPDX-License-Identifier: PostgreSQL
-- The ledger's tables: what would break a dump, a publication or the worker.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT plan(17);

SELECT is(count(*), 0::bigint, 'there is no partition before the first span')
FROM pg_inherits WHERE inhparent IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass);
SELECT is(count(*), 0::bigint, 'and no state') FROM genops.ledger_state;

-- What a database's users may have set up.
CREATE ROLE ledger_partitions_user;
ALTER DEFAULT PRIVILEGES IN SCHEMA genops GRANT SELECT ON TABLES TO ledger_partitions_user, PUBLIC;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'a trigger ran'; END$$;
CREATE TRIGGER refuse BEFORE INSERT ON genops.ledger_span EXECUTE FUNCTION refuse();
CREATE TRIGGER refuse BEFORE INSERT ON genops.spend_total EXECUTE FUNCTION refuse();
CREATE FUNCTION refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'an event trigger ran'; END$$;
CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse_ddl();

SELECT genops_track('p', 'm', team => 'a') \g /dev/null
SELECT genops_flush('stored') \g /dev/null
DROP EVENT TRIGGER refuse;
SELECT is(count(*), 1::bigint, 'no trigger, publication or event trigger keeps a span from being stored') FROM genops.spans;

CREATE VIEW partition AS
SELECT c.oid, c.relname::text AS name, c.relowner, c.relacl, c.reloptions
FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass);

SELECT set_eq('SELECT name FROM partition',
			  $$SELECT prefix || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD') FROM unnest(ARRAY['ledger_span_', 'ledger_segment_']) prefix$$,
			  'a day has a pair of partitions');
SELECT is_empty($$SELECT FROM partition JOIN pg_depend d ON d.objid = partition.oid WHERE d.deptype = 'e'$$,
				'they are no members of the extension, so that dumps have their rows');
SELECT ok(bool_and(relowner = (SELECT extowner FROM pg_extension WHERE extname = 'genops_tempo')), 'they belong to its owner')
FROM partition;
SELECT is_empty($$SELECT FROM partition, aclexplode(relacl) WHERE grantee <> relowner$$,
				'nobody is granted anything on them, default privileges or not');
SELECT is_empty($$SELECT FROM pg_index WHERE indrelid IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass)$$,
				'the parents have no index');
SELECT is_empty($$SELECT FROM pg_constraint WHERE conrelid IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass)
	AND contype <> 'n'$$, 'and no constraint');
SELECT is(count(*), 1::bigint, 'a partition of segments has a key')
FROM partition JOIN pg_constraint ON conrelid = partition.oid AND contype = 'p';
SELECT is(attcompression::text, CASE WHEN 'lz4' = ANY (enumvals) THEN 'l' ELSE 'p' END, 'its bytes are packed by lz4 where there is lz4')
FROM partition JOIN pg_attribute ON attrelid = partition.oid AND attname = 'bytes', pg_settings s
WHERE s.name = 'default_toast_compression';
SELECT is(attstorage::text, 'm', 'its filters stay in the row')
FROM partition JOIN pg_attribute ON attrelid = partition.oid AND attname = 'bloom';
SELECT is(relreplident::text, 'f', 'totals may be deleted in spite of a publication') FROM pg_class WHERE oid = 'genops.spend_total'::regclass;

-- An open reader, and one that keeps its snapshot.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM genops.spans \g /dev/null
SELECT genops_track('p', 'm', team => 'b') \g /dev/null
SELECT ok((genops_flush('stored')).complete, 'a span is stored beside an open reader');
SELECT is(count(*), 1::bigint, 'which doesn''t see it') FROM genops.spans;
COMMIT;
SELECT is(count(*), 2::bigint, 'but others do') FROM genops.spans;
SELECT is((max(seq), max(newest_seq))::text, '(2,2)', 'segments are numbered without a gap') FROM genops.ledger_segment, genops.ledger_state;

DROP OWNED BY ledger_partitions_user;
DROP ROLE ledger_partitions_user;
SELECT * FROM finish();
