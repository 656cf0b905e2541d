# SPDX-License-Identifier: PostgreSQL
# What the tests of genops_validate() share.
package GenopsValidation;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use Test::More;

our @EXPORT = qw(validate check says);

# The checks' rows by name: {status, message, fix}.  Of several of a name, the first is
# kept.
#
#   settings    statements before it
#   options     of psql
sub validate
{
	my ($node, $arguments, %options) = @_;
	my $rows = $node->safe_psql('postgres', <<"END", @{ $options{options} || [] });
@{[ $options{settings} || '' ]}
SELECT json_agg(v) FROM genops_validate(@{[ $arguments || '' ]}) v
END
	my %checks;

	$checks{ $_->{check_name} } ||= $_ for @{ JSON::PP->new->decode($rows) };
	return \%checks;
}

# "status: message", and "fix: ..." if a pattern is given for it.
sub check
{
	my ($checks, $name, $status, $message, $fix) = @_;
	my $row = $checks->{$name} || { status => 'missing', message => '' };

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	subtest "$name: $status" => sub {
		is($row->{status}, $status, 'status');
		like($row->{message}, $message, 'message');
		like($row->{fix}, $fix, 'fix') if $fix;
		is($row->{fix}, undef, 'no fix') if $status eq 'ok';
		isnt($row->{fix}, undef, 'a fix') if $status eq 'error' || $status eq 'warning';
	};
}

1;
