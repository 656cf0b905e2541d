# SPDX-License-Identifier: PostgreSQL
# genops_validate() tells what is wrong from what else could be, and how to fix it.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use GenopsDelivery;
use GenopsTempo;
use GenopsTest;
use GenopsValidation;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = tempdir(CLEANUP => 1);
system_or_bail(dirname(__FILE__) . '/../stand_in/make_certificates', $folder);
my @certificate = ("$folder/server.pem", "$folder/server.key");
my $receiver = start_receiver();
my $tempo = GenopsTempo->start(spans => $receiver);
my $node = new_node('main', streaming => 1);

create_ledger($node);

# Both addresses anew.
sub configure
{
	my ($query, $otlp, $more) = @_;

	$node->safe_psql('postgres', "SELECT genops_reset('all')");
	$node->safe_psql('postgres',
		"SELECT genops_configure(endpoint => '$query', otlp_endpoint => '$otlp'" . ($more ? ", $more" : '') . ')');
}

# With time enough.
sub checks { return validate($node, 'timeout => 60'); }

# Nothing configured.
my $checks = checks();
# A ledger alone is a way to use it.
check($checks, 'Tempo Accessibility', 'skipped', qr/^no query address of a Tempo is configured/, qr/^SELECT genops_configure\(endpoint => 'http:/);
check($checks, 'OTLP Write Endpoint', 'skipped', qr/no endpoint is configured/);
check($checks, 'Delivery', 'ok', qr/^nothing is sent, as no endpoint is configured: this database is a ledger only$/);

# Nobody listens: the guide's words.
my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die;
my $closed = 'http://127.0.0.1:' . $socket->sockport;
$socket->close;
configure($closed, $closed);
$checks = checks();
check($checks, 'Tempo Accessibility', 'error', qr/^Cannot connect to Tempo at $closed: connection refused$/,
	qr{^Start Tempo:\n  Docker: docker run -d -p 3200:3200 -p 4318:4318 grafana/tempo:latest\n  Or check if Tempo is running: curl $closed/api/status/buildinfo$});
check($checks, 'OTLP Write Endpoint', 'error', qr{^OTLP endpoint not accessible at $closed/v1/traces: connection refused$},
	qr/^Enable OTLP receiver in Tempo config \(default port 4318\)$/);
is($checks->{$_}{status}, 'skipped', "then $_ is skipped")
  for 'Tempo Version', 'TraceQL API', 'Search API', 'Query Capability', 'Tenant';

# A name that is none.
configure('http://no-such-host.invalid:3200', 'http://no-such-host.invalid:4318');
$checks = checks();
check($checks, 'Tempo Accessibility', 'error', qr/^Cannot connect to Tempo at .*: the host's name does not resolve: /, qr/DNS/);
check($checks, 'OTLP Write Endpoint', 'error', qr/^OTLP endpoint not accessible at .*: the host's name does not resolve: /, qr/DNS/);

# TLS: an authority that is not known, one that is, TLS where there is none and the reverse.
my $secret_tempo = GenopsTempo->start(tls => \@certificate);
my $secret_receiver = start_receiver(tls => \@certificate);
configure($secret_tempo->url, $secret_receiver->url);
$checks = checks();
check($checks, 'Tempo Accessibility', 'error', qr/: TLS failed: .*certificate/, qr/certificate => '/);
check($checks, 'OTLP Write Endpoint', 'error', qr/: TLS failed: .*certificate/, qr/certificate => '/);
configure($secret_tempo->url, $secret_receiver->url, "certificate => '$folder/ca.pem'");
$checks = validate($node, 'timeout => 60, check_read => false');
check($checks, 'Tempo Accessibility', 'ok', qr/accessible/);
check($checks, 'OTLP Write Endpoint', 'ok', qr/available/);
configure($tempo->url =~ s/http:/https:/r, $receiver->url =~ s/http:/https:/r);
check(checks(), 'Tempo Accessibility', 'error', qr/: TLS failed: /, qr{write http://});
configure($secret_tempo->url =~ s/https:/http:/r, $secret_receiver->url =~ s/https:/http:/r);
check(checks(), 'Tempo Accessibility', 'error', qr/: the connection was closed before the answer/, qr/Check the port/);

# What they answer.
configure($tempo->url, $receiver->url);
for my $case (
	[ 401, 'who?', qr/other credentials are wanted \(HTTP 401: who\?\)/, qr/"Authorization": "Bearer your-token"/ ],
	[ 403, 'no!', qr/the credentials do not allow this \(HTTP 403: no!\)/, qr/the right to (read|write) traces/ ],
	[ 404, 'lost', qr/nothing at this address \(HTTP 404: lost\)/, qr/endpoint|OTLP receiver/ ],
	[ 429, 'slow down', qr/too many requests \(HTTP 429: slow down\)/, qr/Try again later/ ],
	[ 500, 'broken', qr/it fails \(HTTP 500: broken\)/, qr/log/ ])
{
	my ($code, $body, $message, $fix) = @$case;

	$tempo->set_mode({ code => $code, body => $body, content_type => 'text/plain' });
	$receiver->set_mode({ mode => 'status', code => $code, message => $body });
	$checks = checks();
	check($checks, 'Tempo Accessibility', 'error', qr/^Tempo at \Q@{[ $tempo->url ]}\E: $message/, $fix);
	check($checks, 'OTLP Write Endpoint', 'error', qr/^OTLP endpoint \Q@{[ $receiver->url ]}\E\/v1\/traces: $message/, $fix);
	is($checks->{'Query Capability'}{status}, 'skipped', 'and nothing is read back');
	check($checks, 'TraceQL API', 'error', $message, $fix);
	check($checks, 'Tempo Version', 'skipped', qr/not accessible/);
}
$tempo->set_mode();
$receiver->set_mode({ mode => 'partial', rejected => 1, message => 'not this one' });
check(checks(), 'OTLP Write Endpoint', 'error', qr/did not take a span: not this one/, qr/OTLP receiver/);
$receiver->set_mode();

# TraceQL that a Tempo does not have.
$tempo->set_mode({ path => '/api/search', code => 404, body => 'x' });
check(checks(), 'TraceQL API', 'error', qr/^TraceQL API not available \(404\)$/,
	qr/^TraceQL requires Tempo 2\.0\+\. Upgrade Tempo version\.$/);
$tempo->set_mode({ path => '/api/status/buildinfo', body => '{"version":"1.5.0"}', content_type => 'application/json' });
check(checks(), 'TraceQL API', 'error', qr/^TraceQL API not available \(Tempo 1\.5\.0\)$/, qr/Upgrade/);
$tempo->set_mode({ path => '/api/metrics/query', code => 500, body => 'localblocks processor not found' });
check(checks(), 'TraceQL Metrics', 'warning', qr/not available: .*localblocks processor not found/, qr/local-blocks/);

# A page for people is no Tempo.
$tempo->set_mode({ body => '<html>log in</html>', content_type => 'text/html' });
$receiver->set_mode({ mode => 'status', code => 200, body => '<html>log in</html>', headers => { 'Content-Type' => 'text/html' } });
$checks = checks();
check($checks, 'Tempo Accessibility', 'error', qr/^what answers at .* is not Tempo/, qr/3200/);
check($checks, 'OTLP Write Endpoint', 'error', qr/an HTML page/, qr/OTLP receiver/);
check($checks, 'Tenant', 'skipped', qr/no answer that tells/);
$tempo->set_mode();
$receiver->set_mode();

# One kind of address given for the other.
configure($receiver->url, $tempo->url);
$checks = checks();
check($checks, 'Tempo Accessibility', 'error', qr/is an OTLP address, which answers no queries$/,
	qr/otlp_endpoint => '\Q@{[ $receiver->url ]}\E'/);
check($checks, 'OTLP Write Endpoint', 'error', qr/is Tempo's query address, which takes no spans$/, qr/default port 4318/);
check($checks, 'TraceQL API', 'error', qr/is an OTLP address, which answers no queries$/, qr/otlp_endpoint => /);

# A tenant that is missing: 401 when reading, 503 when writing; one that is refused.
my $strict = GenopsTempo->start(spans => $receiver, multi_tenant => 1);
$receiver->set_mode({ tenant => '', mode => 'status', code => 503, rpc_code => 14, message => 'no org id' });
configure($strict->url, $receiver->url);
$checks = checks();
check($checks, 'Tenant', 'error', qr/a tenant is missing \(HTTP 503: no org id\)$/,
	qr/SELECT genops_configure\(tenant_id => 'team-platform'\);/);
check($checks, 'Search API', 'error', qr/a tenant is missing \(HTTP 401: no org id\)$/, qr/tenant_id/);
$receiver->set_mode({ mode => 'status', code => 400, rpc_code => 3, message => q{tenant ID 'a' is not allowed} });
configure($strict->url, $receiver->url, "tenant_id => 'a'");
check(checks(), 'Tenant', 'error', qr/the tenant is refused \(HTTP 400: tenant ID 'a' is not allowed\)$/, qr/tenant_id/);
$receiver->set_mode();

# Spans that never arrive, directly and via a Collector; a Collector that is not there.
my $elsewhere = GenopsTempo->start;
configure($elsewhere->url, $receiver->url);
check(validate($node, 'timeout => 1'), 'Query Capability', 'error', qr/was not found in time/, qr/timeout => 30/);
configure($elsewhere->url, '', "via_collector => true, collector_endpoint => '@{[ $receiver->url ]}'");
check(validate($node, 'timeout => 1'), 'Query Capability', 'warning', qr/the Collector took was not found/, qr/docker logs otel-collector/);
configure($elsewhere->url, '', "via_collector => true, collector_endpoint => '$closed'");
check(checks(), 'OTLP Write Endpoint', 'error', qr/^Cannot connect to the Collector at .*refused$/, qr/^Start the OpenTelemetry Collector/);

# Delivery that is blocked, paused, switched off.
configure($tempo->url, $receiver->url, "schedule_delay_millis => 20, tenant_id => 'blocked'");
$receiver->set_mode({ mode => 'status', code => 403, message => 'go away' });
record($node, 'blocked', 2);
wait_for_state($node, 'blocked', 'blocked');
$receiver->set_mode();
check(checks(), 'Delivery', 'error', qr/^tenant "blocked": blocked, 2 spans wait: HTTP 403: go away$/, qr/genops_configure\(\)/);
$node->safe_psql('postgres', 'SELECT genops_pause_delivery()');
check(checks(), 'Delivery', 'error', qr/^delivery is paused: by genops_pause_delivery/, qr/^SELECT genops_resume_delivery\(\);$/);
$node->safe_psql('postgres', 'SELECT genops_resume_delivery()');
$node->safe_psql('postgres', 'ALTER SYSTEM SET genops_tempo.export = off');
$node->reload;
wait_until('export is off', sub { $node->safe_psql('postgres', 'SHOW genops_tempo.export') eq 'off' });
check(checks(), 'Delivery', 'error', qr/genops_tempo\.export is off/, qr/^ALTER SYSTEM SET genops_tempo\.export = on;/);
$node->safe_psql('postgres', 'ALTER SYSTEM RESET genops_tempo.export');

# On a hot standby.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$checks = validate($standby, 'timeout => 60');
check($checks, 'Ledger', 'warning', qr/^this is a hot standby/, qr/primary/);
check($checks, 'Query Capability', 'ok', qr/read back/);
$standby->stop('fast');

# No room for a worker; the environment's say.
$node->append_conf('postgresql.conf', 'max_worker_processes = 1');
$node->stop('fast');
start_node_with($node,
	OTEL_SERVICE_NAME => 'of the environment',
	OTEL_TRACES_SAMPLER => 'magic',
	OTEL_BSP_SCHEDULE_DELAY => '50');
$checks = checks();
check($checks, 'Worker Slots', 'warning', qr/^0 of 1 background worker slots are free$/, qr/^ALTER SYSTEM SET max_worker_processes = 5;/);
check($checks, 'Worker', 'error', qr/all 1 background worker slots are in use/, qr/max_worker_processes/);
check($checks, 'Environment', 'warning', qr/^OTEL_TRACES_SAMPLER is ignored: /, qr/environment of the server/);
$node->safe_psql('postgres', "SELECT genops_configure(service_name => 'mine')");
is($node->safe_psql('postgres', <<'END'), <<'END' =~ s/\n\z//r, 'and what is configured in vain');
SELECT message FROM genops_validate(timeout => 60) WHERE check_name = 'Environment' AND message ~ 'wins' ORDER BY 1
END
OTEL_BSP_SCHEDULE_DELAY wins over what genops_configure() says of schedule_delay_millis
OTEL_SERVICE_NAME wins over what genops_configure() says of service_name
END

$node->stop('fast');
done_testing();
