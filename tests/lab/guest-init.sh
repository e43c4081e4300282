#!/bin/sh
# PID 1 of the guest: make it look like a running system, run one command, power off.
# /run/lab is the work folder outside; boot.py puts command.sh and settings.sh there.
[ $$ -eq 1 ] || exit 1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root TERM=dumb LC_ALL=C.UTF-8
cd /run/lab || exit 1
. ./settings.sh

mkdir -p /run/netns /run/lock /run/tmp /dev/pts /dev/shm /lib/modules
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /run/tmp
export TMPDIR=/run/tmp
rm -rf "/lib/modules/$(uname -r)"
ln -s "$LAB_MODULES" "/lib/modules/$(uname -r)"
ip link set lo up

echo started >state
sh ./command.sh </dev/null >output.txt 2>&1
echo $? >status
dmesg >kernel.log
sync
# There is no init system to ask: the kernel powers off at once.
echo o >/proc/sysrq-trigger
sleep 60
