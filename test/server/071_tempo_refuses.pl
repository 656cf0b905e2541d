# SPDX-License-Identifier: PostgreSQL
# What Tempo refuses, and what is no Tempo: an error that says what and why, with
# Tempo's own words and what to do.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use GenopsTempo;
use GenopsTest;
use IO::Socket::INET;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = tempdir(CLEANUP => 1);
system_or_bail(dirname(__FILE__) . '/../stand_in/make_certificates', $folder);
my $tempo = GenopsTempo->start;
my $node = new_node('main', conf => "client_min_messages = warning");
my $range = 'start_time => to_timestamp(1795455355), end_time => to_timestamp(1795455445)';

create_ledger($node);

sub configure { $node->safe_psql('postgres', "SELECT genops_configure($_[0])"); }

# The SQLSTATE, message, detail and hint of a failure, a line each.
sub failure
{
	my ($call) = @_;
	my (undef, undef, $said) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT $call");

	$said =~ s/^psql:<stdin>:\d+: //mg;
	$said =~ s/^LOCATION:.*\n?//m;
	$said =~ s/^ERROR:  //;
	$said =~ s/\n\z//;
	return $said;
}

sub search
{
	my ($query, $more) = @_;

	$more = $more ? ", $more" : '';
	return failure("genops_traceql(source => 'tempo', query => \$q\$$query\$q\$, $range$more)");
}

