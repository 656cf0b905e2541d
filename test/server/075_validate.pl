# SPDX-License-Identifier: PostgreSQL
# genops_validate() of a good setup: a real span is sent and read back, costs nothing and
# is in no ledger; the report is printed as the user's guide shows it.
use strict;
use warnings;

use GenopsTempo;
use GenopsTest;
use GenopsValidation;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $tempo = GenopsTempo->start(spans => $receiver);
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => "endpoint => '@{[ $tempo->url ]}', schedule_delay_millis => 20");
$tempo->set_mode({ path => '/api/status/buildinfo', body => '{"version":"2.3.0"}', content_type => 'application/json' });

my $checks = validate($node, 'timeout => 60');
is_deeply([ grep { $checks->{$_}{status} ne 'ok' } sort keys %$checks ], [], 'everything is in order');
check($checks, 'Library Preloaded', 'ok', qr/loaded when the server started/);
check($checks, 'Library Version', 'ok', qr/version 1\.0/);
check($checks, 'Ledger', 'ok', qr/stored/);
check($checks, 'Worker', 'ok', qr/process \d+/);
check($checks, 'Worker Slots', 'ok', qr/^\d of 8 background worker slots are free$/);
check($checks, 'Environment', 'ok', qr/no variable/);
check($checks, 'Delivery', 'ok', qr/blocked or paused/);
check($checks, 'Tempo Accessibility', 'ok', qr/^Tempo accessible at \Q@{[ $tempo->url ]}\E$/);
check($checks, 'Tempo Version', 'ok', qr/^Version 2\.3\.0$/);
check($checks, 'TraceQL API', 'ok', qr/^TraceQL queries available$/);
check($checks, 'TraceQL Metrics', 'ok', qr/^TraceQL metrics available$/);
check($checks, 'Search API', 'ok', qr/^Search API available$/);
check($checks, 'OTLP Write Endpoint', 'ok', qr/^OTLP receiver available$/);
check($checks, 'Tenant', 'ok', qr/none is asked for/);

# The span.
my @spans = $receiver->spans;
is(scalar @spans, 1, 'one span was sent');
check($checks, 'Query Capability', 'ok', qr/read back as trace $spans[0]{trace_id}$/);
is($spans[0]{name}, 'genops_validate', 'it tells what it is');
is_deeply([ sort keys %{ $spans[0]{attributes} } ], ['genops.validation'], 'and is no AI call');
is($node->safe_psql('postgres', "SELECT complete FROM genops_flush('stored')"), 't', 'all is stored');
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.spans'), 0, 'it is in no ledger');
is($node->safe_psql('postgres', 'SELECT count(*) FROM genops.spend'), 0, 'and costs nothing');

# The report, from the guide's lines on.
my $report = $node->safe_psql('postgres', 'SELECT * FROM genops_validation_report(check_write => false, timeout => 60)');
like($report, qr/\A✅ Grafana Tempo Setup Validation - PASSED\n\nEndpoint: \Q@{[ $tempo->url ]}\E\n\nStatus Checks:\n  ✅ /, 'the guide\'s head');
like($report, qr/^  ✅ Tempo Accessibility: Tempo accessible at \Q@{[ $tempo->url ]}\E
  ✅ Tempo Version: Version 2\.3\.0
  ✅ TraceQL API: TraceQL queries available
  ✅ TraceQL Metrics: TraceQL metrics available
  ✅ Search API: Search API available
/m, 'its checks');
like($report, qr/^  ✅ Query Capability: Can query spans via Search API$/m, 'in its words');
like($report, qr/\n\n✅ All checks passed! Tempo is ready for trace ingestion\.
   Tempo version: 2\.3\.0
   TraceQL queries: Enabled ✨\z/, 'its end');

