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
flush_exported($node);
is(query('SELECT sum(pending) FROM genops.stat_delivery'), 0, 'all is delivered');

$node->stop('fast');
$receiver->stop;
done_testing();
