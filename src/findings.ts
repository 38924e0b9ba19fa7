/**
 * Every warning has one of these ids: what a config names under `accept:`, `--json` prints beside the
 * message, and scripts may rely on. An id keeps its meaning; docs/findings.md is written from this table.
 */

export interface FindingKind {
  /** When it is reported: a sentence for the documentation. */
  readonly about: string
  /**
   * True where it also depends on the machine or on the command (a tool that is missing, `--depfile`).
   * An `accept:` of it that matches nothing in one run is no mistake.
   */
  readonly varies?: true
  /**
   * True where the result is not all that its inputs say, or not what they seem to be: something was lost,
   * replaced, left from before or not checked. `--quiet` does not silence it.
   */
  readonly weighs?: true
}

/** In the order of the documentation. */
export const FINDINGS = {
  alignment: { about: 'Partitions start at places that are no multiples of 4 KiB.' },
  'accept-unused': { about: 'An entry under `accept:` matches no warning any more.' },
  'unused-setting': { about: 'A variable of `--set` is used nowhere in the config.', varies: true },
  'raw-file-name': { about: 'The name of a raw file looks like the word of a file system.', weighs: true },
  'etcher-name': { about: 'balenaEtcher does not find the image in the zip by its name.' },
  'type-replaced': {
    about: 'A later source puts a file where an earlier one has a folder, or the reverse.',
    weighs: true,
  },
  'brought-twice': { about: 'One source brings an entry twice, under its path and through a link.', weighs: true },
  'archive-end': { about: 'A tar lacks the blocks of zeros at its end, and may be cut off.', weighs: true },
  'owners-dropped': { about: 'Owners of the payload are dropped: root has the files in the image.', weighs: true },
  'xattrs-dropped': { about: 'Extended attributes of the payload are left out.', weighs: true },
  'modes-dropped': { about: 'setuid, setgid and sticky bits are dropped with `modes: git`.', weighs: true },
  'not-pinned': { about: 'The result depends on the building machine (modes, times, programs).', varies: true },
  'raw-container': { about: 'A raw file is an archive or a virtual disk, and is copied as it is.', weighs: true },
  'left-out': {
    about: 'With `lossy: true`, a volume of FAT or exFAT leaves out entries that it cannot hold.',
    weighs: true,
  },
  'attributes-dropped': {
    about: 'With `lossy: true`, a volume of FAT or exFAT drops owners or extended attributes.',
    weighs: true,
  },
  'fat-device-names': { about: 'Windows takes names of the payload for devices (CON, NUL …).' },
  'fat-label-case': { about: 'The label of a FAT has lower case.' },
  'fat-copies': { about: 'A FAT volume has more than two FATs.' },
  'fat-root-entries': { about: '`root_entries` has no effect on FAT32.' },
  'fat-cluster-count': { about: 'The number of clusters is so near a limit that readers disagree about the FAT type.' },
  'fat-no-backup': { about: 'FAT32 has no room for the backup of its boot sector.' },
  'fat-large-clusters': { about: 'Clusters are larger than some firmware reads.' },
  'fat-unused-end': { about: 'The partition is larger than a FAT or exFAT can be at its cluster size.' },
  'ext-no-journal': { about: 'An ext3 or ext4 volume is too small for a journal.', weighs: true },
  'ext-times': { about: 'Times of files are outside what the inodes hold, and are clamped.', weighs: true },
  'jffs2-full': { about: 'JFFS2 has too few free erase blocks to be written to.' },
  'ubi-spare-blocks': { about: 'UBI has fewer spare erase blocks than Linux wants.' },
  'erase-block-tail': { about: 'The end of a partition is no whole erase block.' },
  'luks-random': { about: 'An encrypted partition has other bytes in every build.' },
  'budget-share': { about: 'A partition is fuller than `budget: { warn: … }` allows.' },
  'budget-growth': { about: 'A partition grows so fast that one of the next releases does not fit.' },
  'results-left': {
    about: 'A file of an earlier build was changed since, and stays beside the results.',
    varies: true,
    weighs: true,
  },
  'depfile-name': { about: 'Make and Ninja cannot write the name of an input.', varies: true },
  'module-built-in': { about: 'A module of the list is built into the kernel.' },
  'module-missing': { about: "The module list lacks what the gadget's script loads." },
  'module-listed-twice': { about: 'A list of gen_init_cpio has a module outside of the generated lines, too.' },
  'initramfs-xattrs': { about: 'Extended attributes are left out of the initramfs.', weighs: true },
  'device-tree-include': { about: 'A later include of a device tree may set a property again.' },
  'device-tree-unchanged': { about: 'A device tree has the wanted properties already.' },
  'device-tree-unchecked': { about: 'A device tree was not compiled as a check.', varies: true },
  'usb-host-role': { about: 'The device tree leaves the USB controller a host.' },
  'usb-serial': { about: 'The serial number is not as the mass-storage class has it.' },
  'lun-count': { about: 'There are more LUNs than older kernels take.' },
  'lun-nofua': { about: 'The driver does not apply the parameter nofua.' },
  'lun-size': { about: 'A LUN is no whole number of blocks.' },
  'lun-mounted': { about: 'A LUN is mounted by the board, too.' },
  'lun-windows': { about: 'Windows does not read what a LUN shows.' },
  'older-release': { about: 'A device was given a newer release before.', varies: true, weighs: true },
  'signature-unchecked': {
    about: 'A signed image is written without a check of its signature.',
    varies: true,
    weighs: true,
  },
  'table-damage': { about: 'The partition table of an image is damaged.', varies: true, weighs: true },
  'volume-damage': { about: 'A volume of an image cannot be opened.', varies: true, weighs: true },
  'image-odd': { about: 'An image has something that is odd or unclean, and no damage.', varies: true },
  'second-opinion': { about: 'Another reader could not be asked about a volume.', varies: true },
  'extract-owners': { about: 'An extraction did not keep owners.', varies: true, weighs: true },
  'extract-set-id': { about: 'An extraction did not keep setuid and setgid bits.', varies: true, weighs: true },
  'extract-devices': { about: 'An extraction did not make devices.', varies: true, weighs: true },
  'extract-fifos': { about: 'An extraction did not make fifos.', varies: true, weighs: true },
  'extract-sockets': { about: 'An extraction or a tar left out sockets.', varies: true, weighs: true },
  'extract-xattrs': { about: 'An extraction did not keep extended attributes.', varies: true, weighs: true },
} as const satisfies Readonly<Record<string, FindingKind>>

/** The stable name of a warning, in kebab-case. */
export type FindingId = keyof typeof FINDINGS

export const FINDING_IDS = Object.keys(FINDINGS) as readonly FindingId[]

/** Whether `--quiet` prints it all the same. */
export function isWeighty(finding: FindingId): boolean {
  return 'weighs' in FINDINGS[finding]
}

/** Whether a run that does not find it proves that it is gone. */
export function isCertain(finding: FindingId): boolean {
  return !('varies' in FINDINGS[finding])
}
