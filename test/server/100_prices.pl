# SPDX-License-Identifier: PostgreSQL
# Prices in sessions that stay open, through dump and restore, and through DROP EXTENSION.
use strict;
use warnings;

use GenopsSession;
use GenopsTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $PRICE = q(SELECT coalesce(rates ->> 'input', 'none') FROM genops_price_for('acme', 'm'));

create_ledger($node, 'shop');
my $session = GenopsSession->new($node, 'shop');
my $other = GenopsSession->new($node, 'shop');

is($session->query($PRICE), 'none', 'there is no price');
is($other->query($PRICE), 'none', 'nor in another session');

# What another session sets counts from its commit on, also in a transaction with an older
# snapshot, as soon as that uses a table.
$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM genops.price');
$other->query(q(BEGIN; INSERT INTO genops.price (provider, model, input) VALUES ('acme', 'm', 1)));
is($other->query($PRICE), '1', 'who sets it has it at once');
is($session->query($PRICE), 'none', 'others only when it is committed');
$other->query('COMMIT');
$session->query('SELECT FROM genops.setting');
is($session->query($PRICE), '1', 'and then also with an older snapshot');
$session->query('COMMIT');

$other->query(q(BEGIN; INSERT INTO genops.price (provider, model, input, valid_from) VALUES ('acme', 'm', 2, now() - interval '1 h')));
is($other->query($PRICE), '2', 'a change is seen by its transaction');
$other->query('ROLLBACK');
is($other->query($PRICE), '1', 'and by nobody when it is rolled back');
is($session->query($PRICE), '1', 'nor by others');

# A savepoint takes back what was built in it.
$session->query(q(BEGIN; SAVEPOINT s; UPDATE genops.price SET input = 5 WHERE provider = 'acme'));
is($session->query($PRICE), '5', 'in a subtransaction');
$session->query('ROLLBACK TO s');
is($session->query($PRICE), '1', 'and not after it');
$session->query('COMMIT');

# An alias, too.
$other->query(q(INSERT INTO genops.price_alias (provider, alias, model) VALUES ('acme', 'n', 'm')));
is($session->query(q(SELECT matched_by FROM genops_price_for('acme', 'n'))), 'alias', 'an alias of another session');

# Dumped are the rows of users and those that were loaded; the shipped ones come with the
# extension.
$node->safe_psql('shop', q(SELECT genops_load_prices(E'provider,model,input\nacme,loaded,3\nopenai,gpt-4o,2.4\n', 'file')));
my $contents = <<'END';
SELECT id, origin, provider, model, valid_from, input, output, note, prepared FROM genops.price
	ORDER BY provider, model, origin, valid_from, utc_window, id;
SELECT * FROM genops.price_alias ORDER BY 1, 2, 4;
END
my $original = $node->safe_psql('shop', $contents);
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->command_ok([ 'pg_dump', '-f', "$folder/dump", '-d', 'shop' ], 'pg_dump');
unlike(slurp_file("$folder/dump"), qr/^\d+\tanthropic\t/m, 'no shipped price is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/out", '-d', 'restored', '-f', "$folder/dump" ],
	'restored');
is($node->safe_psql('restored', $contents), $original, 'all prices are there, with their ids');
is($node->safe_psql('restored', $PRICE), '1', 'and price');

# Gone and come again under an open session.
$session->query('DROP EXTENSION genops_tempo');
$other->query('CREATE EXTENSION genops_tempo');
is($other->query($PRICE), 'none', 'a new extension has no price of the old one');
is($session->query(q(SELECT rates ->> 'input' FROM genops_price_for('openai', 'gpt-4'))), '30', 'and its shipped ones');
is($session->errors . $other->errors, '', 'nothing was complained of');

done_testing();
