# SPDX-License-Identifier: PostgreSQL
# A physical copy has its original's system identifier: nothing tells it apart until it is
# promoted, and then only the timeline does.  genops_validate() says so, and what is to be
# done in either case.
use strict;
use warnings;

use GenopsTest;
use GenopsValidation;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = start_receiver();
my $primary = new_node('primary', streaming => 1);

create_ledger($primary);
deliver_to($primary, $receiver);
$primary->safe_psql('postgres', "SELECT genops_track('p', 'm')");
flush_exported($primary);
$primary->backup('backup');

my $copy = PostgreSQL::Test::Cluster->new('copy');

$copy->init_from_backup($primary, 'backup', has_streaming => 1);
$copy->start;
$primary->wait_for_catchup($copy);
$copy->promote;

sub delivery
{
	my ($node) = @_;

	return $node->safe_psql('postgres', <<'END');
SELECT status, message, fix FROM genops_validate(check_connectivity => false, check_write => false,
	check_read => false, check_traceql => false) WHERE check_name = 'Delivery' AND message LIKE '%timeline%'
END
}

is(delivery($primary), '', 'the original is not suspected');
like(
	delivery($copy),
	qr/^warning\|this server was promoted \(timeline 2, delivery began on 1\).*both deliver.*genops_resume_delivery\(\);.*genops_tempo.export = off/s,
	'a copy that was promoted is, with both things that it can be');

$copy->safe_psql('postgres', "ALTER SYSTEM SET genops_tempo.export = off");
$copy->reload;
$copy->safe_psql('postgres', "SELECT genops_track('p', 'm', feature => 'of the copy')");
$copy->safe_psql('postgres', "SELECT genops_flush('stored')");
is($copy->safe_psql('postgres', "SELECT string_agg(DISTINCT state || ': ' || reason, ', ') FROM genops.stat_delivery"),
	'paused: genops_tempo.export is off', 'a copy that must not deliver does not');
$primary->safe_psql('postgres', "SELECT genops_track('p', 'm')");
flush_exported($primary);
is(scalar($receiver->spans), 2, 'while the original does');

$primary->stop('immediate');
$copy->safe_psql('postgres', 'ALTER SYSTEM RESET genops_tempo.export');
$copy->reload;
$copy->safe_psql('postgres', 'SELECT genops_resume_delivery()');
flush_exported($copy);
is(delivery($copy), '', 'the one that replaces it is no longer suspected when somebody has said so');
is(scalar(grep { ($_->{attributes}{feature}{string} // '') eq 'of the copy' } $receiver->spans), 1, 'and delivers');

$copy->stop('fast');
$receiver->stop;
done_testing();
