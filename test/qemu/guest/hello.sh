#!/bin/busybox sh
# The first and only process of a kernel that a firmware or boot loader started: says who did (from=… on the kernel's
# command line), whether by way of UEFI, and powers off.

/bin/busybox mkdir -p /proc /sys
/bin/busybox mount -t sysfs sysfs /sys
firmware=BIOS
[ -d /sys/firmware/efi ] && firmware=UEFI
# shellcheck disable=SC2154 # from the kernel's command line
echo "kernel $(/bin/busybox uname -r) started from $from by $firmware"
/bin/busybox poweroff -f
