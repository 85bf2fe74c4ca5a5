#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs "$@" chrooted in a throw-away overlay: sandbox.sh LOWERDIRS SCRATCH UPPER BIND:TARGET... -- COMMAND
# Called inside fresh mount (and, for recordings, pid, net, uts, ipc) namespaces; all of it vanishes with them.
# UPPER "-" keeps changes in memory; a directory keeps them (that is how packages get installed).
set -e
lower=$1 scratch=$2 upper=$3
shift 3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$scratch"
mkdir "$scratch/root"
if [ "$upper" = - ]; then
    mkdir "$scratch/upper" "$scratch/work"
    upper=$scratch/upper work=$scratch/work
else
    work=$upper.work
    mkdir -p "$work"
fi
mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" overlay "$scratch/root"
root=$scratch/root
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for node in null zero full random urandom tty net/tun; do
    touch "$root/dev/$node" && mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "$root/dev/${n#*:}"; done
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$root${1#*:}"
    mount --bind "${1%%:*}" "$root${1#*:}"
    shift
done
shift
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games \
    HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
    chroot "$root" "$@"
