#!/bin/busybox sh
# The first and only process of the kernel that judges: mounts each volume of /cases, says what it sees, uses some of them
# hard, and powers off. The report goes to the disk that the kernel's command line names (report=vdX), as lines:
#
#   # disks                     then  SYSFS-NAME START SIZE PARTNAME      in sectors of 512 bytes
#   # before NAME, # after NAME then  s HEXMODE UID GID LINKS SIZE MTIME PATH · h SHA256  PATH · l TARGET<tab>PATH
#   # problems NAME             then  what did not work
#   # full NAME                 then  FREE-BLOCKS BLOCK-SIZE when no more could be written
#   # ubi NAME                  then  ID NAME TYPE RESERVED-BLOCKS LEB-SIZE SHA256; of static volumes the sum of all their bytes, else -
#   # messages                  then  the kernel's log
#   # end
#
# Lines of /cases: NAME look|use DEVICE TYPE OPTIONS ERASE-KIB FLASH
#
# JFFS2 mounts no disk: with ERASE-KIB other than 0 the partition's bytes go into a flash of memory (mtdram) with such erase
# blocks, that one is judged, and its bytes go back. FLASH is - or, for UBI, nor:VID-HEADER-OFFSET, or nand:VID-HEADER-OFFSET for a
# NAND flash with pages of 2 KiB and sub-pages of 512 bytes (nandsim); judged is then the volume "root" of it, and nothing goes back.

/bin/busybox mkdir -p /proc /sys /dev /mnt /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
while read -r module; do insmod "/modules/$module"; done </modules/order

readonly MOUNTED=/mnt
# Bytes of one write while a volume is filled.
readonly CHUNK=65536

disks() {
	local folder
	for folder in /sys/class/block/vd*[0-9]; do
		printf '%s %s %s %s\n' "${folder##*/}" "$(cat "$folder/start")" "$(cat "$folder/size")" \
			"$(sed -n 's/^PARTNAME=//p' "$folder/uevent")"
	done
}

list() (
	cd "$MOUNTED" || return
	find . -print0 | xargs -0 stat -c 's %f %u %g %h %s %Y %n'
	find . -type f -print0 | xargs -0 -r sha256sum | sed 's/^/h /'
	find . -type l | while IFS= read -r path; do printf 'l %s\t%s\n' "$(readlink "$path")" "$path"; done
)

# try WORDS...: runs them; a failure becomes a line of the section "problems".
try() {
	"$@" 2>/tmp/error || printf '%s: %s\n' "$*" "$(cat /tmp/error)" >>/tmp/problems
}

write() {
	cat >"$1"
}

append() {
	cat >>"$1"
}

# fill ERASE-KIB. A log is filled up to four erase blocks, which are ERASE-KIB blocks of 4 KiB as statfs counts, and at least two
# writes: in the last ones the garbage collector, which runs beside, finds no room for itself on a slow machine, and says so.
fill() {
	local spare=$(($1 > 32 ? $1 : 32))
	if [ "$1" != 0 ]; then
		while [ "$(stat -f -c %f "$MOUNTED")" -gt "$spare" ]; do
			head -c $CHUNK /dev/urandom | try append "$MOUNTED/fill"
		done
	elif dd if=/dev/zero of="$MOUNTED/fill" bs=$CHUNK 2>/tmp/error; then
		echo 'the volume has no end' >>/tmp/problems
	elif ! grep -q 'No space left' /tmp/error; then
		cat /tmp/error >>/tmp/problems
	fi
	sync
	stat -f -c '%f %S' "$MOUNTED" >/tmp/free
	try rm "$MOUNTED/fill"
}

