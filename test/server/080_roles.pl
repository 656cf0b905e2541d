# SPDX-License-Identifier: PostgreSQL
# Roles that log in: pins that SET ROLE doesn't get round, rights that are taken from an
# open session, tenants kept apart by plans, parallel workers and restored copies.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');

create_ledger($node, 'shop');
$node->safe_psql('shop', <<'END');
CREATE ROLE web LOGIN;
CREATE ROLE pool LOGIN;
CREATE ROLE acme_app;
CREATE ROLE unpinned;
CREATE ROLE acme_reader LOGIN;
CREATE ROLE auditor LOGIN;
GRANT acme_app, unpinned TO web, pool;
SELECT genops_pin('web', team => 'web', tenant_id => 'web'), genops_pin('acme_app', team => 'acme', customer_id => 'acme'),
	genops_grant('acme_reader', 'read', '{acme}'), genops_grant('auditor', 'read');
ALTER ROLE web SET genops.team = 'by default';
END

sub as
{
	my ($role, $statements, $database) = @_;

	return $node->safe_psql($database || 'shop', $statements, extra_params => [ '-U', $role ]);
}

# What the last span with a feature is charged to.
sub attribution
{
	my ($feature) = @_;

	$node->safe_psql('shop', "SELECT genops_flush('stored')");
	return $node->safe_psql('shop', <<"END");
SELECT concat_ws(' ', team, customer_id, tenant_id) FROM genops.spans WHERE feature = '$feature' ORDER BY segment DESC LIMIT 1
END
}

# Who logged in stays pinned.
my @cases = (
	[ 'web', 'logged in', '', 'web web' ],
	[ 'web', 'with settings', "SET genops.team = 'mine'; SET genops.tenant_id = 'acme'", 'web web' ],
	[ 'web', 'as another role', 'SET ROLE unpinned', 'web web' ],
	[ 'web', 'as another pinned role', 'SET ROLE acme_app', 'web acme web' ],
	[ 'web', 'reset', 'RESET ALL; RESET ROLE', 'web web' ],
	[ 'web', 'discarded', 'DISCARD ALL', 'web web' ],
	[ 'pool', 'pool', '', 'argument' ],
	[ 'pool', 'pool as a client', "SET ROLE acme_app; SET genops.team = 'mine'", 'acme acme' ],
	[ 'pool', 'pool in a worker', <<'END', 'acme acme' ]);
SET ROLE acme_app;
SELECT set_config(name, CASE name WHEN 'max_parallel_workers_per_gather' THEN '2' ELSE 'on' END, false)
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query', 'max_parallel_workers_per_gather')
END
for (@cases)
{
	my ($role, $feature, $before, $expected) = @$_;

	as($role, "$before; SELECT genops_track('p', 'm', feature => '$feature', team => 'argument')");
	is(attribution($feature), $expected, "pins: $feature");
}
like($node->psql('shop', 'ALTER ROLE web SET genops.tenant_id = \'acme\'; SELECT genops_track(\'p\', \'m\', feature => \'altered\')',
		extra_params => [ '-U', 'web' ]), qr/^0$/, 'a role may change its own defaults');
as('web', "SELECT genops_track('p', 'm', feature => 'altered')");
is(attribution('altered'), 'web web', 'which are beaten too');

# What changes reaches sessions that are open.
my $open = GenopsSession->new($node, 'shop', settings => ['role=unpinned']);
$open->query("SELECT genops_track('p', 'm', feature => 'open', team => 'mine')");
is(attribution('open'), 'mine', 'an open session is not pinned');
$node->safe_psql('shop', "SELECT genops_pin('unpinned', team => 'pinned'), genops_grant('unpinned', 'charge')");
is($open->query("SELECT count(genops_track('p', 'm', feature => 'open', team => 'mine', total_cost => 1))"), 1, 'it may charge, once that is granted');
is(attribution('open'), 'pinned', 'and is pinned');
$node->safe_psql('shop', "SELECT genops_unpin('unpinned'), genops_revoke('unpinned', 'charge')");
$open->query("SELECT genops_track('p', 'm', total_cost => 1)");
like($open->errors, qr/permission denied to state the cost of a call/, 'what is revoked is refused');
$open->query("SELECT genops_track('p', 'm', feature => 'open', team => 'mine')");
is(attribution('open'), 'mine', 'and what is unpinned is free');
$open->close;

