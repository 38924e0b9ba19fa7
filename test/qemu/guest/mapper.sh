#!/bin/busybox sh
# The first process of the kernel that judges dm-verity and LUKS: maps each partition of /cases, mounts it read-only and says
# what it finds, as base64 between two lines of the console. Lines of what it says:
#
#   NAME SHA256  ./PATH · NAME problem TEXT
#
# Lines of /cases: NAME verity TYPE TABLE… · NAME luks TYPE DEVICE ; /key opens all of those

/bin/busybox mkdir -p /proc /sys /dev /mnt /tmp /run
# Debian's programs stand in /usr/sbin, the rest is busybox.
export PATH=/usr/sbin:/bin DM_DISABLE_UDEV=1
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done </modules/order

# try NAME WORDS...: runs them; what they say on failure becomes a line.
try() {
	local name=$1
	shift
	"$@" >/tmp/said 2>&1 || echo "$name problem $* $(tr '\n' ' ' </tmp/said)"
}

contents() {
	cd /mnt || return
	find . -type f -exec sha256sum {} + 2>/tmp/errors | sed "s/^/$1 /"
	sed "s/^/$1 problem /" /tmp/errors
	cd /
}

judge() {
	local name=$1 kind=$2 type=$3
	shift 3
	if [ "$kind" = verity ]; then
		try "$name" dmsetup create "$name" --readonly --table "$*"
	else
		try "$name" cryptsetup open --readonly --key-file /key "$1" "$name"
	fi
	try "$name" mount -t "$type" -o ro "/dev/mapper/$name" /mnt
	contents "$name"
	try "$name" umount /mnt
}

dmesg -n 1
while read -r line; do
	# shellcheck disable=SC2086 # words
	judge $line </dev/null
done </cases >/tmp/report 2>&1
echo '# begin'
base64 /tmp/report
echo '# end'
# Power would go before the serial line has said all of it: whoever has read the end pulls the plug.
sleep 1000
