# SPDX-License-Identifier: PostgreSQL
# What newer servers have: named wait events and MAINTAIN and triggers on login (17), a list of the
# loaded modules and directories of one's own for extensions (18).
use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use GenopsSession;
use GenopsTempo;
use GenopsTest;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
create_ledger($node);
my $version = $node->safe_psql('postgres', 'SHOW server_version_num') / 10000;

# What processes wait for has a name from 17 on; before, it is all 'Extension'.
my $tempo = GenopsTempo->start;
$tempo->set_mode({ hang => JSON::PP::true });
$node->safe_psql('postgres', "SELECT FROM genops_configure(endpoint => '@{[ $tempo->url ]}', timeout => 600)");
my $asking = GenopsSession->new($node);
$asking->start(q(SELECT * FROM genops_traceql(source => 'tempo', query => '{}')));
$asking->wait_for_event('Extension');
my %event_of = (asking => "pid = @{[ $asking->pid ]}", launcher => "backend_type = 'genops launcher'");
my %expected = (asking => 'GenopsTempoAnswer', launcher => 'GenopsLauncherMain');
for my $who (sort keys %event_of)
{
	my $name = $version >= 17 ? $expected{$who} : 'Extension';

	wait_until(
		"$who waits for $name",
		sub { $node->safe_psql('postgres', "SELECT wait_event FROM pg_stat_activity WHERE $event_of{$who}") eq $name });
	pass("$who waits for $name");
}
$node->safe_psql('postgres', "SELECT pg_cancel_backend(@{[ $asking->pid ]})");
$asking->finish;
SKIP:
{
	skip 'before version 17', 6 if $version < 17;

	is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_wait_events WHERE type = 'Extension' AND name ~ '^Genops')) >= 3, 1,
		'pg_wait_events knows the names');

	# Who may maintain, maintains, and neither reads nor writes.
	$node->safe_psql('postgres', <<'END');
SELECT genops_track('p', 'm', feature => 'first');
SELECT genops_flush('stored');
CREATE ROLE housekeeper LOGIN IN ROLE pg_maintain;
CREATE ROLE gardener LOGIN;
GRANT USAGE ON SCHEMA genops TO housekeeper, gardener;
GRANT MAINTAIN ON genops.ledger_span TO gardener;
END
	for my $role (qw(housekeeper gardener))
	{
		$node->safe_psql('postgres', 'VACUUM ANALYZE genops.ledger_span', extra_params => [ '-U', $role ]);
		my ($status) = $node->psql('postgres', 'SELECT FROM genops.ledger_span', extra_params => [ '-U', $role ]);
		isnt($status, 0, "$role vacuums and analyzes the ledger, and cannot read it");
	}
	$node->safe_psql('postgres', q(SELECT genops_track('p', 'm', feature => 'maintained')));
	$node->safe_psql('postgres', q(SELECT genops_flush('stored')));
	is($node->safe_psql('postgres', q(SELECT count(*) FROM genops.spans WHERE feature = 'maintained')), '1', 'the ledger goes on');

	# A trigger on login may record, and workers do not log in.
	$node->safe_psql('postgres', <<'END');
CREATE ROLE visitor LOGIN;
SELECT genops_grant('visitor', 'record');
CREATE FUNCTION on_login() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF session_user = 'visitor' THEN
		PERFORM genops_track('p', 'm', feature => 'login');
	END IF;
	IF session_user = 'housekeeper' THEN
		PERFORM genops_begin('p', 'm', feature => 'refused');
		RAISE EXCEPTION 'not you';
	END IF;
END $$;
CREATE EVENT TRIGGER on_login ON login EXECUTE FUNCTION on_login();
ALTER EVENT TRIGGER on_login ENABLE ALWAYS;
END
	$node->restart;
	$node->safe_psql('postgres', 'SELECT', extra_params => [ '-U', 'visitor' ]);
	my ($status, undef, $error) = $node->psql('postgres', 'SELECT', extra_params => [ '-U', 'housekeeper' ]);
	like($error, qr/not you/, 'a trigger on login refuses a session');
	$node->safe_psql('postgres', q(SELECT genops_flush('stored')));
	is( $node->safe_psql('postgres', q(SELECT feature, status FROM genops.spans WHERE feature IN ('login', 'refused') ORDER BY 1)),
		"login|unset\nrefused|error", 'what a trigger on login recorded is in the ledger, and workers start');
	$node->safe_psql('postgres', 'DROP EVENT TRIGGER on_login');
}

SKIP:
{
	skip 'before version 18', 4 if $version < 18;

	is( $node->safe_psql('postgres', q(SELECT version = genops_version() FROM pg_get_loaded_modules() WHERE module_name = 'genops_tempo')),
		't', 'the server knows the version of the library');

	# All of it in directories of one's own, and nothing in the server's.
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my %place = map { $_ => `pg_config --$_` =~ s/\n//r } qw(pkglibdir sharedir);
	make_path("$folder/share/extension", "$folder/lib");
	copy($_, "$folder/share/extension") or die "$_: $!" for glob "$place{sharedir}/extension/genops_tempo*";
	copy("$place{pkglibdir}/genops_tempo.so", "$folder/lib") or die "the library: $!";
	chmod 0755, "$folder/lib/genops_tempo.so";
	$node->append_conf('postgresql.conf', <<"END");
extension_control_path = '$folder/share:\$system'
dynamic_library_path = '$folder/lib:\$libdir'
END
	$node->restart;
	$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
	$node->safe_psql('elsewhere', 'CREATE EXTENSION genops_tempo');
	$node->safe_psql('elsewhere', q(SELECT genops_track('p', 'm')));
	$node->safe_psql('elsewhere', q(SELECT genops_flush('stored')));
	is($node->safe_psql('elsewhere', 'SELECT sum(calls) FROM genops.spend'), '1', 'an extension in a directory of its own records');
	is($node->safe_psql('elsewhere', q(SELECT count(*), min(file_name) FROM pg_get_loaded_modules() WHERE module_name = 'genops_tempo')),
		'1|genops_tempo.so', 'it is loaded once');
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my %libraries = map { $_ => 1 } slurp_file("/proc/$postmaster/maps") =~ m{(/\S+genops_tempo\.so)}g;
	is_deeply([ keys %libraries ], ["$folder/lib/genops_tempo.so"], 'from there');
}

done_testing();
