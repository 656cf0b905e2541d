# SPDX-License-Identifier: PostgreSQL
# A role that may change the routes may also lock them, for as long as it likes: recording
# does not wait for it, and sends nothing to the wrong tenant.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver);

sub query { return $node->safe_psql('postgres', $_[0]); }

sub track
{
	my ($feature) = @_;

	return "SET ROLE application; SET statement_timeout = '20s'; SELECT length(genops_track('p', 'm', team => 'blue', feature => '$feature'))";
}

sub tenants
{
	query("SELECT genops_flush('stored')");
	return query("SELECT string_agg(feature || ' ' || tenant_id, ', ' ORDER BY feature) FROM genops.spans");
}

query(<<'END');
INSERT INTO genops.route (name, team, tenant_id) VALUES ('blue', 'blue', 'blues');
CREATE ROLE configurer;
CREATE ROLE application;
SELECT genops_grant('configurer', 'configure');
END
my $old = GenopsSession->new($node);
$old->query(track('1 before'));

my $locker = GenopsSession->new($node);
$locker->query('SET ROLE configurer');
$locker->query('BEGIN');
$locker->query('LOCK TABLE genops.route IN ACCESS EXCLUSIVE MODE');
is(query(track('2 new session')), 55, 'a new session records');
is($old->query(track('3 old session')), 55, 'as does an old one');
is(tenants(), '1 before blues, 2 new session blues, 3 old session blues', 'for the tenant that the routes say');

$locker->query("UPDATE genops.route SET tenant_id = 'greens'");
is($old->query(track('4 while it changes')), 55, 'also while they are being changed');
$locker->query('COMMIT');
is($old->query(track('5 changed')), 55, 'and when they are');
like(tenants(), qr/4 while it changes blues, 5 changed greens/, 'which is then heard of');

# The news of a change came, and then it could not be read.
$locker->query("UPDATE genops.route SET tenant_id = 'reds'");
$locker->query('BEGIN');
$locker->query('LOCK TABLE genops.route IN ACCESS EXCLUSIVE MODE');
is($old->query(track('6 cannot be read')), 55, 'a change that cannot be read yet holds up nothing');
$locker->query('ROLLBACK');
wait_until('it is read later', sub {
	$old->query(track('7 can be read'));
	return tenants() =~ /7 can be read reds/;
});

# The price list: likewise.
sub spent
{
	query("SELECT genops_flush('stored')");
	return query("SELECT string_agg(feature || ' ' || coalesce(total_cost::float::text, 'unpriced'), ', ' ORDER BY feature) FROM genops.spans WHERE feature LIKE 'price%'");
}

my $priced = sub { track($_[0]) =~ s/team => 'blue'/team => 'blue', prompt_tokens => 1000000, completion_tokens => 0/r };

query("INSERT INTO genops.price (provider, model, input) VALUES ('p', 'm', 1)");
is($old->query($priced->('price 1 before')), 55, 'a call that has a price');
for my $table ('price', 'price_alias')
{
	$locker->query('BEGIN');
	$locker->query("LOCK TABLE genops.$table IN ACCESS EXCLUSIVE MODE");
	is(query($priced->("price 2 new session, $table")), 55, "a new session records while genops.$table is locked");
	is($old->query($priced->("price 3 old session, $table")), 55, 'as does an old one');
	$locker->query('ROLLBACK');
}
query("INSERT INTO genops.price (provider, model, input, valid_from) VALUES ('p', 'm', 2, now() - interval '1 hour')");
$locker->query('BEGIN');
$locker->query('LOCK TABLE genops.price IN ACCESS EXCLUSIVE MODE');
is($old->query($priced->('price 4 news that cannot be read')), 55, 'a price that cannot be read yet holds up nothing');
$locker->query('ROLLBACK');
is(spent(), 'price 1 before 1, price 2 new session, price 1, price 2 new session, price_alias 1, price 3 old session, price 1, price 3 old session, price_alias 1, price 4 news that cannot be read 1',
	'at the prices that were known');
wait_until('the price is read later', sub {
	$old->query($priced->('price 5 can be read'));
	return spent() =~ /price 5 can be read 2/;
});
flush_exported($node);
is(query('SELECT sum(pending) FROM genops.stat_delivery'), 0, 'all is delivered');

$node->stop('fast');
$receiver->stop;
done_testing();