is(search('{}'), <<'END' =~ s/\n\z//r, 'no endpoint');
55000: Tempo cannot be asked: no endpoint is configured
HINT:  Tempo's query address, which has port 3200 by default, is set by genops_configure(endpoint => ...). genops_validate() says what else is wrong.
END
configure("endpoint => '@{[ $tempo->url ]}'");

# What is wrong with the question
like(search('{ .a = '), qr/\A42601: invalid TraceQL query/, 'a query that is none is not even asked');
is(scalar $tempo->requests, 0, 'so far nothing was');
is(search('{}', 'max_traces => 1000000') , '', 'a limit above Tempo\'s own is lowered to it');
is($tempo->last_request->{parameters}{limit}, 262144, 'as Tempo says');
is(search('{}', 'max_traces => 0'),
	"22023: invalid value for parameter \"max_traces\": 0\nHINT:  Leave it out for all, or give a number above 0.", 'no limit at all');
is(failure("genops_traceql(source => 'tempo', query => '{}', start_time => now(), end_time => now())"),
	"22023: the range of time is empty\nHINT:  Set start_time before end_time, or a positive \"since\".", 'an empty range');
is(failure("genops_traceql(source => 'tempo', query => '{}', since => NULL)"),
	"22023: Tempo needs a time range\nHINT:  Give \"since\" or \"start_time\".", 'no range');
is(failure("genops_traceql(source => 'tempo', query => '{}', since => '169 hours', end_time => to_timestamp(1795455385))"),
	<<'END' =~ s/\n\z//r, 'a range that is too long');
22023: Tempo refused the request
DETAIL:  It answered HTTP 400: range specified by start and end exceeds 168h0m0s. received start=1794846985 end=1795455385
HINT:  Ask for a shorter time range, or raise max_duration in Tempo's query_frontend; the ledger has no such limit.
END
like(failure("genops_traceql(source => 'tempo', query => '{} | rate()', since => '25 hours', step => '1 min')"),
	qr/\A22023: .*\nDETAIL: .*exceeds the maximum allowed duration of 24h0m0s\nHINT:  Ask for a shorter/, 'metrics, too');
is(search('{} | rate()', "step => '1 ms'"), <<'END' =~ s/\n\z//r, 'a step that is too short');
22023: Tempo refused the request
DETAIL:  It answered HTTP 400: step of 1ms is too small, minimum step for given range is 9ms
HINT:  Ask for a longer step or a shorter time range.
END
like(search('{} | rate()', "step => '1 month'"), qr/\A22023: invalid value for parameter "step"/, 'a step of no fixed length');
like(search('{}', "tenant_id => 'a/b'"), qr/\A22023: invalid tenant: "a\/b"\nDETAIL:/, 'a tenant that can be none');
like(search('{}', "tenant_id => 'a|'"), qr/\A22023: invalid tenant: "a\|"/, 'nor one beside another');
like(failure("genops.tempo_trace('xyz')"), qr/\A22023: invalid trace id: "xyz"/, 'an id that is none');
is(failure("genops.tempo_tags('zzz')"),
	"22023: Tempo refused the request\nDETAIL:  It answered HTTP 400: invalid scope: zzz", 'no such scope');
like(failure("genops.tempo_tag_values('foo')"),
	qr/\A22023: .*\nDETAIL:  It answered HTTP 400: please provide a valid tagName/, 'no such tag');

# Tempo understands the query otherwise than we do.
$tempo->set_mode({ code => 400, content_type => 'text/plain; charset=utf-8', body => 'invalid TraceQL query: parse error at line 1' });
is(search('{}'), <<'END' =~ s/\n\z//r, 'a query that Tempo does not know');
42601: Tempo does not accept the TraceQL query
DETAIL:  It answered HTTP 400: invalid TraceQL query: parse error at line 1
END

# How it fails
sub fails
{
	my ($rule, $expected, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$tempo->set_mode($rule);
	like(search('{ name = "childB" }'), $expected, $what);
}

my $text = { content_type => 'text/plain; charset=utf-8' };
fails({ %$text, code => 500, body => 'division by zero' },
	qr/\A38000: Tempo at "http:\S+" failed to answer\nDETAIL:  It answered HTTP 500: division by zero\z/, 'a failure');
fails({ %$text, code => 429, body => 'too many outstanding requests' },
	qr/\A53000: Tempo at .* is too busy\nDETAIL:  It answered HTTP 429: too many outstanding requests\nHINT:  Ask again later/, 'too much');
fails({ %$text, code => 503, body => 'Application is stopping' },
	qr/\A57P03: Tempo at .* is not available\nDETAIL:  It answered HTTP 503: Application is stopping\nHINT:/, 'not now');
fails({ %$text, code => 403, body => 'no' }, qr/\A28000: .*\nDETAIL:  It answered HTTP 403: no\nHINT:  See basic_auth, headers/, 'forbidden');
fails({ %$text, code => 404, body => '404 page not found' },
	qr/\A08P01: what answers at .* is not Tempo's query API\nDETAIL: .* page not found\nHINT: .*4318.* old Tempo/, 'an address that it does not have');
fails({ content_type => 'text/html', body => '<!DOCTYPE html><p>Log in' },
	qr/\A08P01: .*\nDETAIL:  It answered HTTP 200 with an HTML page.\nHINT:  endpoint must be/, 'a page for people');
fails({ %$text }, qr/\A08P01: .*\nDETAIL:  It answered HTTP 200 with content type "text\/plain; charset=utf-8", not JSON./, 'no JSON');
fails({ code => 302, headers => { Location => 'http://127.0.0.1/' }, body => '' }, qr/\A08P01: .*\nDETAIL:  It answered HTTP 302 without a text/, 'elsewhere');
fails({ body => '' }, qr/\A08P01: .*\nDETAIL:  It answered HTTP 200 without a body/, 'nothing');
fails({ cut => 100 }, qr/\A08006: lost the connection to Tempo at .*\nDETAIL:/, 'cut off');
fails({ body => '{"traces":[{"traceID":"1"' }, qr/\A08P01: answer of Tempo is not valid JSON\nDETAIL:  Parsing stopped/, 'half of an answer');
fails({ body => '{"traces":[{"traceID":"?"}]}' },
	qr/\A08P01: invalid answer of Tempo at traces\[0\]\.traceID\nDETAIL:  Expected 1 to 32 hexadecimal digits/, 'an answer that can not be');
fails({ body => '{"data":[]}' }, qr/\A08P01: invalid answer of Tempo at its start/, 'the answer of something else');
fails({ body => '[' x 100_000 }, qr/\A54000: JSON is nested too deeply/, 'very deep');
fails({ pad => 33 * 1024 * 1024 }, qr/\A54000: the answer of Tempo is too large\nDETAIL:  The answer is larger than 33554432 bytes.\nHINT:  Ask for less/,
	'very large');
fails({ code => 500, %$text, body => "a\nb" . "x" x 100_000 }, qr/\A38000: .*\nDETAIL:  It answered HTTP 500: a bx{400,440}\z/,
	'a long text is cut, and is one line');
$tempo->set_mode;
is(search('{ name = "nope" }'), '', 'after all that it still answers');

# Where nobody listens
my $gone = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
my $port = $gone->sockport;
close $gone;
configure("endpoint => 'http://127.0.0.1:$port'");
like(search('{}'), qr/\A08001: could not connect to Tempo at "http:\/\/127.0.0.1:$port"\nDETAIL: .*connect.*\nHINT:  Is Tempo running/i, 'nobody there');
configure("endpoint => 'http://no-such-host.invalid:3200'");
like(search('{}'), qr/\A08001: could not connect to Tempo at .*\nDETAIL: .*resolve.*\nHINT:  See the host's name/i, 'no such host');

# Who asks
my $guarded = GenopsTempo->start(multi_tenant => 1, authorization => 'Bearer open-sesame');
configure("endpoint => '@{[ $guarded->url ]}'");
like(search('{}'), qr/\A28000: .* does not accept who asks\nDETAIL:  It answered HTTP 401: who is that: nobody\nHINT:  See basic_auth/, 'nobody asks');
configure(q(headers => '{"Authorization": "Bearer wrong-sesame"}'));
like(search('{}'), qr/\A28000: .*\nDETAIL:  It answered HTTP 401: who is that: \*+.*\nHINT:/, 'a wrong token, which is not shown');
configure(q(headers => '{"Authorization": "Bearer open-sesame"}'));
is(search('{}'), <<"END" =~ s/\n\z//r, 'no tenant');
28000: Tempo at "@{[ $guarded->url ]}" does not accept who asks
DETAIL:  It answered HTTP 401: no org id
HINT:  It has several tenants: name one, by argument tenant_id or with genops_configure(tenant_id => ...).
END
is(search('{}', "tenant_id => 'a'"), '', 'a tenant');
configure("tenant_id => 'b'");
is(search('{}'), '', 'or a configured one');

# Over TLS
my $secure = GenopsTempo->start(tls => [ "$folder/server.pem", "$folder/server.key" ]);
configure("endpoint => '@{[ $secure->url ]}', otlp_endpoint => 'http://127.0.0.1:4318'");
like(search('{}'), qr/\A08001: could not connect to Tempo at "https:.*\nDETAIL: .*certificate.*\nHINT:  See endpoint, certificate/i, 'not trusted');
configure("certificate => '$folder/ca.pem'");
is(search('{}'), '', 'trusted');

# The environment's address and authorization.
$node->stop;
start_node_with($node, TEMPO_ENDPOINT => $guarded->url, TEMPO_AUTH_HEADER => 'Bearer open-sesame');
configure(q(headers => '{"Authorization": null}'));
is(search('{}'), '', 'what the environment says counts');
is($guarded->last_request->{headers}{'x-scope-orgid'}, 'b', 'and the tenant stays');

$node->stop('fast');
done_testing();
