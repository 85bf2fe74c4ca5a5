#!/bin/bash
# SPDX-License-Identifier: MIT
# Process 1 of a recording: inside.sh VAR=VALUE... Lays a cable between a server's and a client's network namespace,
# listens on it, runs the recipe's server and client, and ends; with it everything they started.
set -eu
export "SERVER=192.0.2.2" "CLIENT=192.0.2.1" "SERVER6=2001:db8::2" "CLIENT6=2001:db8::1" "$@"

hostname host.example
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /var/lock
printf '%s\n' '127.0.0.1 localhost' '::1 localhost' "$SERVER host.example host" "$CLIENT client.example client" \
    "$SERVER6 host.example" "$CLIENT6 client.example" >/etc/hosts
printf 'hosts: files dns\npasswd: files\ngroup: files\nshadow: files\nservices: files\nprotocols: files\n' >/etc/nsswitch.conf
rm -f /etc/resolv.conf
echo 'nameserver 192.0.2.2' >/etc/resolv.conf

unshare -n sleep infinity &
holder=$!
while [ "$(readlink /proc/$holder/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
echo "$holder" >/run/client-namespace

at_client() { nsenter --net=/proc/$holder/ns/net "$@"; }

# plug RUNNER MAC ADDRESS ADDRESS6: one end of the cable, without offloads so that packets look as on a wire
plug() {
    "$1" sh -e -c '
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.router_solicitations=0
        ip link set lo up
        ip link set eth0 address "$1" up
        ip addr add "$2/24" dev eth0
        ip addr add "$3/64" dev eth0 nodad
        ip route add 224.0.0.0/4 dev eth0
        ip route add 255.255.255.255/32 dev eth0
        ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null 2>&1' sh "$2" "$3" "$4"
}
at_server() { "$@"; }
ip link add eth0 type veth peer name eth0 netns "$holder"
plug at_server 02:00:00:00:00:02 "$SERVER" "$SERVER6"
plug at_client 02:00:00:00:00:01 "$CLIENT" "$CLIENT6"

tcpdump -i eth0 -U -s 0 --immediate-mode -Z root -w /out/raw.pcap >/out/tcpdump.log 2>&1 &
capture=$!
for _ in $(seq 100); do [ -s /out/raw.pcap ] && break; sleep 0.05; done

status=0
bash /recorder/side.sh server >/out/server.log 2>&1 || { echo "server did not start" >&2; status=3; }
if [ $status = 0 ]; then
    at_client bash /recorder/side.sh client >/out/client.log 2>&1 || { echo "client failed with $?" >&2; status=4; }
fi
sleep 0.4
kill -INT $capture
wait $capture || :
exit $status
