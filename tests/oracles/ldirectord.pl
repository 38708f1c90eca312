# What the real ldirectord makes of files: ldirectord.pl /path/to/ldirectord [seconds for each]
#
# Standard input: the path of one file a line. Standard output: one line of JSON for each, either
# {"globals": {...}, "virtuals": [...]} or {"line": 3, "message": "..."} where it refuses.
#
# The program is compiled as it stands and stopped before its own run begins; modules that only its checks of
# servers need may be missing. What hangs on the machine is settled here: every name resolves, to itself, and
# every log can be opened. Where a monitor file, opened as nobody, a range between names or the name of a port
# would decide, the answer is the machine's: {"machine": "..."}.
use strict;
use warnings;
use JSON::PP;
use POSIX ();

$| = 1;
my ($path, $patience) = (@ARGV, 5);
open(my $file, '<', $path) or die "$path: $!\n";
my $program = do { local $/; <$file> };
close $file;
$program =~ s/^# main code$/die { stopped => 1 };/m or die "$path has no main code where it is looked for\n";
$program =~ s/^__END__$.*//ms;
push @INC, sub {
    my ($name) = $_[1] =~ m{^((?:LWP|Net|URI|IO|Mail)\b[\w/]*)\.pm$} or return;
    $name =~ s{/}{::}g;
    return \"package $name; 1;";
};
{ no strict; no warnings; eval $program; }
pop @INC;
die "$path cannot be compiled: $@" unless ref $@ && $@->{stopped};

our (@VIRTUAL, $CONFIG, $CFGNAME, $FALLBACK, $DAEMON_STATUS, $DAEMON_STATUS_RUNNING);
our ($AUTOCHECK, $QUIESCENT, $CHECKTIMEOUT, $NEGOTIATETIMEOUT, $CHECKINTERVAL, $CHECKCOUNT, $FAILURECOUNT);
my @refusal;
{
    no warnings;
    *ld_log = *ld_debug = sub { };
    *ld_openlog = sub { 0 };
    *__config_log = sub { @refusal = ($_[0], $_[2]) if $_[1] eq 'Error' };
    *ld_gethostbyname = \&host;
    *ld_getservbyname = \&port;
}
# As at a reload: a refusal is told to the caller instead of ending the process.
$DAEMON_STATUS = $DAEMON_STATUS_RUNNING;
POSIX::setuid(65534) if $> == 0;

my $json = JSON::PP->new->canonical;
while (my $asked = <STDIN>) {
    chomp $asked;
    ($CONFIG, $CFGNAME, @refusal) = ($asked, 'asked');
    my $read = eval { local $SIG{ALRM} = sub { die "too slow\n" }; alarm $patience; read_config(); alarm 0; 1 };
    my $why = $@;
    my $answer = $read ? accepted() : @refusal ? refused(@refusal) : { machine => "$why" };
    print $json->encode($answer), "\n"; # the bytes as they stand in the file
}

# Numbers are left to the resolver, which knows the old forms of an address; any other name is its own address.
sub host {
    my ($name, $family) = @_;
    $name = $1 if $name =~ /\[(.*)\]/;
    my @found = Socket6::getaddrinfo($name, 0, $family, 0, 0, Socket6::AI_NUMERICHOST());
    if (@found > 3) {
        my ($address) = Socket6::getnameinfo($found[3], Socket6::NI_NUMERICHOST() | Socket6::NI_NUMERICSERV());
        return $family == Socket::AF_INET() ? $address : "[$address]";
    }
    return undef if $name =~ /:/ || $name =~ /^[0-9.]+$/ || $name =~ /^0[xX][0-9A-Fa-f]+$/;
    return $name =~ /^[A-Za-z0-9._+-]{1,255}$/ ? $name : undef;
}

sub port {
    my ($name, $protocol) = @_;
    return $name < 65536 ? $name : undef if $name =~ /^[0-9]+$/;
    my $known = getservbyname($name, $protocol || 'tcp') || getservbyname($name, 'tcp');
    return defined $known ? $known : $name;
}

sub refused {
    my ($line, $message) = @_;
    chomp $message;
    return { machine => $message } if $message =~ /^unable to open|^Invalid IP address/;
    return { line => $line + 0, message => $message };
}

sub accepted {
    # An IPv6 address is cut apart where the port did not become a number.
    return { machine => 'port' } if grep { ($_->{server} // '') =~ /^\[[^\]]*$/ } @VIRTUAL;
    my %globals = (
        quiescent => $QUIESCENT,
        autoreload => $AUTOCHECK,
        fallback => $FALLBACK ? server($FALLBACK->{tcp}) : undef,
    );
    return { globals => \%globals, virtuals => [ map { virtual($_) } @VIRTUAL ] };
}

sub virtual {
    my ($virtual) = @_;
    my %plain = map { $_ => text($virtual->{$_}) } qw(
        server port fwm protocol scheduler service checktype quiescent persistent netmask request receive
        virtualhost checkport ops
    );
    $plain{family} = $virtual->{addressfamily} == Socket::AF_INET() ? 4 : 6;
    $plain{reals} = [ map { server($_) } @{$virtual->{real}} ];
    $plain{fallback} = $virtual->{fallback} ? server($virtual->{fallback}) : undef;
    return \%plain;
}

sub server {
    my ($server) = @_;
    return { map { $_ => text($server->{$_}) } qw(server port forward weight request receive l-threshold u-threshold) };
}

sub text { return defined $_[0] ? "$_[0]" : undef }
