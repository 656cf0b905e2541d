# SPDX-License-Identifier: PostgreSQL
# Which tenant, address, headers and sampling a span gets: argument, setting,
# route and configuration, in this order.
use strict;
use warnings;

use GenopsTest;
use Test::More;

my $receiver = start_receiver();
my $own = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver,
	arguments => q(tenant_id => 'default', environment => 'test', headers => '{"X-Main": "1", "X-Both": "main"}'));
$node->safe_psql('postgres', <<"END");
CREATE ROLE app LOGIN;
CREATE FUNCTION of_another_role(text) RETURNS text LANGUAGE sql SECURITY DEFINER
AS \$\$ SELECT genops_track('openai', 'gpt-4o', feature => \$1) \$\$;
INSERT INTO genops.route (position, name, team, customer_id, environment, database, role, tenant_id)
VALUES
	(10, 'team', 'red', NULL, NULL, NULL, NULL, 'team-red'),
	(20, 'both', 'blue', '7', NULL, NULL, NULL, 'blue-7'),
	(30, 'environment', NULL, NULL, 'staging', NULL, NULL, 'staging'),
	(40, 'another database', NULL, NULL, NULL, 'template1', NULL, 'wrong'),
	(50, 'this database', NULL, 'here', NULL, 'postgres', NULL, 'database'),
	(60, 'role', NULL, NULL, NULL, NULL, 'app', 'role-app'),
	(70, 'no such role', NULL, NULL, NULL, NULL, 'nobody', 'wrong'),
	(80, 'own', NULL, 'own', NULL, NULL, NULL, 'own'),
	(90, 'headers', 'green', NULL, NULL, NULL, NULL, NULL),
	(100, 'not sent', NULL, 'thin', NULL, NULL, NULL, 'thin'),
	(200, 'rest', NULL, NULL, NULL, NULL, NULL, 'cust-{customer_id}');
UPDATE genops.route SET otlp_endpoint = '@{[ $own->url ]}' WHERE name = 'own';
UPDATE genops.route SET sampling_rate = 0 WHERE name = 'not sent';
SELECT genops_route_headers('own', '{"X-Own": "1", "Authorization": "Bearer own"}');
SELECT genops_route_headers('headers', '{"X-Both": "route", "X-Route": "1"}');
END

# What is said in the session, and as arguments, and whose the span then is.
my @cases = (
	[ 'nothing said', '', '', 'default' ],
	[ 'a setting', "SET genops.tenant_id = 'session'", '', 'session' ],
	[ 'an argument', '', "tenant_id => 'argument'", 'argument' ],
	[ 'argument over setting', "SET genops.tenant_id = 'session'", "tenant_id => 'argument'", 'argument' ],
	[ 'argument over route', '', "team => 'red', tenant_id => 'argument'", 'argument' ],
	[ 'setting over route', "SET genops.tenant_id = 'session'", "team => 'red'", 'session' ],
	[ 'none', '', "tenant_id => ''", '' ],
	[ 'none, though a route matches', '', "team => 'red', tenant_id => ''", '' ],
	[ 'team', '', "team => 'red'", 'team-red' ],
	[ 'team of the session', "SET genops.team = 'red'", '', 'team-red' ],
	[ 'first match wins', '', "team => 'red', customer_id => 7, environment => 'staging'", 'team-red' ],
	[ 'both of two', '', "team => 'blue', customer_id => 7", 'blue-7' ],
	[ 'one of two is not enough', '', "team => 'blue'", 'default' ],
	[ 'environment', '', "environment => 'staging'", 'staging' ],
	[ 'database', '', "customer_id => 'here'", 'database' ],
	[ 'role', 'SET ROLE app', '', 'role-app' ],
	[ 'template', '', "customer_id => 42", 'cust-42' ],
	[ 'template, escaped', '', "customer_id => 'a/b !'", 'cust-a!2Fb!20!21' ],
	[ 'own address', '', "customer_id => 'own'", 'own' ],
	[ 'own headers', '', "team => 'green'", 'default' ],
	[ 'not sampled', '', "customer_id => 'thin'", 'thin' ]);

for my $case (@cases)
{
	my ($name, $session, $arguments) = @$case;
	my $more = $arguments ? ", $arguments" : '';

	$node->safe_psql('postgres', "$session; SELECT genops_track('openai', 'gpt-4o', feature => '$name'$more)");
}
$node->safe_psql('postgres', "SELECT of_another_role('the role of the session')",
	extra_params => [ '-U', 'app' ]);
flush_exported($node);

my %arrived = map { $_->{attributes}{'genops.feature'}{string} => $_ } $receiver->spans, $own->spans;
for my $case (@cases, [ 'the role of the session', '', '', 'role-app' ])
{
	my ($name, undef, undef, $tenant) = @$case;

	is($node->safe_psql('postgres', "SELECT tenant_id FROM genops.spans WHERE feature = '$name'"),
		$tenant, "$name: of tenant '$tenant' in the ledger");
	is($arrived{$name}{tenant}, $tenant eq '' ? undef : $tenant, 'and at the endpoint') unless $tenant eq 'thin';
}
is($arrived{'not sampled'}, undef, 'a route with sampling_rate 0 sends nothing');
is($node->safe_psql('postgres', "SELECT stored, not_sampled FROM genops.stat_delivery WHERE tenant_id = 'thin'"),
	'1|1', 'and that is counted');

# Addresses and their headers.
my %main = map { $_ => 1 } @{ $arrived{'nothing said'}{headers} };
my %own = map { $_ => 1 } @{ $arrived{'own address'}{headers} };
my %added = map { $_ => 1 } @{ $arrived{'own headers'}{headers} };
is_deeply([ map { $_->{attributes}{'genops.feature'}{string} } $own->spans ], ['own address'],
	'an address of its own gets what is its own');
is($arrived{'own address'}{authorization}, 'Bearer own', 'with its headers');
ok(!$own{'x-main'} && !$own{'x-both'}, 'and nobody else\'s');
ok($main{'x-main'} && !$main{'x-own'} && !$main{'x-route'}, 'the configuration\'s get theirs');
ok($added{'x-main'} && $added{'x-route'} && $added{'x-both'}, 'a route adds to them');

# Changes of routes apply to what is recorded after them.
$node->safe_psql('postgres', <<'END');
UPDATE genops.route SET position = 5 WHERE name = 'rest';
DELETE FROM genops.route WHERE name = 'environment';
SELECT genops_track('openai', 'gpt-4o', feature => 'moved', team => 'red', customer_id => 8);
SELECT genops_track('openai', 'gpt-4o', feature => 'removed', environment => 'staging');
SELECT genops_reset('tenant_id');
SELECT genops_track('openai', 'gpt-4o', feature => 'reset');
END
flush_exported($node);
is($node->safe_psql('postgres', <<'END'), 'moved|cust-8,removed|default,reset|', 'changes apply at once');
SELECT string_agg(feature || '|' || coalesce(tenant_id, ''), ',' ORDER BY feature) FROM genops.spans
WHERE feature IN ('moved', 'removed', 'reset')
END
my ($reset) = grep { $_->{attributes}{'genops.feature'}{string} eq 'reset' } $receiver->spans;
is($reset->{tenant}, undef, 'also at the endpoint');

$node->stop('fast');
done_testing();
