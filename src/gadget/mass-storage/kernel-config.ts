/**
 * Fragments for scripts/kconfig/merge_config.sh: the steps that the application note takes in menuconfig, and what the
 * scripts need of BusyBox.
 */
import type { MassStorageSpec } from '../../config/spec.js'
import { functionOptions } from './usb-functions.js'

/** [Linux 6.1] init/Kconfig, drivers/block/Kconfig, drivers/usb/gadget/Kconfig, fs/fat/Kconfig, fs/nls/Kconfig */
export function kernelConfig(spec: MassStorageSpec): string {
  const driver =
    spec.driver === 'g_mass_storage'
      ? ['CONFIG_USB_MASS_STORAGE=m']
      : [
          'CONFIG_CONFIGFS_FS=y',
          'CONFIG_USB_CONFIGFS=m',
          ...functionOptions(spec).map(switchedOn),
          ...(spec.functions.includes('acm') ? ['CONFIG_TTY=y'] : []),
          ...(spec.functions.some((name) => name !== 'acm') ? ['CONFIG_NET=y', 'CONFIG_NETDEVICES=y'] : []),
        ]
  return fragment('the kernel', [
    ['loadable modules', ['CONFIG_MODULES=y', 'CONFIG_MODULE_UNLOAD=y']],
    ['the port as a peripheral', ['CONFIG_USB_SUPPORT=y', 'CONFIG_USB_GADGET=y']],
    ['what shows the storage', ['CONFIG_BLOCK=y', ...driver]],
    ['a file as a disk of the board itself', ['CONFIG_BLK_DEV=y', 'CONFIG_BLK_DEV_LOOP=y']],
    [
      'FAT on the board, as Windows writes it',
      ['CONFIG_VFAT_FS=y', 'CONFIG_NLS=y', 'CONFIG_NLS_CODEPAGE_437=y', 'CONFIG_NLS_ISO8859_1=y'],
    ],
  ])
}

/** The shell with what the scripts take for granted, and the programs that they call. [BUSYBOX 1.35] */
const SHELL = ['ASH', 'ASH_ECHO', 'ASH_PRINTF', 'ASH_TEST', 'FEATURE_SH_MATH']
const OF_THE_SERVICE = 'CAT FEATURE_READLINK_FOLLOW FIND GREP HEAD LN MKDIR MOUNT READLINK RM RMDIR SED SLEEP'.split(
  ' ',
)
const OF_THE_HARVEST = ['CUT', 'SYNC', 'UMOUNT']

/** What the application note switches on, and what the scripts call. */
export function busyboxConfig(spec: MassStorageSpec): string {
  const called = [...SHELL, ...OF_THE_SERVICE, ...(spec.harvest === undefined ? [] : OF_THE_HARVEST)]
  return fragment('BusyBox', [
    [
      'modules with parameters, as the application note has them',
      [
        '# CONFIG_MODPROBE_SMALL is not set',
        ...['INSMOD', 'RMMOD', 'LSMOD', 'MODPROBE', 'FEATURE_CMDLINE_MODULE_OPTIONS'].map(switchedOn),
      ],
    ],
    ['loop devices', ['LOSETUP', 'FEATURE_MOUNT_LOOP'].map(switchedOn)],
    ['what the scripts call', called.map(switchedOn)],
  ])
}

function switchedOn(option: string): string {
  return `CONFIG_${option}=y`
}

function fragment(of: string, sections: readonly (readonly [string, readonly string[]])[]): string {
  const text = sections.map(([title, lines]) => `\n# ${title}\n${lines.join('\n')}\n`).join('')
  return `# Made by diskloom: what the USB storage needs of ${of}. scripts/kconfig/merge_config.sh .config THIS\n${text}`
}
