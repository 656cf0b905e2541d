# SPDX-License-Identifier: PostgreSQL
# Rule: recording waits for nobody's lock on the configuration: it reads the tables with a
# short lock timeout, or goes on with what it knows.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use Test::More;

my $node = new_node('main');
my $recorded = 0;

create_ledger($node);
$node->safe_psql('postgres', <<'END');
CREATE ROLE configurer LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE pinned LOGIN;
SELECT genops_grant('configurer', 'configure'), genops_grant('app', 'record'), genops_grant('pinned', 'record');
SELECT genops_configure(tenant_id => 'acme');
SELECT genops_pin('pinned', tenant_id => 'own');
END

sub query { return $node->safe_psql('postgres', $_[0]); }

# The errors that a session is told of a call, which takes 6 s at the most.
sub call_in
{
	my ($session, $feature, $call) = @_;
	my $known = length $session->errors;

	$call ||= "genops_track('p', 'm', feature => '$feature')";
	$session->query("SET statement_timeout = '6s'; SELECT $call");
	$recorded++;
	return join "\n", grep { /ERROR|FATAL/ } split /\n/, substr $session->errors, $known;
}

my $old = GenopsSession->new($node, 'postgres', settings => ['role=app']);

is(call_in($old, 'before'), '', 'a session records');

for my $case ([ 'route', 'configurer' ], [ 'setting', undef ])
{
	my ($table, $role) = @$case;
	my $locker = GenopsSession->new($node, 'postgres', settings => $role ? ["role=$role"] : []);
	my $new = GenopsSession->new($node, 'postgres', settings => ['role=app']);
	my $pinned = GenopsSession->new($node, 'postgres', settings => ['role=pinned']);

	$locker->query("BEGIN; LOCK TABLE genops.$table IN ACCESS EXCLUSIVE MODE");
	is($locker->errors, '', "$table: locked by " . ($role || 'a superuser'));
	is(call_in($old, "$table, old"), '', "$table: a session that has recorded before goes on");
	is(call_in($new, "$table, new"), '', "$table: so does a new one");
	is(call_in($new, "$table, new, again"), '', 'also the second time');
	is(call_in($pinned, "$table, pinned"), '', 'and one whose tenant is pinned');

	# The configuration changes, so that everybody has to read it, and is locked at once.
	$locker->query("COMMIT; SELECT count(*) FROM genops_configure(service_name => 'changed'); BEGIN; LOCK TABLE genops.$table IN ACCESS EXCLUSIVE MODE");
	is(call_in($old, "$table, changed"), '', 'a session that has to read it anew goes on');
	my $begun = GenopsSession->new($node, 'postgres', settings => ['role=app']);
	is(call_in($begun, '', "genops_observe(genops_begin('p', 'm', feature => '$table, begun'), 'x'::text)"),
		'', 'begin and observe, too');

	$locker->query('ROLLBACK');
	is(query("SELECT complete FROM genops_flush('stored', 60)"), 't', 'all is stored when the lock is gone');
	is(query('SELECT count(*) FROM genops.spans'), $recorded, 'no call was lost');
	is(query("SELECT DISTINCT tenant_id FROM genops.spans WHERE feature IN ('$table, old', '$table, changed')"), 'acme',
		'who knew the configuration kept to it');
	is(query("SELECT count(*) FROM genops.spans WHERE feature = '$table, pinned' AND tenant_id IS DISTINCT FROM 'own'"), 0,
		'a pin holds all the same');
	is(call_in($new, "$table, after"), '', 'a session that could not read it');
	is(query("SELECT genops_flush('stored', 60) \\g /dev/null\nSELECT tenant_id FROM genops.spans WHERE feature = '$table, after'"),
		'acme', 'reads it when it can');
	$_->close for $locker, $new, $pinned, $begun;
}

$node->stop('fast');
done_testing();
