#!/bin/busybox sh
# The first and only process of a kernel that is a board and a PC at once: dummy_hcd joins a USB device controller and a
# host controller by a cable of software. Runs the scripts that diskloom wrote for the board and says what the PC sees. The
# report goes to the disk that the kernel's command line names (report=vdX): sections that begin with "# ".
#
#   # NAME of a run           then  what the command said, and at last: exit STATUS
#   # NAME of a look          then  lines as the function below it makes them
#   # end

/bin/busybox mkdir -p /proc /sys /dev /mnt /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "$module"; done </modules.order

readonly MNT=/mnt
readonly CONFIGFS=/sys/kernel/config

# run NAME COMMAND...
run() {
	echo "# $1"
	echo "at $1" >/dev/console
	shift
	"$@" 2>&1
	echo "exit $?"
}

# The PC notices in its own time. soon COMMAND...: when it succeeds, or after some seconds.
soon() {
	local tries=0
	until "$@" || [ $tries -ge 100 ]; do
		usleep 100000
		tries=$((tries + 1))
	done
}

there() {
	[ -e "$1" ]
}

# All of it: a disk that goes keeps its name until nobody has it open.
gone() {
	local each
	for each in /sys/block/sd* /sys/bus/usb/devices/[0-9]*-[1-9]*; do
		[ ! -e "$each" ] || return 1
	done
}

empty() {
	[ -z "$(cat "$1")" ]
}

another_device_than() {
	[ -n "$(usb)" ] && [ "$(usb)" != "$1" ]
}

# USB devices but hubs: ids and strings.
usb() {
	local device
	for device in /sys/bus/usb/devices/[0-9]*-[1-9]*; do
		[ -r "$device/idVendor" ] || continue
		printf '%s:%s:%s|%s|%s|%s|%s\n' "$(cat "$device/idVendor")" "$(cat "$device/idProduct")" "$(cat "$device/bDeviceClass")" \
			"$(cat "$device/manufacturer")" "$(cat "$device/product")" "$(cat "$device/serial")" "$(cat "$device/devnum")"
	done
}

# Disks of the PC: name, sectors of 512 bytes, read-only, removable, vendor and model; their partitions.
disks() {
	local disk part
	for disk in /sys/block/sd* /sys/block/sr*; do
		[ -e "$disk" ] || continue
		printf '%s %s %s %s|%s|%s\n' "${disk##*/}" "$(cat "$disk/size")" "$(cat "$disk/ro")" "$(cat "$disk/removable")" \
			"$(cat "$disk/device/vendor")" "$(cat "$disk/device/model")"
		for part in "$disk"/sd*; do
			[ ! -e "$part" ] || printf '%s %s %s\n' "${part##*/}" "$(cat "$part/start")" "$(cat "$part/size")"
		done
	done
}

# What is left of gadgets.
leftovers() {
	find "$CONFIGFS/usb_gadget" -mindepth 1 2>/dev/null
	ls -d /sys/block/sd* 2>/dev/null
	usb
}

# list TYPE DEVICE OPTIONS: as init.sh lists.
list() {
	mount -t "$1" -o "ro,$3" "$2" "$MNT" || return
	(
		cd "$MNT" || exit
		find . -print0 | xargs -0 stat -c 's %f %u %g %h %s %Y %n'
		find . -type f -print0 | xargs -0 -r sha256sum | sed 's/^/h /'
		find . -type l | while IFS= read -r path; do printf 'l %s\t%s\n' "$(readlink "$path")" "$path"; done
	)
	umount "$MNT"
}

# START STOP UNIT with LoEj, as eject(1) sends it, by the older interface of sg: struct sg_header (36 bytes, five numbers and
# the sense data), then the command. Nobody reads the answer: the board sees what came of it.
eject_disk() {
	local sg
	sg=$(basename /sys/block/"$1"/device/scsi_generic/*)
	exec 3<>"/dev/$sg"
	printf '\052\0\0\0\044\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\033\0\0\0\002\0' >&3
	exec 3>&-
	soon empty "$CONFIGFS/usb_gadget/storage/functions/mass_storage.0/lun.0/file"
}

# On the PC: writes into a volume and ejects the disk, as a user does.
write_and_eject() {
	mount -t vfat "/dev/${1}1" "$MNT" && seq 1 20000 >"$MNT/from the PC.txt" && umount "$MNT" && sync && eject_disk "$1"
}

# On the board.
read_on_board() {
	mount -t vfat -o ro "$1" "$MNT" && sha256sum <"$MNT/from the PC.txt" && umount "$MNT"
}

write_read_only() {
	local before after
	before=$(sha256sum </dev/vdb)
	dd if=/dev/zero of="/dev/$1" bs=512 count=1 conv=fsync 2>/dev/null && echo 'dd wrote'
	mount -t vfat -o rw "/dev/$1" "$MNT" 2>/dev/null && { echo x >"$MNT/x" && echo 'vfat wrote'; umount "$MNT"; }
	after=$(sha256sum </dev/vdb)
	[ "$before" = "$after" ] && echo unchanged
}

# A start that was killed on its way.
half_a_gadget() {
	mkdir "$CONFIGFS/usb_gadget/storage"
	cd "$CONFIGFS/usb_gadget/storage" || return
	mkdir strings/0x409 configs/c.1 configs/c.1/strings/0x409 functions/mass_storage.0 functions/mass_storage.0/lun.1
	ln -s functions/mass_storage.0 configs/c.1/
	cd /
}

# Both ends stay open: what a port gets while nobody has it open may be lost.
serial_line() {
	exec 4<>/dev/ttyGS0 5<>/dev/ttyACM0
	stty raw -echo <&4
	stty raw -echo <&5
	echo 'over USB' >&5
	timeout 20 head -c 9 <&4
	exec 4>&- 5>&-
}

network() {
	local interface
	for interface in /sys/class/net/*; do
		[ "${interface##*/}" = lo ] || printf '%s\n' "$(cat "$interface/address")"
	done | sort
}

