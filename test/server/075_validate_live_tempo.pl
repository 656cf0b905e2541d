# SPDX-License-Identifier: PostgreSQL
# genops_validate() against a real Tempo: see 061_live_tempo.pl.
use strict;
use warnings;

use GenopsTest;
use GenopsValidation;
use Test::More;

my ($tempo, $otlp) = @ENV{qw(GENOPS_TEST_TEMPO_URL GENOPS_TEST_OTLP_URL)};
plan skip_all => 'GENOPS_TEST_TEMPO_URL and GENOPS_TEST_OTLP_URL are not set' unless $tempo && $otlp;

my $node = new_node('main');

create_ledger($node);
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '$tempo', otlp_endpoint => '$otlp', tenant_id => 'genops-test')");
my $checks = validate($node, 'timeout => 60');
is_deeply([ grep { $checks->{$_}{status} !~ /^(ok|skipped)$/ } sort keys %$checks ], [], 'nothing is wrong');
check($checks, 'Query Capability', 'ok', qr/read back/);
check($checks, 'TraceQL Metrics', 'ok', qr/available/);

# Each address for the other.
$node->safe_psql('postgres', "SELECT genops_configure(endpoint => '$otlp', otlp_endpoint => '$tempo')");
$checks = validate($node, 'timeout => 60');
check($checks, 'Tempo Accessibility', 'error', qr/is an OTLP address, which answers no queries$/, qr/otlp_endpoint/);
check($checks, 'OTLP Write Endpoint', 'error', qr/is Tempo's query address, which takes no spans$/, qr/4318/);

$node->stop('fast');
done_testing();
