# SPDX-FileCopyrightText: 2026 The Halde authors
# SPDX-License-Identifier: MIT

# work.pl <amount>: what Perl programs do all day; prints digests of the results.
use strict;
use warnings;
use Config;
use Digest::MD5 qw(md5_hex);
use Storable qw(freeze thaw);

my $amount = shift;
my $seed = 42;
sub chance { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % $_[0]; }

# Hashes of arrays, sorted in several ways.
my %words;
for my $i (1 .. $amount) {
    my $word = join '', map { chr(97 + chance(26)) } 1 .. 2 + chance(6);
    push @{ $words{$word} }, { number => $i, text => sprintf('%08.3f-%s', $i / 7, $word x (1 + chance(3))) };
}
my @sorted = sort { @{ $words{$b} } <=> @{ $words{$a} } || $a cmp $b } keys %words;
print scalar(@sorted), ' ', md5_hex(join ',', @sorted), "\n";

# Regular expressions on a long text, substitution with code, splitting.
my $text = join ' ', map { $_->{text} } map { @{ $words{$_} } } @sorted[0 .. $#sorted / 4];
my $count = () = $text =~ /(\d+)\.(\d+)-([a-m]+)\b/g;
(my $changed = $text) =~ s/([a-z])\1|(\d{3})-/defined $1 ? uc $1 : $2 + 1/ge;
my %by_length;
$by_length{length $_} .= substr($_, -2) for split /[\s.]+/, $changed;
print "$count ", md5_hex($changed), ' ', md5_hex(join '|', map { "$_$by_length{$_}" } sort { $a <=> $b } keys %by_length), "\n";

# Closures, deep copies, growing and shrinking.
my @stack;
for my $i (1 .. $amount / 10) {
    my $copy = thaw(freeze({ id => $i, items => [ map { $_ * $i } 1 .. chance(30) ] }));
    push @stack, sub { return $copy->{id} + @{ $copy->{items} } + shift };
    splice @stack, chance(scalar @stack), 1 if @stack > 1000;
}
my $sum = 0;
$sum += $_->($sum & 7) for @stack;
my $grown = '';
$grown .= pack 'NnC/a*', $_, $_ & 65535, "x$_" for 1 .. $amount;
print "$sum ", md5_hex($grown), "\n";

# Children by fork, which write to pipes.
my @parts;
for my $child (1 .. 8) {
    pipe my $reader, my $writer or die;
    my $pid = fork // die;
    if ($pid == 0) {
        close $reader;
        my %own = map { $_ => $_ * $child } 1 .. 5000;
        print {$writer} md5_hex(join ',', map { "$_=$own{$_}" } sort keys %own);
        close $writer;
        exit 0;
    }
    close $writer;
    push @parts, do { local $/; <$reader> };
    waitpid $pid, 0;
    die "child $child: $?" if $?;
}
print join(' ', @parts), "\n";

# Threads, each with a copy of the interpreter.
if ($Config{useithreads}) {
    require threads;
    my @threads = map {
        my $n = $_;
        threads->create(sub {
            my %h = map { ("key$_" => [ ($_) x ($_ % 9) ]) } 1 .. 3000 * $n;
            return md5_hex(join ',', map { "$_@{ $h{$_} }" } sort keys %h);
        })
    } 1 .. 4;
    print join(' ', map { $_->join } @threads), "\n";
}