interfaces() {
	local interface
	for interface in /sys/bus/usb/devices/[0-9]*-*:*; do
		printf '%s/%s/%s %s\n' "$(cat "$interface/bInterfaceClass")" "$(cat "$interface/bInterfaceSubClass")" \
			"$(cat "$interface/bInterfaceProtocol")" "$(basename "$(readlink "$interface/driver")")"
	done | grep -v '^09'
}

judge() {
	local gadget=/etc/init.d/S50usb-gadget
	run start sh "$gadget" start
	soon there /dev/sdc
	soon there /dev/sda2
	run usb usb
	run disks disks
	run status sh "$gadget" status
	run 'start again' sh "$gadget" start
	run 'usb after a second start' usb
	run 'list fat' list vfat /dev/sda1 utf8,shortname=mixed,tz=UTC
	run 'list ext4' list ext4 /dev/sda2 acl
	run 'write to what is read-only' write_read_only sdb
	run 'write and eject' write_and_eject sda
	run 'LUNs after ejection' sh "$gadget" status
	run 'read on the board' read_on_board /dev/vda1
	run insert sh "$gadget" insert 0
	run 'LUNs after insertion' sh "$gadget" status
	run 'insert what there is not' sh "$gadget" insert 7
	mount -t vfat /dev/sdc "$MNT"
	run 'harvest while the PC has it' sh /gadget/storage/harvest open
	umount "$MNT"
	run harvest sh /gadget/storage/harvest open
	printf 'one\ntwo\r\nthree\n' | run 'harvest append' sh /gadget/storage/harvest append data.log
	run 'insert while the board has it' sh "$gadget" insert 2
	run 'harvest close' sh /gadget/storage/harvest close
	run 'harvest run' sh /gadget/storage/harvest run sh -c 'echo four >>data.log; exit 3'
	mount -t vfat -o ro /dev/sdc "$MNT"
	run harvested od -A n -c "$MNT/data.log"
	umount "$MNT"
	before=$(usb)
	run restart sh "$gadget" restart
	soon another_device_than "$before"
	run 'usb after a restart' usb
	run stop sh "$gadget" stop
	soon gone
	run 'after stop' leftovers
	run 'stop again' sh "$gadget" stop
	run 'status after stop' sh "$gadget" status

	mount -t vfat /dev/vda1 "$MNT"
	run 'start while the board has it mounted' sh "$gadget" start
	umount "$MNT"
	run 'after a start that was refused' leftovers

	run 'a start that fails in the middle' sh /gadget/broken/S50usb-gadget start
	run 'after a start that failed' leftovers
	run 'a start without its controller' sh /gadget/elsewhere/S50usb-gadget start
	run 'after a start without its controller' leftovers
	half_a_gadget
	run 'start over half a gadget' sh "$gadget" start
	soon there /dev/sda2
	run 'disks over half a gadget' disks
	sh "$gadget" stop
	soon gone

	gadget=/gadget/composite/S50usb-gadget
	run 'composite start' sh "$gadget" start
	soon there /dev/ttyACM0
	soon there /dev/sda
	run 'composite usb' usb
	run 'composite interfaces' interfaces
	run 'composite disks' disks
	run 'composite network' network
	run 'composite serial line' serial_line
	run 'composite stop' sh "$gadget" stop
	soon gone
	run 'after the composite stop' leftovers
}

judge >/tmp/report
{
	echo '# messages'
	dmesg
	echo '# end'
} >>/tmp/report
# shellcheck disable=SC2154 # from the kernel's command line
cat /tmp/report >"/dev/$report"
sync
echo 'all judged' >/dev/console
poweroff -f
