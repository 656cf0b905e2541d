# SPDX-License-Identifier: PostgreSQL
# A variable of the environment that is ignored is in the log once the server has started, and
# the general endpoint is a base to which the path is appended, as OpenTelemetry has it.
use strict;
use warnings;

use GenopsDelivery;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', start => 0);
start_node_with($node, OTEL_EXPORTER_OTLP_TIMEOUT => 'never', OTEL_EXPORTER_OTLP_ENDPOINT => 'http://127.0.0.1:9/v1/traces');
like(slurp_file($node->logfile), qr/LOG:  environment variable "OTEL_EXPORTER_OTLP_TIMEOUT" is ignored: /, 'the log says so');
create_ledger($node);
is($node->safe_psql('postgres', "SELECT value FROM genops.configuration WHERE setting = 'otlp_url'"),
	'http://127.0.0.1:9/v1/traces/v1/traces', 'the path is appended');

$node->stop('fast');
done_testing();
