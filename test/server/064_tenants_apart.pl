# SPDX-License-Identifier: PostgreSQL
# Who may read some tenants only asks a Tempo that keeps tenants apart, and no other: the
# header with the tenant is ignored by a Tempo without multitenancy.
use strict;
use warnings;

use GenopsTempo;
use GenopsTest;
use Test::More;

my $alone = GenopsTempo->start;
my $apart = GenopsTempo->start(multi_tenant => 1);
my $gateway = GenopsTempo->start(authorization => 'Bearer right');
my $node = new_node('main');

create_ledger($node);
$node->safe_psql('postgres', <<'END');
CREATE ROLE limited LOGIN;
CREATE ROLE everyone LOGIN;
SELECT genops_grant('limited', 'read', tenants => '{a}');
SELECT genops_grant('everyone', 'read');
END

sub configure { $node->safe_psql('postgres', "SELECT genops_configure($_[0])"); }

my %calls = (
	'a search' => q(genops_traceql('{}', source => 'tempo', tenant_id => 'a')),
	'metrics' => q(genops_traceql('{} | rate()', source => 'tempo', tenant_id => 'a')),
	'tags' => q(genops_tags(source => 'tempo', tenant_id => 'a')),
	'values of a tag' => q(genops_tag_values('.team', source => 'tempo', tenant_id => 'a')),
	'a trace' => q(genops.tempo_trace('1', 'a')),
	'a comparison' => q(genops_traceql_compare('{}', tenant_id => 'a')));

# The error, or none.
sub said
{
	my ($role, $call) = @_;
	my (undef, undef, $said) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT count(*) FROM $call",
		extra_params => [ '-U', $role ]);
	return join ' ', grep { !/^LOCATION/ } split /\n/, $said =~ s/^psql:<stdin>:\d+: //mgr;
}

# What was asked for a tenant.
sub asked_for { my ($tempo) = @_; return scalar grep { exists $_->{headers}{'x-scope-orgid'} } $tempo->requests; }

configure("endpoint => '@{[ $alone->url ]}'");
for my $what (sort keys %calls)
{
	like(said('limited', $calls{$what}),
		qr/42501: permission denied to ask a Tempo that does not keep tenants apart.*did not refuse a request without a tenant.*tempo_is_multitenant/,
		"$what of a Tempo without tenants: refused");
}
is(asked_for($alone), 0, 'nothing was asked for a tenant');
is(said('everyone', $calls{$_}), '', "$_: not for who reads all") for sort keys %calls;
is(said('postgres', $calls{'a search'}), '', 'nor for who owns it all');

configure("endpoint => '@{[ $apart->url ]}'");
is(said('limited', $calls{$_}), '', "$_ of a Tempo with tenants") for sort keys %calls;
like(said('limited', q(genops_traceql('{}', source => 'tempo', tenant_id => 'b'))), qr/permission denied for tenant "b"/, 'the tenants are what they were');

# What is asked by a session once is not asked again at once.
my $before = () = $apart->requests;
$node->psql('postgres', join(';', ("SELECT count(*) FROM $calls{'a search'}") x 3), extra_params => [ '-U', 'limited' ]);
is(scalar(() = $apart->requests) - $before, 4, 'the answer holds for the session');

# A gateway that refuses everybody says nothing about tenants.
configure("endpoint => '@{[ $gateway->url ]}'");
like(said('limited', $calls{'a search'}), qr/42501: permission denied to ask a Tempo/, 'a gateway may keep them apart, or not');
configure(q(headers => '{"Authorization": "Bearer right"}', options => '{"tempo_is_multitenant": true}'));
is(said('limited', $calls{'a search'}), '', 'somebody has to say that it does');
configure(q(options => '{"tempo_is_multitenant": false}'));
like(said('limited', $calls{'a search'}), qr/"tempo_is_multitenant" is false/, 'or that it does not');

$node->stop('fast');
done_testing();
