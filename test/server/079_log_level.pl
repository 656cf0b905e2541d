# SPDX-License-Identifier: PostgreSQL
# How much the workers tell the server's log: OTEL_LOG_LEVEL, and the setting that
# wins over it.  OpenTelemetry's other variables that stand in for a default.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main', start => 0);

start_node_with($node,
	OTEL_LOG_LEVEL => 'debug',
	OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT => '70',
	OTEL_BSP_EXPORT_TIMEOUT => '7000',
	OTEL_EXPORTER_OTLP_TIMEOUT => '9000');
create_ledger($node);
deliver_to($node, $receiver, arguments => 'schedule_delay_millis => 20');

sub shows { return $node->safe_psql('postgres', "SHOW $_[0]"); }

is(shows('genops_tempo.log_level'), 'debug', 'OTEL_LOG_LEVEL is the default');
is(shows('genops_tempo.max_attribute_length'), '70B', 'so is OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT');
is($node->safe_psql('postgres', "SELECT value, source FROM genops.configuration WHERE setting = 'timeout'"),
	'7|environment OTEL_BSP_EXPORT_TIMEOUT', 'the shorter of two timeouts counts');

# Every request, with its answer.
record($node, 'told', 2);
flush_exported($node);
like((log_lines($node, 'sent .* tenant "told"'))[0], qr/sent 2 spans of tenant "told" in \d+ bytes: HTTP 200 after \d+ ms$/,
	'debug tells of a request');
isnt(scalar log_lines($node, 'stored \d+ spans in \d+ segments'), 0, 'and of what is stored');
$receiver->set_mode({ tenant => 'told', mode => 'status', code => 401, message => 'who are you?' });
record($node, 'told', 1);
wait_for_state($node, 'told', 'blocked');
like((log_lines($node, 'sent 1 spans of tenant "told"'))[0], qr/HTTP 401 after \d+ ms: HTTP 401: who are you\?$/, 'and why one failed');
isnt(scalar log_lines($node, 'delivery for tenant "told" is blocked'), 0, 'besides what is told anyhow');

# The setting wins, and applies to the running worker.
$node->safe_psql('postgres', 'ALTER SYSTEM SET genops_tempo.log_level = none');
$node->reload;
wait_until('the setting is in force', sub { shows('genops_tempo.log_level') eq 'none' });
$node->restart;
my $offset = -s $node->logfile;

$receiver->set_mode({ tenant => 'silent', mode => 'status', code => 403 });
record($node, 'silent', 1);
wait_for_state($node, 'silent', 'blocked');
$receiver->set_mode();
$node->safe_psql('postgres', 'SELECT genops_configure(timeout => 5)');
flush_exported($node);
is_deeply([ log_lines($node, 'tenant "(silent|told)"|spans in', $offset) ], [], 'none tells nothing');

# By default: what stops, and what goes on.
$node->stop('fast');
$node->append_conf('postgresql.auto.conf', "genops_tempo.log_level = info");
start_node_with($node, OTEL_LOG_LEVEL => 'chatty');
$offset = -s $node->logfile;
my (undef, undef, $warnings) = $node->psql('postgres', 'SELECT genops_configure(timeout => 6)');
like($warnings, qr/WARNING:  environment variable "OTEL_LOG_LEVEL" is ignored/, 'a level that is none is told');
$receiver->set_mode({ tenant => 'usual', mode => 'status', code => 403 });
record($node, 'usual', 1);
wait_for_state($node, 'usual', 'blocked');
$receiver->set_mode();
$node->safe_psql('postgres', 'SELECT genops_configure(timeout => 5)');
flush_exported($node);
is(scalar log_lines($node, 'delivery for tenant "usual" is blocked', $offset), 1, 'info tells what stops');
is(scalar log_lines($node, 'delivery for tenant "usual" goes on', $offset), 1, 'and what goes on');
is_deeply([ log_lines($node, 'sent \d+ spans', $offset) ], [], 'and no more');

$node->stop('fast');
done_testing();
