# SPDX-License-Identifier: PostgreSQL
# Who may validate what: not everybody, no address of choice without the right to
# configure; nobody is told a secret, and it is sent to the configured addresses only.
use strict;
use warnings;

use GenopsTempo;
use GenopsTest;
use GenopsValidation;
use PostgreSQL::Test::Utils;
use Test::More;

my $secret = 'secret-of-validation-' . int rand 2**32;
my $receiver = start_receiver();
my $tempo = GenopsTempo->start(spans => $receiver, authorization => "Bearer $secret");
my $other = GenopsTempo->start;
my $node = new_node('main', conf => "log_min_messages = debug1\nlog_min_error_statement = panic");

create_ledger($node);
deliver_to($node, $receiver, arguments => "endpoint => '@{[ $tempo->url ]}', headers => '{\"Authorization\": \"Bearer $secret\"}'");
$node->safe_psql('postgres', <<'END');
CREATE ROLE nobody LOGIN;
CREATE ROLE checker LOGIN;
GRANT EXECUTE ON FUNCTION genops_validate, genops_validation_report TO checker;
CREATE ROLE configurer LOGIN;
GRANT EXECUTE ON FUNCTION genops_validate, genops_validation_report, genops_configure TO configurer;
END

# What a role gets: rows, and errors.
sub as
{
	my ($role, $statement) = @_;
	my (undef, $rows, $errors) = $node->psql('postgres', $statement, extra_params => [ '-U', $role ]);

	return ($rows, $errors);
}

# Nobody by himself.
for my $call ('genops_validate()', 'genops_validation_report()', 'genops_quick_start()')
{
	like((as('nobody', "SELECT * FROM $call"))[1], qr/ERROR:  permission denied for function/, "$call is not for everybody");
}

# Who may: the configured address, and no other.
my $mine = validate($node, 'timeout => 60', options => [ extra_params => [ '-U', 'checker' ] ]);
check($mine, 'Query Capability', 'ok', qr/read back/);
like((as('checker', "SELECT * FROM genops_validate('@{[ $tempo->url ]}/', timeout => 60)"))[0], qr/^Tempo Accessibility\|ok/m,
	'the configured address may be named');
for my $call (qw(genops_validate genops_validation_report))
{
	like((as('checker', "\\set VERBOSITY verbose\nSELECT * FROM $call('@{[ $other->url ]}')"))[1],
		qr/ERROR:  42501: permission denied to validate another address.*HINT:  Leave tempo_endpoint out/s, "$call: no other may");
}
is(scalar($other->requests), 0, 'nor is it asked');
like((as('checker', 'SELECT * FROM genops_quick_start()'))[1], qr/permission denied/, 'nor may who checks configure');

# Who may configure: another address, which gets no secret.
my $theirs = validate($node, "'@{[ $other->url ]}', timeout => 60", options => [ extra_params => [ '-U', 'configurer' ] ]);
check($theirs, 'Tempo Accessibility', 'ok', qr/^Tempo accessible at \Q@{[ $other->url ]}\E$/);
isnt(scalar($other->requests), 0, 'it was asked');
is_deeply([ grep { exists $_->{headers}{authorization} } $other->requests ], [], 'without the configured headers');
for my $bad ('tempo:3200', 'http://u:p@tempo:3200', 'http://tempo:4318')
{
	like((as('configurer', "SELECT * FROM genops_validate('$bad')"))[1],
		qr/ERROR:  invalid value for parameter "tempo_endpoint"/, "$bad is none");
}

# The privilege to configure has all of it, and no more.
$node->safe_psql('postgres', "CREATE ROLE operator LOGIN; SELECT genops_grant('operator', 'configure')");
like((as('operator', 'SELECT * FROM genops_validation_report(timeout => 60)'))[0], qr/Setup Validation - PASSED/, 'genops_grant: may validate');
like((as('operator', 'SELECT * FROM genops_quick_start()'))[0], qr/sample call was recorded/, 'may start');
is($node->safe_psql('postgres', "SELECT calls, total_cost FROM genops.spend WHERE team = 'quick-start'"), '1|',
	'and does not say what a call cost');

# An endpoint that quotes what it refuses.
$tempo->set_mode({ code => 401, body => "bad token: Bearer $secret", content_type => 'text/plain' });
$receiver->set_mode({ mode => 'status', code => 401, message => "bad token: Bearer $secret" });
my $rows = $node->safe_psql('postgres', 'SELECT * FROM genops_validate(timeout => 60)') .
  $node->safe_psql('postgres', 'SELECT * FROM genops_validation_report(timeout => 60)');
like($rows, qr/HTTP 401: bad token: (Bearer )?\*+\)/, 'what it quotes is masked');
unlike($rows, qr/\Q$secret\E/, 'and nothing has it');

# What a dump lacks.
$node->safe_psql('postgres', 'DELETE FROM genops.secret');
my $lost = validate($node, 'timeout => 60, check_write => false');
check($lost, 'Secrets', 'error', qr/^the value of headers\.authorization was not restored: a dump does not contain it$/,
	qr/^SELECT genops_configure\(headers => '\{"authorization": "\.\.\."\}'\);$/);
check($lost, 'Tempo Accessibility', 'error', qr/value of header "authorization" is missing/);

# What a header refers to, and is not there.
$node->safe_psql('postgres', q(SELECT genops_configure(headers => '{"Authorization": "${env:NO_SUCH_VARIABLE}"}', headers_file => '/no/such/file')));
is($node->safe_psql('postgres', "SELECT message FROM genops_validate(timeout => 60) WHERE check_name = 'Secrets' ORDER BY 1"),
	<<'END' =~ s/\n\z//r, 'what can\'t be read is told');
headers.authorization: the server has no environment variable "NO_SUCH_VARIABLE"
headers_file: could not open file "/no/such/file": No such file or directory
END
$node->stop('fast');
unlike(slurp_file($node->logfile), qr/\Q$secret\E/, 'the log has no secret');

done_testing();