# Tenants are kept apart, in parallel plans too.
$node->safe_psql('shop', <<'END');
SELECT count(genops_track('p', 'm', total_cost => 1, tenant_id => CASE i % 4 WHEN 0 THEN 'acme' ELSE 'globex' END)) FROM generate_series(1, 4000) i;
SELECT genops_flush('stored');
END
my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0';
my $count = "SELECT tenant_id, count(*) FROM genops.spans WHERE tenant_id IN ('acme', 'globex') AND feature IS NULL GROUP BY 1 ORDER BY 1";
is(as('acme_reader', "$parallel; $count"), 'acme|1000', 'a reader sees its tenant');
is(as('auditor', "$parallel; $count"), "acme|1000\nglobex|3000", 'an auditor all');
like(as($_, "$parallel; EXPLAIN (COSTS off) $count"), qr/Workers Planned/, "in a parallel plan: $_") for 'acme_reader', 'auditor';
is(as('acme_reader', "$parallel; SELECT sum(calls) FROM genops.spend WHERE tenant_id IN ('acme', 'globex')"), 1000, 'spend as well');

# A copy has the same rights: on the parents from the extension, on partitions from the dump.
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('shop', "CREATE ROLE gone; SELECT genops_grant('gone', 'read'), genops_pin('gone', team => 'gone'); DROP OWNED BY gone; DROP ROLE gone");
$node->safe_psql('shop', "SELECT genops_revoke('public', 'record'), genops_grant('web', 'record')");
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/dump", '-d', 'shop' ], 'pg_dump');
my $other = new_node('other');
$other->safe_psql('postgres', 'CREATE DATABASE copy');
$other->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for qw(one_more acme_reader auditor acme_app unpinned web);
$other->command_ok([ 'pg_restore', '-j2', '-e', '-d', 'copy', "$folder/dump" ], 'pg_restore');
sub copy_as
{
	my ($role, $statements) = @_;

	return $other->safe_psql('copy', $statements, extra_params => [ '-U', $role ]);
}
is(copy_as('acme_reader', $count), 'acme|1000', 'a restored reader sees its tenant');
is(copy_as('auditor', $count), "acme|1000\nglobex|3000", 'an auditor all');
is($other->safe_psql('copy', <<'END'), '', 'every restored partition guards its rows');
SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
WHERE inhparent IN ('genops.ledger_span'::regclass, 'genops.ledger_segment'::regclass)
	AND NOT (relrowsecurity AND EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polname = 'tenant'))
END
is($other->safe_psql('copy', 'SELECT role, tenant_id FROM genops.reader ORDER BY role::text'), "acme_reader|acme\nauditor|", 'a role that was dropped is not');
copy_as('web', "SELECT genops_track('p', 'm', feature => 'copy', team => 'mine')");
isnt($other->psql('copy', "SELECT genops_track('p', 'm')", extra_params => [ '-U', 'one_more' ]), 0, 'recording stays closed');
$other->safe_psql('copy', "SELECT genops_flush('stored')");
is($other->safe_psql('copy', "SELECT team, tenant_id FROM genops.spans WHERE feature = 'copy'"), 'web|web', 'pins hold');

# The next day's partitions, and one that a restore left without a policy.
$other->safe_psql('copy', <<'END');
DO $$
DECLARE
	day CONSTANT text := to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD');
BEGIN
	EXECUTE format('ALTER TABLE genops.ledger_span DETACH PARTITION genops.ledger_span_%s', day);
	EXECUTE format('DROP POLICY tenant ON genops.ledger_span_%s', day);
	EXECUTE format('ALTER TABLE genops.ledger_span_%s DISABLE ROW LEVEL SECURITY', day);
END $$;
SELECT genops_track('p', 'm', feature => 'attached');
SELECT genops_flush('stored');
END
is($other->safe_psql('copy', <<'END'), 't|1', 'a table that is attached gets one');
SELECT bool_and(relrowsecurity), count(polname) FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid WHERE relname ~ '^ledger_span_[0-9]+$'
END
is(copy_as('acme_reader', $count), 'acme|1000', 'and keeps its rows');

$_->stop('fast') for $node, $other;
done_testing();
