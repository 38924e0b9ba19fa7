/**
 * A FAT reader for tests, written from the specification alone: it shares no table, constant or function with the writer.
 * It checks while it reads, and throws at the first thing that a strict reader could stumble over.
 */
import { closeSync, openSync, readSync } from 'node:fs'

export interface FatItem {
  /** `EFI/BOOT/BOOTX64.EFI`, as long names and case flags give it. */
  path: string
  kind: 'file' | 'directory'
  shortName: string
  attributes: number
  sizeBytes: number
  /** Seconds since 1970, the volume's time taken as UTC; created has hundredths. */
  modified: number
  created: number
  firstCluster: number
  clusters: number
  content?: Buffer
}

export interface FatVolume {
  width: 12 | 16 | 32
  clusterBytes: number
  clusters: number
  freeClusters: number
  label: string | undefined
  items: FatItem[]
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`FAT: ${what}`)
}

export function readFatVolume(path: string, options: { offsetBytes?: number; contents?: boolean } = {}): FatVolume {
  const fd = openSync(path, 'r')
  try {
    return new Reader(fd, options.offsetBytes ?? 0, options.contents ?? true).volume()
  } finally {
    closeSync(fd)
  }
}

class Reader {
  readonly #fd: number
  readonly #base: number
  readonly #contents: boolean
  readonly #boot: Buffer
  readonly #sectorSize: number
  readonly #clusterBytes: number
  readonly #dataStart: number
  readonly #clusters: number
  readonly #width: 12 | 16 | 32
  readonly #fat: Buffer
  readonly #owners = new Map<number, string>()