# use ERASE-KIB: what a system does to its volumes. test/support/qemu-workout.ts knows what must come of it.
use() {
	local new="$MOUNTED/new folder" number
	try mkdir "$new"
	seq 1 20000 | try write "$new/written by the kernel – größe 漢字.txt"
	for number in $(seq 1 60); do echo "$number" >"$new/file number $number of sixty.text" || break; done 2>>/tmp/problems
	try mv "$MOUNTED"/moving/* "$new/"
	try rmdir "$MOUNTED/moving"
	try mv "$MOUNTED/renamed" "$MOUNTED/Renamed to a name of more than one slot"
	try rm -r "$MOUNTED/victims"
	echo appended | try append "$MOUNTED/grows"
	try truncate -s 5 "$MOUNTED/shrinks"
	fill "$1"
	try cp -r "$MOUNTED/kept" "$MOUNTED/copy of kept"
}

# flash_in DEVICE ERASE-KIB: /dev/mtdblock0 with the partition's bytes.
flash_in() {
	local sectors
	sectors=$(cat "/sys/class/block/$1/size")
	rmmod mtdram 2>/dev/null
	try insmod /modules/mtdram.ko "total_size=$((sectors / 2))" "erase_size=$2"
	try dd "if=/dev/$1" of=/dev/mtd0 bs=$CHUNK
}

# 128 MiB: Samsung's K9F1G08. All that the image holds is programmed, 0xFF too, as a device does it that knows no UBI.
nand_in() {
	try insmod /modules/nandsim.ko id_bytes=0xec,0xf1,0x00,0x95
	try dd "if=/dev/$1" of=/dev/mtd0 bs=128k
}

# ubi_in DEVICE ERASE-KIB FLASH: ubi0 with the partition's volumes.
ubi_in() {
	local module
	for module in ubifs ubi nandsim mtdram; do rmmod "$module" 2>/dev/null; done
	case $3 in
	nor:*) flash_in "$1" "$2" ;;
	nand:*) nand_in "$1" ;;
	esac
	try insmod /modules/ubi.ko "mtd=0,${3#*:}"
	try insmod /modules/ubifs.ko
	# The driver's own check of every node and link, at every mount.
	echo 1 | try write /sys/kernel/debug/ubifs/chk_fs
	grep -q '^1' /sys/kernel/debug/ubifs/chk_fs || echo 'UBIFS does not check itself' >>/tmp/problems
}

ubi_volumes() {
	local folder id sum
	for folder in /sys/class/ubi/ubi0_*; do
		id=${folder##*_}
		sum=-
		[ "$(cat "$folder/type")" = dynamic ] || sum=$(head -c "$(cat "$folder/data_bytes")" "/dev/ubi0_$id" | sha256sum)
		echo "$id $(cat "$folder/name") $(cat "$folder/type") $(cat "$folder/reserved_ebs") $(cat "$folder/usable_eb_size") ${sum%% *}"
	done
}

judge() {
	local name=$1 mode=$2 device=$3 type=$4 options=$5 erase=$6 flash=$7 partition=$3
	: >/tmp/problems
	: >/tmp/free
	if [ "$flash" != - ]; then
		ubi_in "$partition" "$erase" "$flash"
		echo "# ubi $name"
		ubi_volumes
		device=ubi0:root
		erase=0
	elif [ "$erase" != 0 ]; then
		flash_in "$partition" "$erase"
		device=mtdblock0
	fi
	echo "# before $name"
	case $device in ubi0:*) ;; *) device=/dev/$device ;; esac
	try mount -t "$type" -o "ro,$options" "$device" "$MOUNTED"
	list
	try umount "$MOUNTED"
	if [ "$mode" = use ]; then
		try mount -t "$type" -o "rw,$options" "$device" "$MOUNTED"
		use "$erase"
		try umount "$MOUNTED"
		try mount -t "$type" -o "ro,$options" "$device" "$MOUNTED"
		echo "# after $name"
		list
		try umount "$MOUNTED"
		[ "$erase" = 0 ] || try dd if=/dev/mtd0 "of=/dev/$partition" bs=$CHUNK
	fi
	echo "# full $name"
	cat /tmp/free
	echo "# problems $name"
	cat /tmp/problems
}

{
	echo '# disks'
	disks
	while read -r name mode device type options erase flash; do
		echo "judging $name" >/dev/console
		judge "$name" "$mode" "$device" "$type" "$options" "$erase" "$flash" </dev/null
	done </cases
	echo '# messages'
	dmesg
	echo '# end'
} >/tmp/report
# shellcheck disable=SC2154 # from the kernel's command line
cat /tmp/report >"/dev/$report"
sync
echo 'all judged' >/dev/console
poweroff -f
