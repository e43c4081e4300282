#!/bin/busybox sh
# The first program of the guest. The new root is this machine's / (read-only, over 9p) with
# a layer in memory above it, so that every path is the same as outside and all may be written.
busybox=/bin/busybox
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sys /sys
$busybox mount -t devtmpfs dev /dev
while read -r module; do
    $busybox insmod "/modules/$module" || echo "packet lab: cannot load $module"
done </modules/order

# cache=loose: nothing outside is expected to change during the run, and Python starts
# ten times as fast. The work folder is not cached: the outer pytest reads along.
$busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /host
$busybox mount -t tmpfs -o mode=755 writable /writable
$busybox mkdir /writable/upper /writable/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/writable/upper,workdir=/writable/work root /new
$busybox mount -t tmpfs -o mode=755 run /new/run
$busybox mkdir /new/run/lab
$busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 work /new/run/lab
for kernel_folder in proc sys dev; do
    $busybox mount --move /$kernel_folder /new/$kernel_folder
done
exec $busybox switch_root /new /bin/sh /run/lab/guest-init.sh
