/**
 * Directories: the head of the root, and one set of entries for each file and folder. [EXFAT §6,
 * §7]
 */
import { guidToBytes } from '../../bytes/guid.js'
import type { FileNode } from '../../tree/file-tree.js'
import { nameHash, setChecksum } from './checksums.js'
import {
  ALLOCATION_POSSIBLE,
  ATTR_ARCHIVE,
  ATTR_DIRECTORY,
  BitmapEntry,
  ENTRY_BYTES,
  FileEntry,
  GuidEntry,
  LabelEntry,
  MAX_LABEL_UNITS,
  NameEntry,
  NO_FAT_CHAIN,
  StreamEntry,
  TYPE_BITMAP,
  TYPE_FILE,
  TYPE_GUID,
  TYPE_LABEL,
  TYPE_NAME,
  TYPE_STREAM,
  TYPE_UP_CASE,
  UNITS_PER_NAME_ENTRY,
  UpCaseEntry,
} from './disklayout.js'
import { entrySetBytes } from './payload.js'
import { type ClusterRun, type ExfatPlan, rootHeadBytes } from './plan.js'
import { encodeExfatTime, UTC } from './times.js'
import { upCase } from './up-case.js'

/**
 * The entries of a directory of the payload; what is left of its clusters is zeros, which end the
 * list.
 */
export function encodeDirectory(plan: ExfatPlan, index: number): Uint8Array {
  const { payload, geometry } = plan
  const directory = payload.directories[index]!
  const headBytes = index === 0 ? rootHeadBytes(plan) : 0
  const target = new Uint8Array(headBytes + directory.entryBytes)
  if (index === 0) encodeRootHead(target, plan)
  let at = headBytes
  for (const { kind, index: child } of directory.entries) {
    const isFolder = kind === 'directory'
    const { name, node } = isFolder ? payload.directories[child]! : payload.files[child]!
    const run = isFolder ? plan.directories[child]! : plan.files[child]!
    const sizeBytes = node.type === 'file' ? node.content.sizeBytes : run.count * geometry.clusterBytes
    at += encodeSet(target, at, { name, node, run, sizeBytes })
  }
  return target
}

function encodeRootHead(
  target: Uint8Array,
  { label, bitmap, upCaseRun, upCase: table, guid, geometry }: ExfatPlan,
): void {
  const units = Buffer.alloc(2 * MAX_LABEL_UNITS)
  units.write(label, 'utf16le')
  LabelEntry.encodeInto(target, 0, { EntryType: TYPE_LABEL, CharacterCount: label.length, VolumeLabel: units })
  BitmapEntry.encodeInto(target, ENTRY_BYTES, {
    EntryType: TYPE_BITMAP,
    BitmapFlags: 0,
    FirstCluster: bitmap.first,
    DataLength: Math.ceil(geometry.clusters / 8),
  })
  UpCaseEntry.encodeInto(target, 2 * ENTRY_BYTES, {
    EntryType: TYPE_UP_CASE,
    TableChecksum: table.checksum,
    FirstCluster: upCaseRun.first,
    DataLength: table.bytes.length,
  })
  if (guid === undefined) return
  const guidAt = 3 * ENTRY_BYTES
  const entry = { EntryType: TYPE_GUID, SecondaryCount: 0, GeneralPrimaryFlags: 0, VolumeGuid: guidToBytes(guid) }
  GuidEntry.encodeInto(target, guidAt, { ...entry, SetChecksum: 0 })
  const SetChecksum = setChecksum(target.subarray(guidAt, guidAt + ENTRY_BYTES))
  GuidEntry.encodeInto(target, guidAt, { ...entry, SetChecksum })
}

interface EntrySet {
  readonly name: string
  readonly node: FileNode
  readonly run: ClusterRun
  readonly sizeBytes: number
}

/** Returns the bytes that the set takes. */
function encodeSet(target: Uint8Array, offset: number, { name, node, run, sizeBytes }: EntrySet): number {
  const length = entrySetBytes(name)
  const names = length / ENTRY_BYTES - 2
  const { timestamp, increment } = encodeExfatTime(node.mtime)
  const file = {
    EntryType: TYPE_FILE,
    SecondaryCount: 1 + names,
    SetChecksum: 0,
    FileAttributes: node.type === 'directory' ? ATTR_DIRECTORY : ATTR_ARCHIVE,
    CreateTimestamp: timestamp,
    LastModifiedTimestamp: timestamp,
    LastAccessedTimestamp: timestamp,
    Create10msIncrement: increment,
    LastModified10msIncrement: increment,
    CreateUtcOffset: UTC,
    LastModifiedUtcOffset: UTC,
    LastAccessedUtcOffset: UTC,
  }
  FileEntry.encodeInto(target, offset, file)
  StreamEntry.encodeInto(target, offset + ENTRY_BYTES, {
    EntryType: TYPE_STREAM,
    GeneralSecondaryFlags: ALLOCATION_POSSIBLE | (run.count === 0 ? 0 : NO_FAT_CHAIN),
    NameLength: name.length,
    NameHash: nameHash(Buffer.from(upCase(name), 'utf16le')),
    ValidDataLength: sizeBytes,
    FirstCluster: run.first,
    DataLength: sizeBytes,
  })
  const units = Buffer.alloc(2 * UNITS_PER_NAME_ENTRY * names)
  units.write(name, 'utf16le')
  for (let part = 0; part < names; part++) {
    const from = 2 * UNITS_PER_NAME_ENTRY * part
    NameEntry.encodeInto(target, offset + (2 + part) * ENTRY_BYTES, {
      EntryType: TYPE_NAME,
      GeneralSecondaryFlags: 0,
      FileName: units.subarray(from, from + 2 * UNITS_PER_NAME_ENTRY),
    })
  }
  FileEntry.encodeInto(target, offset, { ...file, SetChecksum: setChecksum(target.subarray(offset, offset + length)) })
  return length
}
