# SPDX-License-Identifier: PostgreSQL
# Which address gets which header: what is for Tempo goes to both its addresses, the
# Collector's to the Collector, a route's to the route's address, and each variable of the
# environment where it belongs.  Merged, replaced and removed headers.
use strict;
use warnings;

use File::Temp qw(tempdir);
use GenopsDelivery;
use GenopsTempo;
use GenopsTest;
use GenopsValidation;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = tempdir(CLEANUP => 1);
my %at = (otlp => start_receiver(), collector => start_receiver(), route => start_receiver());
my $tempo = GenopsTempo->start;
my $node = new_node('main');

create_ledger($node);
append_to_file("$folder/headers", "# Tempo's\nX-File: 1\nX-Both: file\n");

sub configure { $node->safe_psql('postgres', "SELECT genops_configure($_[0])"); }

# The names among x-* that the next request to each address has; of X-Both and Authorization,
# the values too, where the stand-in tells them.
sub names { return join ' ', grep { /^x-(?!scope)/ } sort @_; }
sub queried
{
	validate($node, 'timeout => 60, check_write => false, check_read => false, check_traceql => false');
	return ($tempo->requests)[-1]{headers};
}
sub delivered
{
	my ($where, $tenant, $arguments) = @_;

	record($node, $tenant, 1, arguments => $arguments || "tenant_id => '$tenant'");
	flush_exported($node);
	return ($at{$where}->requests)[-1];
}

configure(<<"END");
endpoint => '@{[ $tempo->url ]}', otlp_endpoint => '@{[ $at{otlp}->url ]}', collector_endpoint => '@{[ $at{collector}->url ]}',
headers => '{"X-Tempo": "1", "X-Both": "configured", "Authorization": "Bearer configured"}', headers_file => '$folder/headers',
collector_headers => '{"X-Collector": "1"}', schedule_delay_millis => 20
END
$node->safe_psql('postgres', <<"END");
INSERT INTO genops.route (position, name, team, otlp_endpoint) VALUES (1, 'own', 'own', '@{[ $at{route}->url ]}');
INSERT INTO genops.route (position, name, team) VALUES (2, 'added', 'added');
SELECT genops_route_headers('own', '{"X-Route": "1"}'), genops_route_headers('added', '{"X-Added": "1", "Authorization": "Bearer added"}');
END

# Directly to Tempo.
is(names(keys %{ queried() }), 'x-both x-file x-tempo', 'queries have Tempo\'s headers and those of the file');
is(queried()->{'x-both'}, 'configured', 'of the same name, the configured one replaces the file\'s');
is(names(@{ delivered('otlp', 'a')->{headers} }), 'x-both x-file x-tempo', 'so do spans');
is(delivered('otlp', 'a')->{authorization}, 'Bearer configured', 'with the credentials');
is(names(@{ delivered('route', 'own', "tenant_id => 'own', team => 'own'")->{headers} }), 'x-route', 'a route\'s address has the route\'s only');
my $added = delivered('otlp', 'added', "tenant_id => 'added', team => 'added'");
is(names(@{ $added->{headers} }), 'x-added x-both x-file x-tempo', 'a route without address adds its own');
is($added->{authorization}, 'Bearer added', 'and replaces');

# Through the Collector, which must not know Tempo's token.
configure('via_collector => true');
is(names(@{ delivered('collector', 'a')->{headers} }), 'x-collector', 'the Collector has the Collector\'s headers');
is(($at{collector}->requests)[-1]{authorization}, undef, 'and no credentials of Tempo\'s');
is(names(keys %{ queried() }), 'x-both x-file x-tempo', 'queries still have Tempo\'s');
configure('via_collector => false');

# Removed, and the file's comes to light.
configure(q(headers => '{"x-tempo": null, "X-BOTH": null}'));
is(names(keys %{ queried() }), 'x-both x-file', 'a header that is removed is not sent');
is(queried()->{'x-both'}, 'file', 'but what the file says of it');
$node->safe_psql('postgres', "SELECT genops_reset('headers_file')");
is(names(keys %{ queried() }), '', 'without the file, nothing');

# The environment.
my %environment = (
	TEMPO_AUTH_HEADER => 'Bearer environment',
	OTEL_EXPORTER_OTLP_HEADERS => 'X-Environment=1,Authorization=Bearer%20otlp,X-Scope-OrgID=of-the-environment');
configure(q(headers => '{"X-Tempo": "1"}'));
$node->stop('fast');
start_node_with($node, %environment);
my $query = queried();
is(names(keys %$query), 'x-tempo', 'OTEL_EXPORTER_OTLP_HEADERS are not for queries');
is($query->{authorization}, 'Bearer environment', 'TEMPO_AUTH_HEADER is, and wins over the configuration');
is($query->{'x-scope-orgid'}, 'of-the-environment', 'the tenant counts for both');
my $direct = delivered('otlp', 'a');
is(names(@{ $direct->{headers} }), 'x-environment x-tempo', 'they are for spans, beside the configured ones');
is($direct->{authorization}, 'Bearer otlp', 'and win over TEMPO_AUTH_HEADER there');
is(names(@{ delivered('route', 'own', "tenant_id => 'own', team => 'own'")->{headers} }), 'x-route', 'a route with an address is left alone');
configure('via_collector => true');
my $collected = delivered('collector', 'a');
is(names(@{ $collected->{headers} }), 'x-collector x-environment', 'the Collector gets them too');
is($collected->{authorization}, 'Bearer otlp', 'and not TEMPO_AUTH_HEADER');
$node->stop('fast');
start_node_with($node, TEMPO_AUTH_HEADER => 'Bearer environment');
is(delivered('collector', 'a')->{authorization}, undef, 'not even alone');
configure('via_collector => false');
is(delivered('otlp', 'a')->{authorization}, 'Bearer environment', 'but Tempo does, directly');

# TEMPO_ENDPOINT is the address that is queried.
$node->stop('fast');
my $other = GenopsTempo->start;
start_node_with($node, TEMPO_ENDPOINT => $other->url);
validate($node, 'timeout => 60, check_write => false, check_read => false, check_traceql => false');
is(scalar($other->requests), 1, 'TEMPO_ENDPOINT wins over endpoint');

$node->stop('fast');
done_testing();
