# SPDX-License-Identifier: PostgreSQL
# A span is dropped as one that the ledger can't take only if it is to blame.  While
# anything else is wrong with the ledger or with delivery, spans wait.
use strict;
use warnings;

use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $node = new_node('main');

create_ledger($node);
deliver_to($node, $receiver, arguments => "tenant_id => 'acme'");
$node->safe_psql('postgres', "SELECT genops_track('p', 'm')");
flush_exported($node);

sub counts
{
	return $node->safe_psql('postgres', 'SELECT recorded, stored, queued, dropped FROM genops.stat_recording');
}

# What goes wrong, how it is mended, and what the worker says of it.
my @faults = (
	['ALTER TABLE genops.delivery RENAME TO gone', 'ALTER TABLE genops.gone RENAME TO delivery', 'genops.delivery'],
	['ALTER TABLE genops.ledger_segment RENAME TO gone', 'ALTER TABLE genops.gone RENAME TO ledger_segment', 'genops.ledger_segment'],
	['ALTER TABLE genops.delivery_resend RENAME TO gone', 'ALTER TABLE genops.gone RENAME TO delivery_resend',
		'genops.delivery_resend|unrecognized|does not exist|could not open']);
my $recorded = 1;

for my $fault (@faults)
{
	my ($break, $mend, $message) = @$fault;
	my $log = -s $node->logfile;

	# The change of the configuration makes the worker read everything anew.
	$node->safe_psql('postgres', <<"END");
BEGIN;
$break;
SELECT genops_configure(service_name => 's$recorded');
SELECT genops_track('p', 'm') FROM generate_series(1, 20);
COMMIT;
END
	$recorded += 20;
	$node->wait_for_log(qr/the genops worker will try again: .*(?:$message)/, $log);
	is($node->safe_psql('postgres', 'SELECT recorded, stored + queued, dropped FROM genops.stat_recording'), "$recorded|$recorded|0",
		"spans wait, or are stored where that does not need what is gone: $break");
	$node->safe_psql('postgres', $mend);
	flush_exported($node);
	is(counts(), "$recorded|$recorded|0|0", 'and are stored when that is mended');
	is(scalar($receiver->spans), $recorded, 'and sent, once');
}

$node->stop('fast');
$receiver->stop;
done_testing();
