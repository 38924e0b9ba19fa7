/**
 * Fragments for scripts/kconfig/merge_config.sh: the steps that the application note takes in menuconfig, and what the
 * scripts need of BusyBox.
 */
import type { MassStorageSpec } from '../../config/spec.js'
import { functionOptions } from './usb-functions.js'

/** [LINUX 6.1] init/Kconfig, drivers/block/Kconfig, drivers/usb/gadget/Kconfig, fs/fat/Kconfig, fs/nls/Kconfig */
export function kernelConfig(spec: MassStorageSpec): string {
  const driver =
    spec.driver === 'g_mass_storage'
      ? ['CONFIG_USB_MASS_STORAGE=m']
      : [
          'CONFIG_CONFIGFS_FS=y',
          'CONFIG_USB_CONFIGFS=m',
          ...functionOptions(spec).map((option) => `CONFIG_${option}=y`),
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

/** Applets and features that the scripts call. [BUSYBOX 1.35] */
export function busyboxConfig(spec: MassStorageSpec): string {
  const applets = [
    'CAT',
    'FIND',
    'GREP',
    'HEAD',
    'LN',
    'MKDIR',
    'MOUNT',
    'PRINTF',
    'READLINK',
    'RM',
    'RMDIR',
    'SED',
    'SLEEP',
  ]
  const ofHarvest = ['CUT', 'SYNC', 'UMOUNT']
  const names = spec.harvest === undefined ? applets : [...applets, ...ofHarvest]
  return fragment('BusyBox', [
    [
      'modules with parameters, as the application note has them',
      [
        '# CONFIG_MODPROBE_SMALL is not set',
        'CONFIG_INSMOD=y',
        'CONFIG_RMMOD=y',
        'CONFIG_LSMOD=y',
        'CONFIG_MODPROBE=y',
        'CONFIG_FEATURE_CMDLINE_MODULE_OPTIONS=y',
      ],
    ],
    ['loop devices', ['CONFIG_LOSETUP=y', 'CONFIG_FEATURE_MOUNT_LOOP=y']],
    [
      'what the scripts call',
      ['CONFIG_ASH=y', 'CONFIG_FEATURE_READLINK_FOLLOW=y', ...names.sort().map((name) => `CONFIG_${name}=y`)],
    ],
  ])
}

function fragment(of: string, sections: readonly (readonly [string, readonly string[]])[]): string {
  const text = sections.map(([title, lines]) => `\n# ${title}\n${lines.join('\n')}\n`).join('')
  return `# Made by diskloom: what the USB storage needs of ${of}. scripts/kconfig/merge_config.sh .config THIS\n${text}`
}
