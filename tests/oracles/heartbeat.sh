# The real heartbeat 3.0.6 as a judge, in namespaces of its own: heartbeat.sh FOLDER UNPACKED
#
# One host h1 with eth0 at 10.0.0.1/24. Standard input: a line for each case, whose files lie in FOLDER.
# Standard output: for each case, "accepted" where heartbeat would run, what it says, "== " and the words that
# ResourceManager makes of each line of haresources, then "===".
set -e
folder=$1 unpacked=$2
cd "$folder"
mkdir root
mount -t tmpfs -o mode=0755 root root
cd root
mkdir -p usr proc dev run/heartbeat/ccm run/heartbeat/crm run/lock tmp var/log var/lib/heartbeat/cores/root old ask
mkdir -p var/lib/heartbeat/cores/nobody var/lib/heartbeat/cores/hacluster
mount -t overlay -o "lowerdir=$unpacked/usr:/usr" usr usr
ln -s usr/bin usr/sbin usr/lib usr/lib64 .
ln -s /run var/run
ln -s /run/lock var/lock
cp -a "$unpacked/etc" .
cp -a /etc/alternatives etc
printf 'root:x:0:0::/:/bin/sh\nhacluster:x:100:100::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n' >etc/passwd
printf 'root:x:0:\nhaclient:x:100:\nnobody:x:65534:\n' >etc/group
printf '127.0.0.1 localhost\n10.0.0.1 h1\n10.0.0.2 h2\n' >etc/hosts
echo 'hosts: files' >etc/nsswitch.conf
for device in null zero random urandom; do : >dev/$device; mount --bind /dev/$device dev/$device; done
mount -t proc proc proc
mount --bind "$folder" ask
chown -R 100:100 run/heartbeat var/lib/heartbeat
hostname h1
ip link set lo up
ip link add eth0 type veth peer name peer0
ip link set eth0 up
ip link set peer0 up
ip addr add 10.0.0.1/24 brd + dev eth0
pivot_root . old
umount -l /old

# The pipeline that takes haresources apart, as the program itself has it.
eval "$(sed -n '/^ipres() {/,/^}/p' /usr/share/heartbeat/ResourceManager)"
HA_DIR=/etc/ha.d

while read -r _; do
    cp /ask/ha.cf /ask/haresources /ask/authkeys /etc/ha.d/
    chmod 600 /etc/ha.d/authkeys
    /usr/libexec/heartbeat/heartbeat -f >/tmp/said 2>&1 </dev/null &
    # It makes its fifo once nothing is left to refuse. Five seconds are plenty for either.
    left=250
    while [ -e /proc/$!/exe ] && [ ! -p /var/lib/heartbeat/fifo ] && [ $left != 0 ]; do
        left=$((left - 1))
        sleep 0.02
    done
    [ ! -p /var/lib/heartbeat/fifo ] || echo accepted
    cat /tmp/said
    kill -9 -1 2>/dev/null || :
    wait
    rm -rf /tmp/said /run/heartbeat.pid /var/log/* /var/lib/heartbeat/fifo
    ipres | sed 's/^/== /'
    echo ===
done