# Only what is asked for.
my $before = scalar $tempo->requests;
$checks = validate($node, 'check_connectivity => false, check_write => false, check_read => false, check_traceql => false');
is($checks->{$_}{status}, 'skipped', "$_ is skipped")
  for 'Tempo Accessibility', 'TraceQL API', 'Search API', 'OTLP Write Endpoint', 'Query Capability', 'Tenant';
is(scalar($tempo->requests), $before, 'and Tempo is asked nothing');
is(scalar($receiver->spans), 1, 'nor sent anything');

# A tenant: of the configuration, and of the session.
my $strict = GenopsTempo->start(spans => $receiver, multi_tenant => 1);
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $strict->url ]}', tenant_id => 'team-a')");
$checks = validate($node, 'timeout => 60');
check($checks, 'Tenant', 'ok', qr/^tenant "team-a" is accepted$/);
check($checks, 'Query Capability', 'ok', qr/read back/);
is(($receiver->spans)[-1]{tenant}, 'team-a', 'it got the span');
$checks = validate($node, 'timeout => 60', settings => "SET genops.tenant_id = 'team-b';");
check($checks, 'Tenant', 'ok', qr/^tenant "team-b" is accepted$/);

# Tempo is not asked for its version where a gateway lets only queries pass.
$strict->set_mode({ path => '/api/status/buildinfo', code => 404, body => '404 page not found' });
$checks = validate($node, 'timeout => 60');
check($checks, 'Tempo Accessibility', 'ok', qr/accessible/);
check($checks, 'Tempo Version', 'skipped', qr/does not tell its version/);

# genops_quick_start(): what it prints finds the call.
$node->safe_psql('postgres', "SELECT genops_reset('all')");
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}', otlp_endpoint => '@{[ $receiver->url ]}')");
my $started = $node->safe_psql('postgres', 'SELECT * FROM genops_quick_start()');
like($started, qr/^Configured already:\n  endpoint = \Q@{[ $tempo->url ]}\E\n/, 'what is configured stays');
like($started, qr/^✅ All checks passed!/m, 'it validates');
my ($trace_id) = $started =~ /sample call was recorded, as trace ([0-9a-f]{32})\./ or die "no sample: $started\n";
is($node->safe_psql('postgres', "SELECT calls, total_cost FROM genops.spend WHERE team = 'quick-start'"), '1|0',
	'a sample call that costs nothing');
for my $query (grep { !/genops\.spend/ } $started =~ /^  (SELECT .*);$/mg)
{
	is($node->safe_psql('postgres', "SELECT trace_id FROM ($query) q"), $trace_id, "found by $query");
}

# In a database without Tempo's signs, letters.
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$node->safe_psql('latin', 'CREATE EXTENSION genops_tempo');
$node->safe_psql('latin', "SELECT genops_configure(endpoint => '@{[ $tempo->url ]}', otlp_endpoint => '@{[ $receiver->url ]}')");
like($node->safe_psql('latin', 'SELECT * FROM genops_validation_report(timeout => 60)'),
	qr/\A\[ok\] Grafana Tempo Setup Validation - PASSED\n.*\n   TraceQL queries: Enabled\z/s, 'in another encoding');

# Not preloaded, and of another version.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'auto_explain'");
$node->restart;
$checks = validate($node, 'timeout => 60');
check($checks, 'Library Preloaded', 'error', qr/was not loaded/,
	qr/^Add "shared_preload_libraries = 'auto_explain, genops_tempo'" to postgresql\.conf and restart the server\.$/);
check($checks, 'Worker', 'skipped', qr/no worker/);
check($checks, 'Query Capability', 'ok', qr/read back/);
$node->safe_psql('postgres', "SET allow_system_table_mods = on; UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'genops_tempo'");
check(validate($node, 'timeout => 60'), 'Library Version', 'error', qr/library has version 1\.0, the SQL objects have version 0\.9/,
	qr/^ALTER EXTENSION genops_tempo UPDATE;$/);

$node->stop('fast');
done_testing();