  constructor(fd: number, base: number, contents: boolean) {
    this.#fd = fd
    this.#base = base
    this.#contents = contents
    const boot = this.#read(0, 512)
    this.#boot = boot
    check(boot[510] === 0x55 && boot[511] === 0xaa, 'no signature')
    check(boot[0] === 0xeb && boot[2] === 0x90, 'no jump')
    this.#sectorSize = boot.readUInt16LE(11)
    this.#clusterBytes = boot[13]! * this.#sectorSize
    const reserved = boot.readUInt16LE(14)
    const fats = boot[16]!
    const rootSectors = Math.ceil((boot.readUInt16LE(17) * 32) / this.#sectorSize)
    const total = boot.readUInt16LE(19) || boot.readUInt32LE(32)
    const fatSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36)
    check(total % boot.readUInt16LE(24) === 0, 'no whole tracks')
    this.#dataStart = (reserved + fats * fatSectors + rootSectors) * this.#sectorSize
    this.#clusters = Math.floor((total * this.#sectorSize - this.#dataStart) / this.#clusterBytes)
    this.#width = boot.readUInt16LE(22) === 0 ? 32 : this.#clusters < 4085 ? 12 : 16
    this.#fat = this.#read(reserved * this.#sectorSize, fatSectors * this.#sectorSize)
    check(this.#fat.length * 8 >= (this.#clusters + 2) * this.#width, 'FAT too short')
    for (let copy = 1; copy < fats; copy++) {
      const other = this.#read((reserved + copy * fatSectors) * this.#sectorSize, fatSectors * this.#sectorSize)
      check(other.equals(this.#fat), `FAT ${copy} differs`)
    }
    check(this.#fat[0] === boot[21], 'media byte of the FAT')
  }

  volume(): FatVolume {
    const boot = this.#boot
    const items: FatItem[] = []
    const bpbLabel = boot.toString('latin1', ...(this.#width === 32 ? [71, 82] : [43, 54])).trimEnd()
    const typeText = boot.toString('latin1', ...(this.#width === 32 ? [82, 90] : [54, 62]))
    check(typeText === `FAT${this.#width}   `, `type text ${typeText}`)
    let root: Buffer
    if (this.#width === 32) {
      root = this.#readClusters(this.#chain(boot.readUInt32LE(44), '/'))
    } else {
      const length = boot.readUInt16LE(17) * 32
      root = this.#read(this.#dataStart - Math.ceil(length / this.#sectorSize) * this.#sectorSize, length)
    }
    const label = this.#readDirectory(root, '', 0, 0, items)
    check((label ?? 'NO NAME') === bpbLabel, `labels "${label}" and "${bpbLabel}"`)

    let freeClusters = 0
    for (let cluster = 2; cluster < this.#clusters + 2; cluster++) {
      if (this.#entry(cluster) === 0) freeClusters++
      else check(this.#owners.has(cluster), `cluster ${cluster} belongs to nobody`)
    }
    for (let entry = this.#clusters + 2; entry < Math.floor((this.#fat.length * 8) / this.#width); entry++) {
      check(this.#entry(entry) === 0, `FAT entry ${entry} behind the last cluster`)
    }
    if (this.#width === 32) this.#checkFsInfo(freeClusters)
    return {
      width: this.#width,
      clusterBytes: this.#clusterBytes,
      clusters: this.#clusters,
      freeClusters,
      label,
      items,
    }
  }

  #checkFsInfo(freeClusters: number): void {
    const backup = this.#boot.readUInt16LE(50)
    const fsInfo = this.#read(this.#boot.readUInt16LE(48) * this.#sectorSize, 512)
    check(fsInfo.readUInt32LE(0) === 0x41615252 && fsInfo.readUInt32LE(484) === 0x61417272, 'FSInfo signatures')
    check(
      fsInfo.readUInt32LE(488) === freeClusters,
      `FSInfo says ${fsInfo.readUInt32LE(488)} free, ${freeClusters} are`,
    )
    const next = fsInfo.readUInt32LE(492)
    check(next >= 2 && next < this.#clusters + 2, `FSInfo next free ${next}`)
    check(backup === 0 || this.#read(backup * this.#sectorSize, 512).equals(this.#boot), 'backup boot sector')
  }

  #read(offset: number, length: number): Buffer {
    return this.#readInto(Buffer.allocUnsafe(length), offset)
  }

  #readInto(buffer: Buffer, offset: number): Buffer {
    const count = buffer.length === 0 ? 0 : readSync(this.#fd, buffer, 0, buffer.length, this.#base + offset)
    check(count === buffer.length, `${count} of ${buffer.length} bytes at ${offset}`)
    return buffer
  }

  #entry(cluster: number): number {
    if (this.#width === 32) return this.#fat.readUInt32LE(cluster * 4) & 0x0fffffff
    if (this.#width === 16) return this.#fat.readUInt16LE(cluster * 2)
    const pair = this.#fat.readUInt16LE(Math.floor(cluster * 1.5))
    return cluster % 2 === 1 ? pair >> 4 : pair & 0xfff
  }

  #chain(first: number, owner: string): number[] {
    const end = { 12: 0xff8, 16: 0xfff8, 32: 0x0ffffff8 }[this.#width]
    const clusters: number[] = []
    for (let cluster = first; cluster < end; cluster = this.#entry(cluster)) {
      check(cluster >= 2 && cluster < this.#clusters + 2, `${owner}: cluster ${cluster}`)
      check(!this.#owners.has(cluster), `${owner} and ${this.#owners.get(cluster)} share cluster ${cluster}`)
      this.#owners.set(cluster, owner)
      clusters.push(cluster)
    }
    return clusters
  }

  #readClusters(clusters: number[]): Buffer {
    const bytes = Buffer.allocUnsafe(clusters.length * this.#clusterBytes)
    // What stands together is read at once.
    for (let begin = 0, end = 0; begin < clusters.length; begin = end) {
      while (clusters[end] === clusters[begin]! + end - begin) end++
      const length = (end - begin) * this.#clusterBytes
      const at = this.#dataStart + (clusters[begin]! - 2) * this.#clusterBytes
      this.#readInto(bytes.subarray(begin * this.#clusterBytes).subarray(0, length), at)
    }
    return bytes
  }

  /** Gives the volume's label where the directory has one. */
  #readDirectory(slots: Buffer, path: string, self: number, parent: number, items: FatItem[]): string | undefined {
    let label: string | undefined
    let long: { left: number; checksum: number; text: string } | undefined
    const shortNames = new Set<string>()
    let at = path === '' ? 0 : this.#checkDots(slots, path, self, parent)
    for (; at < slots.length && slots[at] !== 0; at += 32) {
      const slot = slots.subarray(at, at + 32)
      check(slot[0] !== 0xe5, `${path}: a deleted slot`)
      if (slot[11] === 0x0f) {
        long = readLongSlot(slot, long)
        continue
      }
      const shortName = slot.toString('latin1', 0, 11)
      check(/^[A-Z0-9!#$%&'()@^_`{}~-]+ *$/.test(shortName.slice(0, 8)) || slot[11] === 8, `short name "${shortName}"`)
      check(!shortNames.has(shortName), `${path}: short name "${shortName}" twice`)
      if (slot[11] === 8) {
        check(path === '' && long === undefined && label === undefined, 'a label where none belongs')
        label = shortName.trimEnd()
        continue
      }
      shortNames.add(shortName)
      let name = plainName(slot)
      if (long !== undefined) {
        check(long.left === 0 && long.checksum === checksumOf(slot), `${path}: long name of "${shortName}"`)
        name = long.text
        long = undefined
      }
      this.#readItem(slot, shortName, path === '' ? name : `${path}/${name}`, self, items)
    }
    check(long === undefined, `${path}: a long name without an entry`)
    check(
      slots.subarray(at).every((byte) => byte === 0),
      `${path}: not zeros behind the last entry`,
    )
    return label
  }

  #checkDots(slots: Buffer, path: string, self: number, parent: number): number {
    const dot = slots.subarray(0, 32)
    const dotDot = slots.subarray(32, 64)
    check(dot.toString('latin1', 0, 11) === '.          ' && clusterOf(dot) === self, `${path}: .`)
    check(dotDot.toString('latin1', 0, 11) === '..         ' && clusterOf(dotDot) === parent, `${path}: ..`)
    check(dot[11] === 0x10 && dotDot[11] === 0x10, `${path}: attributes of . and ..`)
    return 64
  }

  #readItem(slot: Buffer, shortName: string, path: string, parent: number, items: FatItem[]): void {
    const attributes = slot[11]!
    const isDirectory = (attributes & 0x10) !== 0
    const sizeBytes = slot.readUInt32LE(28)
    const firstCluster = clusterOf(slot)
    const clusters = firstCluster === 0 ? [] : this.#chain(firstCluster, path)
    const modified = secondsOf(slot.readUInt16LE(24), slot.readUInt16LE(22))
    const created = secondsOf(slot.readUInt16LE(16), slot.readUInt16LE(14)) + slot[13]! / 100
    const item = { path, shortName, attributes, sizeBytes, modified, created, firstCluster, clusters: clusters.length }
    if (isDirectory) {
      check(sizeBytes === 0 && clusters.length > 0, `${path}: size ${sizeBytes}, ${clusters.length} clusters`)
      items.push({ ...item, kind: 'directory' })
      this.#readDirectory(this.#readClusters(clusters), path, firstCluster, parent, items)
      return
    }
    check(clusters.length === Math.ceil(sizeBytes / this.#clusterBytes), `${path}: ${clusters.length} clusters`)
    if (!this.#contents) {
      items.push({ ...item, kind: 'file' })
      return
    }
    const data = this.#readClusters(clusters)
    check(
      data.subarray(sizeBytes).every((byte) => byte === 0),
      `${path}: not zeros behind the end`,
    )
    items.push({ ...item, kind: 'file', content: data.subarray(0, sizeBytes) })
  }
}

function clusterOf(slot: Buffer): number {
  return slot.readUInt16LE(20) * 65536 + slot.readUInt16LE(26)
}

function secondsOf(date: number, time: number): number {
  const [year, month, day] = [1980 + (date >> 9), (date >> 5) & 15, date & 31]
  return Date.UTC(year, month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2) / 1000
}

function plainName(slot: Buffer): string {
  const lower = (text: string, flag: number) => ((slot[12]! & flag) === 0 ? text : text.toLowerCase())
  const base = lower(slot.toString('latin1', 0, 8).trimEnd(), 8)
  const extension = lower(slot.toString('latin1', 8, 11).trimEnd(), 16)
  return extension === '' ? base : `${base}.${extension}`
}

function checksumOf(slot: Buffer): number {
  return slot.subarray(0, 11).reduce((sum, byte) => ((sum >> 1) + ((sum & 1) << 7) + byte) % 256, 0)
}

function readLongSlot(slot: Buffer, before: { left: number; checksum: number; text: string } | undefined) {
  const order = slot[0]!
  const isFirst = (order & 0x40) !== 0
  check(isFirst === (before === undefined), `long name slot 0x${order.toString(16)} out of order`)
  check(before === undefined || (order === before.left && slot[13] === before.checksum), 'long name slots')
  check(slot[12] === 0 && slot.readUInt16LE(26) === 0, 'reserved fields of a long name')
  const units = Buffer.concat([slot.subarray(1, 11), slot.subarray(14, 26), slot.subarray(28, 32)]).toString('utf16le')
  const end = units.indexOf('\0')
  check(end < 0 || (isFirst && /^\uffff*$/.test(units.slice(end + 1))), 'padding of a long name')
  check(!isFirst || end !== 0, 'an empty long name slot')
  const part = end < 0 ? units : units.slice(0, end)
  return { left: (order & 0x3f) - 1, checksum: slot[13]!, text: part + (before?.text ?? '') }
}
