# SPDX-License-Identifier: PostgreSQL
# genops_configure() is applied by the running worker when it commits, and by
# nobody when it doesn't; the server's environment wins; what was kept until there
# was somewhere to send it is sent then.
use strict;
use warnings;

use GenopsDelivery;
use GenopsSession;
use GenopsTest;
use Test::More;

my ($first, $second) = (start_receiver(), start_receiver());
my $node = new_node('main');

create_ledger($node);

sub configure
{
	my ($arguments) = @_;

	return $node->safe_psql('postgres', "SELECT setting FROM genops_configure($arguments)");
}

# Nowhere to send to: everything is kept, and sent when there is.
record($node, 'kept', 3);
wait_for_state($node, 'kept', 'paused');
is(delivery($node, 'kept', 'reason, stored, pending'), 'no endpoint is configured|3|3', 'not configured: kept');
is($node->safe_psql('postgres', "SET statement_timeout = '120s'; SELECT complete, pending FROM genops_flush('exported', 600)"),
	'f|3', 'nobody waits for it');
my $worker = $node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording');
deliver_to($node, $first, arguments => 'schedule_delay_millis => 20');
flush_exported($node);
is(numbers($first, 'kept'), '1 2 3', 'configured: delivered');
is(delivery($node, 'kept', 'state, reason'), 'delivering|', 'and the state says so');

# At commit, not before, and not at all after a rollback.
my $session = GenopsSession->new($node);
for my $end ('ROLLBACK', 'COMMIT')
{
	$session->query("BEGIN; SELECT genops_configure(otlp_endpoint => '" . $second->url . "')");
	record($node, "before $end" =~ s/ /-/r, 2);
	flush_exported($node);
	is(numbers($first, "before-$end"), '1 2', "not applied before $end");
	$session->query($end);
	record($node, "after-$end", 2);
	flush_exported($node);
	is(numbers($end eq 'COMMIT' ? $second : $first, "after-$end"), '1 2', "as it should be after $end");
}
is($node->safe_psql('postgres', 'SELECT worker_pid FROM genops.stat_recording'), $worker, 'by the same worker');

# Also if the worker reads the configuration for something else meanwhile: here the change is
# committed while it begins to store a span.
for my $receiver ($first, $second)
{
	my $tenant = $receiver == $first ? 'amid-storing-1' : 'amid-storing-2';

	$session->query(<<"END");
BEGIN;
SELECT genops_configure(otlp_endpoint => '@{[ $receiver->url ]}');
LOCK TABLE pg_extension IN ACCESS EXCLUSIVE MODE
END
	$session->start(<<"END");
DO \$\$
BEGIN
	WHILE NOT EXISTS (SELECT FROM pg_locks WHERE pid = $worker AND NOT granted) LOOP
		PERFORM pg_sleep(0.002);
	END LOOP;
END;
\$\$;
COMMIT
END
	record($node, "before-$tenant", 1);
	$session->finish;
	record($node, $tenant, 2);
	flush_exported($node);
	is(numbers($receiver, $tenant), '1 2', "$tenant: applied");
}

# Through a Collector, and back.
configure("via_collector => true, collector_endpoint => '@{[ $first->url ]}', collector_headers => '{\"X-Collector\": \"1\"}'");
record($node, 'collected', 2);
flush_exported($node);
is(numbers($first, 'collected'), '1 2', 'via_collector');
is(scalar grep({ grep { $_ eq 'x-collector' } @{ $_->{headers} } } $first->spans), 2, 'with its headers');
configure('via_collector => false');
record($node, 'direct', 2);
flush_exported($node);
is(numbers($second, 'direct'), '1 2', 'and back');

# The form of requests.
configure("compression => 'gzip'");
record($node, 'packed', 50);
flush_exported($node);
configure("compression => 'none'");
record($node, 'plain', 50);
flush_exported($node);
my %encoding = map { $_->{tenant} => $_ } $second->requests;
is($encoding{packed}{content_encoding}, 'gzip', 'gzip');
is($encoding{plain}{content_encoding}, undef, 'none');
cmp_ok($encoding{packed}{bytes}, '<', $encoding{plain}{bytes}, 'which is smaller');
is(numbers($second, 'packed'), join(' ', 1 .. 50), 'and the same');

# A full batch is sent at once, others wait for more.
configure('max_export_batch_size => 7, schedule_delay_millis => 600000');
record($node, 'batch', 5);
is($node->safe_psql('postgres', "SELECT complete FROM genops_flush('stored')"), 't', 'a part of a batch is stored');
record($node, 'batch', 2);
wait_for_state($node, 'batch', 'delivering', 'pending = 0');
record($node, 'batch', 30);
flush_exported($node);
my @sizes = map { $_->{spans} } grep { $_->{tenant} eq 'batch' } $second->requests;
is($sizes[0], 7, 'it waited for the rest of its batch');
is_deeply([ grep { $_ > 7 } @sizes ], [], 'no batch is larger');
is(numbers($second, 'batch'), join(' ', 1 .. 37), 'all are sent');
configure('max_export_batch_size => 512, schedule_delay_millis => 20');

# The administrator's switch.
$node->safe_psql('postgres', 'ALTER SYSTEM SET genops_tempo.export = off');
$node->reload;
wait_until('export is off', sub { $node->safe_psql('postgres', 'SHOW genops_tempo.export') eq 'off' });
wait_for_state($node, 'kept', 'paused');
record($node, 'held', 2);
wait_for_state($node, 'held', 'paused', 'stored = 2');
is(delivery($node, 'held', 'reason, pending, requests'), 'genops_tempo.export is off|2|0', 'export = off: kept');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET genops_tempo.export');
$node->reload;
wait_for_state($node, 'held', 'delivering', 'pending = 0');
is(numbers($second, 'held'), '1 2', 'sent when it is on again');

# The environment of the server wins.
$session->close;
$node->stop('fast');
start_node_with($node,
	OTEL_EXPORTER_OTLP_ENDPOINT => $first->url,
	OTEL_EXPORTER_OTLP_HEADERS => 'X-Environment=1,X-Scope-OrgID=of-the-environment',
	OTEL_SERVICE_NAME => 'service of the environment');
my (undef, undef, $warnings) = $node->psql('postgres',
	"SELECT genops_configure(otlp_endpoint => '" . $second->url . "/', service_name => 'configured', tenant_id => 'configured')");
for my $variable (qw(OTEL_EXPORTER_OTLP_ENDPOINT OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_HEADERS))
{
	like($warnings, qr/^psql:.*WARNING: .*environment variable "$variable" wins/m, "$variable: a warning");
}
record($node, 'of-the-environment', 2, arguments => 'team => NULL');
flush_exported($node);
is(numbers($first, 'of-the-environment'), '1 2', 'it has the address and the tenant');
my $span = ($first->spans)[-1];
is($span->{resource}{'service.name'}{string}, 'service of the environment', 'the service');
ok(scalar grep({ $_ eq 'x-environment' } @{ $span->{headers} }), 'and the headers');
is($node->safe_psql('postgres', <<'END'), <<'END' =~ s/\n$//r, 'genops.configuration tells what is in force');
SELECT setting, value, source FROM genops.configuration WHERE setting IN ('service_name', 'tenant_id', 'timeout')
ORDER BY setting
END
service_name|service of the environment|environment OTEL_SERVICE_NAME
tenant_id|of-the-environment|environment OTEL_EXPORTER_OTLP_HEADERS
timeout|10|default
END
counts_agree($node, 'after all changes');

$node->stop('fast');
done_testing();
