/** The slots of a directory as bytes.  [FATGEN §6, §7] */
import { alignDown } from '../../bytes/align.js'
import type { Timestamp } from '../../tree/file-tree.js'
import { type Allocation, type RootPlacement, slotsOf } from './allocation.js'
import { ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_VOLUME_ID, DirectoryEntry, SLOT_BYTES } from './disklayout.js'
import { encodeLongName } from './long-names.js'
import type { FatDirectory } from './payload.js'
import { encodeFatTime } from './times.js'

/** What the entries of a volume take from it. */
export interface DirectoryContext {
  readonly allocation: Allocation
  readonly root: RootPlacement
  readonly label: string | undefined
  /** Of the label's entry. */
  readonly volumeTime: Timestamp
  readonly offsetMinutes: number
}

interface Slot {
  readonly name: string
  readonly attributes: number
  readonly caseFlags: number
  readonly firstCluster: number
  readonly sizeBytes: number
  readonly time: Timestamp
}

/** Bits of a cluster number in DIR_FstClusLO. */
const LOW_CLUSTER_BITS = 16
const LOW_CLUSTER_MASK = 0xffff

/** The used slots of a directory: label or `.` and `..` first, then its entries. What follows them is zeros. */
export function encodeDirectory(directory: FatDirectory, context: DirectoryContext): Uint8Array {
  const { allocation, root, label, offsetMinutes } = context
  const target = new Uint8Array(slotsOf(directory, root) * SLOT_BYTES)
  let at = 0
  const add = (slot: Slot) => {
    encodeSlot(target, at, slot, offsetMinutes)
    at += SLOT_BYTES
  }

  const { parent, index, node } = directory
  if (parent !== undefined) {
    const dot = { attributes: ATTR_DIRECTORY, caseFlags: 0, sizeBytes: 0, time: node.mtime }
    add({ ...dot, name: '.', firstCluster: allocation.directories[index]! })
    // Both have the times of the directory itself. The root is cluster 0, even where FAT32 has it in one.  [FATGEN §6.5]
    add({ ...dot, name: '..', firstCluster: parent.parent === undefined ? 0 : allocation.directories[parent.index]! })
  } else if (label !== undefined) {
    // Whole seconds, as mkfs.fat stores it.
    const time = { seconds: alignDown(context.volumeTime.seconds, 2), nanoseconds: 0 }
    add({ name: label, attributes: ATTR_VOLUME_ID, caseFlags: 0, firstCluster: 0, sizeBytes: 0, time })
  }
  for (const { shortName, caseFlags, longName, target: item } of directory.entries) {
    if (longName !== undefined) at = encodeLongName(target, at, longName, shortName)
    const isFile = item.kind === 'file'
    add({
      name: shortName,
      attributes: isFile ? ATTR_ARCHIVE : ATTR_DIRECTORY,
      caseFlags,
      firstCluster: (isFile ? allocation.files : allocation.directories)[item.index]!,
      sizeBytes: isFile ? item.node.content.sizeBytes : 0,
      time: item.node.mtime,
    })
  }
  return target
}

function encodeSlot(target: Uint8Array, at: number, slot: Slot, offsetMinutes: number): void {
  const { date, time, hundredths } = encodeFatTime(slot.time, offsetMinutes)
  DirectoryEntry.encodeInto(target, at, {
    DIR_Name: slot.name,
    DIR_Attr: slot.attributes,
    DIR_NTRes: slot.caseFlags,
    DIR_CrtTimeTenth: hundredths,
    DIR_CrtTime: time,
    DIR_CrtDate: date,
    DIR_LstAccDate: date,
    DIR_FstClusHI: slot.firstCluster >> LOW_CLUSTER_BITS,
    DIR_WrtTime: time,
    DIR_WrtDate: date,
    DIR_FstClusLO: slot.firstCluster & LOW_CLUSTER_MASK,
    DIR_FileSize: slot.sizeBytes,
  })
}
