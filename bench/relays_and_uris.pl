# SpamAssassin's own parser: the relays and the URI list of each file that is named
# on the standard input. Prints messages, CPU seconds and the slowest message's, the
# number of relays and of URIs. No rule runs.
use strict;
use warnings;
use Mail::SpamAssassin;
use Mail::SpamAssassin::PerMsgStatus;
use Time::HiRes qw(clock);

my $spamassassin = Mail::SpamAssassin->new(
    { local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null' }
);
$spamassassin->init(0);

my @texts;
while ( my $path = <STDIN> ) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!";
    local $/ = undef;
    push @texts, scalar <$file>;
}

my ( $slowest, $relays, $uris ) = ( 0, 0, 0 );
my $start = clock();
for my $text (@texts) {
    my $begin   = clock();
    my $message = $spamassassin->parse( $text, 1 );
    my $status  = Mail::SpamAssassin::PerMsgStatus->new( $spamassassin, $message );
    $message->extract_message_metadata($status);
    my $found = $message->{metadata};
    $relays += @{ $found->{relays_trusted} } + @{ $found->{relays_untrusted} };
    $uris += () = $status->get_uri_list();
    $status->finish;
    $message->finish;
    my $took = clock() - $begin;
    $slowest = $took if $took > $slowest;
}
printf "%d %.6f %.6f %d %d\n", scalar @texts, clock() - $start, $slowest, $relays, $uris;
