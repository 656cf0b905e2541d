# SPDX-License-Identifier: PostgreSQL
# Rule: after pg_upgrade the ledger is there, recording goes on, and delivery waits until
# somebody says that the old server is gone: the log, the state of delivery and
# genops_validate() say so, with the one statement that resumes it.
use strict;
use warnings;

use GenopsTest;
use GenopsValidation;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $old = new_node('old');
my $bindir = $old->config_data('--bindir');

create_ledger($old);
deliver_to($old, $receiver, arguments => "tenant_id => 'acme', schedule_delay_millis => 20");
$old->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'sent') FROM generate_series(1, 5)");
flush_exported($old);
$receiver->set_mode({ mode => 'status', code => 503 });
$old->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'pending') FROM generate_series(1, 3); SELECT genops_flush('stored')");
$old->stop('fast');

my $new = new_node('new', start => 0);
my $work = PostgreSQL::Test::Utils::tempdir();

chdir $work or die;
command_ok(
	[ "$bindir/pg_upgrade", '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
		'-s', $work, '-p', $old->port, '-P', $new->port ],
	'pg_upgrade');
$receiver->set_mode();
$new->start;

is($new->safe_psql('postgres', 'SELECT feature, count(*) FROM genops.spans GROUP BY 1 ORDER BY 1'), "pending|3\nsent|5",
	'the ledger is there');
$new->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'new') FROM generate_series(1, 2); SELECT genops_flush('stored')");
is($new->safe_psql('postgres', 'SELECT state, stored, exported, pending FROM genops.stat_delivery'), 'paused|10|5|5',
	'recording goes on, and delivery waits');
like($new->safe_psql('postgres', 'SELECT reason FROM genops.stat_delivery'), qr/genops_resume_delivery/, 'its state says what to do');
wait_until('the log', sub { slurp_file($new->logfile) =~ /genops_resume_delivery/ });
pass('so does the log');

my $checks = validate($new, 'check_connectivity => false, check_write => false, check_read => false, check_traceql => false');
my @found = grep { ($checks->{$_}{fix} || '') =~ /genops_resume_delivery\(\)/ } keys %$checks;
is(scalar @found, 1, 'genops_validate() names the statement');
like($checks->{ $found[0] || '' }{message} || '', qr/pg_upgrade|upgrade|copy/, 'and the cause');
is($receiver->stats->{spans}, 5, 'until then nothing is sent');

$new->safe_psql('postgres', 'SELECT genops_resume_delivery()');
flush_exported($new);
is($receiver->stats->{spans}, 10, 'then everything is');
is($new->safe_psql('postgres', 'SELECT state, stored, exported, pending FROM genops.stat_delivery'), 'delivering|10|10|0', 'and counted');

$new->stop('fast');
$receiver->stop;
done_testing();
