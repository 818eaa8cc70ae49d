# What SpamAssassin finds in each file that is named on the standard input, one JSON
# object a line: the first relay that is not trusted, and the hosts of its URIs. The
# networks that are trusted stand in the arguments. No rule runs.
use strict;
use warnings;
use JSON::PP;
use Mail::SpamAssassin;
use Mail::SpamAssassin::PerMsgStatus;

my $spamassassin = Mail::SpamAssassin->new(
    {
        local_tests_only   => 1,
        dont_copy_prefs    => 1,
        userprefs_filename => '/dev/null',
        post_config_text   => "clear_trusted_networks\ntrusted_networks @ARGV\n",
    }
);
$spamassassin->init(0);

while ( my $path = <STDIN> ) {
    chomp $path;
    open my $file, '<:raw', $path or die "$path: $!";
    my $text = do { local $/ = undef; <$file> };
    my $message = $spamassassin->parse( $text, 1 );
    my $status  = Mail::SpamAssassin::PerMsgStatus->new( $spamassassin, $message );
    $message->extract_message_metadata($status);
    my $relay = $message->{metadata}{relays_untrusted}[0];
    my %hosts;
    for my $uri ( values %{ $status->get_uri_detail_list() } ) {
        $hosts{ lc $_ } = 1 for keys %{ $uri->{hosts} };
    }
    print encode_json( { ip => $relay->{ip}, hosts => [ sort keys %hosts ] } ), "\n";
    $status->finish;
    $message->finish;
}
