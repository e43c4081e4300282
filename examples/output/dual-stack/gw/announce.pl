#!/usr/bin/perl
# Tell the neighbours of this host that its public addresses are here: by gratuitous ARP (RFC 5227, section 3) and by
# unsolicited neighbour advertisements (RFC 4861, 7.2.6). Whoever knew one of them at another host or MAC address
# learns the new place at once, and need not wait until its entry is found wrong.
#
# apply.sh runs this when all else is loaded. It changes nothing on the host and can be run by itself at any time, as
# root in the network namespace of the devices. It needs Debian's perl-base and no more, which every Debian system has.
#
# Exit status: 0 all addresses were announced; 1 some were not, and why is printed.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_RAW inet_pton);

use constant {
    AF_PACKET => 17, ETH_P_ARP => 0x0806, ETH_P_IP => 0x0800, ETH_P_IPV6 => 0x86DD, ARPHRD_ETHER => 1,
    SIOCGIFFLAGS => 0x8913, SIOCGIFHWADDR => 0x8927, SIOCGIFINDEX => 0x8933,    # linux/sockios.h
    IFF_UP => 0x1, IFF_RUNNING => 0x40, IFF_NOARP => 0x80,                      # linux/if.h
    ICMPV6 => 58, NEIGHBOR_ADVERTISEMENT => 136, ROUTER => 0x80000000, OVERRIDE => 0x20000000,
};

# A frame may be lost, so there are two rounds. At most 5,000 frames are sent in a second: 100,000 addresses take 20
# seconds a round, and the queues of the device and of the switch behind it are not flooded.
use constant { ROUNDS => 2, BETWEEN_ROUNDS => 1, BATCH => 50, BETWEEN_BATCHES => 0.01 };

# Seconds that a device has to find its carrier: it may have come up a moment ago.
use constant PATIENCE => 5;

socket(my $link, AF_PACKET, SOCK_RAW, 0) or die "announce.pl: cannot open a packet socket: $!\n";

sub pause {
    select undef, undef, undef, $_[0];
}

# What the kernel says of a device: the union in struct ifreq; nothing if there is no such device.
sub ask {
    my ($question, $device) = @_;
    my $request = pack 'a16 x24', $device;
    return ioctl($link, $question, $request) ? substr($request, 16) : undef;
}

# Why nothing can be announced on a device, and whether that may change by itself in a moment.
sub obstacle {
    my ($device) = @_;
    my $answer = ask(SIOCGIFFLAGS, $device) or return ('does not exist', 0);
    my $flags = unpack 'S', $answer;
    return ('has no neighbours', 0) if $flags & IFF_NOARP or unpack('S', ask(SIOCGIFHWADDR, $device)) != ARPHRD_ETHER;
    return ('is down',        1) if !($flags & IFF_UP);
    return ('has no carrier', 1) if !($flags & IFF_RUNNING);
    return;
}

# The kernel says of itself that it is a router where it forwards, and a neighbour that hears otherwise drops it as one.
sub router_flag {
    my ($device) = @_;
    open my $file, '<', "/proc/sys/net/ipv6/conf/$device/forwarding" or return 0;
    return <$file> > 0 ? ROUTER : 0;
}

sub checksum {
    my $sum = unpack '%32n*', $_[0];
    $sum = ($sum & 0xFFFF) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xFFFF;
}

# An ARP request whose sender and target are the address.
sub gratuitous_arp {
    my ($mac, $ip) = @_;
    my $ethernet = "\xFF" x 6 . $mac . pack 'n', ETH_P_ARP;
    return $ethernet . pack('n n C C n', ARPHRD_ETHER, ETH_P_IP, 6, 4, 1) . $mac . $ip . "\0" x 6 . $ip;
}

# A neighbour advertisement to all nodes that overrides what they know.
sub advertisement {
    my ($mac, $ip, $router) = @_;
    my $nodes = inet_pton(AF_INET6, 'ff02::1');
    my $kind = pack 'C C', NEIGHBOR_ADVERTISEMENT, 0;
    my $body = pack('N', $router | OVERRIDE) . $ip . pack('C C', 2, 1) . $mac;    # the option: target's MAC, 8 bytes
    my $length = 4 + length $body;
    my $sum = checksum($ip . $nodes . pack('N N', $length, ICMPV6) . $kind . $body);
    my $header = pack('N n C C', 6 << 28, $length, ICMPV6, 255) . $ip . $nodes;
    return "\x33\x33\0\0\0\1" . $mac . pack('n', ETH_P_IPV6) . $header . $kind . pack('n', $sum) . $body;
}

my (@devices, %addresses);
while (my $line = <DATA>) {
    next if $line =~ /^(#|$)/;
    my ($device, $address) = split ' ', $line;
    push @devices, $device if !$addresses{$device};
    push @{ $addresses{$device} }, $address;
}

my (%silent, %unsent);
my $deadline = time + PATIENCE;
for my $device (@devices) {
    my ($why, $passing);
    pause(0.1) while ($why, $passing) = obstacle($device) and $passing and time < $deadline;
    $silent{$device} = $why if $why;
}

my $sent = 0;
my @able = grep { !$silent{$_} } @devices;
for my $round (1 .. ROUNDS) {
    pause(BETWEEN_ROUNDS) if @able and $round > 1;
    for my $device (@able) {
        my $index = unpack 'i', ask(SIOCGIFINDEX, $device) // next;
        my $mac = unpack 'x2 a6', ask(SIOCGIFHWADDR, $device) // next;
        my $router = router_flag($device);
        for my $address (@{ $addresses{$device} }) {
            my $six = $address =~ /:/;
            my $ip = inet_pton($six ? AF_INET6 : AF_INET, $address);
            my $frame = $six ? advertisement($mac, $ip, $router) : gratuitous_arp($mac, $ip);
            my $to = pack 'S n i S C C a8', AF_PACKET, $six ? ETH_P_IPV6 : ETH_P_ARP, $index, 0, 0, 6, $frame;
            if (defined send $link, $frame, 0, $to) { delete $unsent{$device}{$address} }
            elsif ($round == 1) { $unsent{$device}{$address} = "$!" }
            pause(BETWEEN_BATCHES) if ++$sent % BATCH == 0;
        }
    }
}

my $status = 0;
for my $device (@devices) {
    my @lost = sort keys %{ $unsent{$device} // {} };
    my $count = $silent{$device} ? @{ $addresses{$device} } : @lost or next;
    my $why = $silent{$device} // "refused a frame: $unsent{$device}{$lost[0]}";
    my $what = $count == 1 ? '1 address is' : "$count addresses are";
    print STDERR "announce.pl: $device $why: $what not announced there\n";
    $status = 1;
}
exit $status;

__DATA__
# what gw announces: device, address
# dual-stack.flow:35
eth0 2001:db8:ff::153
