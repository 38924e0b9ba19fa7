/** exFAT volumes as tests make them: planned and written over a used medium, and read back. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { bootChecksum, setChecksum } from '../../src/filesystems/exfat/checksums.js'
import { exfatFormat } from '../../src/filesystems/exfat/format.js'
import type { ExfatFormatOptions } from '../../src/filesystems/exfat/option-table.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import { materialize } from './materialize.js'
import { runTool } from './oracle.js'

export const USED_MEDIUM = 0xd1
export const EXFAT_ENVIRONMENT = {
  time: { seconds: 1_767_225_601, nanoseconds: 0 },
  uuid: '1a2b3c4d-0000-5000-8000-000000000000',
  offsetBytes: 1 << 20,
  sectorSize: 512,
}

export interface ExfatDraft {
  /** Missing: the smallest that fits. */
  readonly sizeBytes?: number
  readonly options?: ExfatFormatOptions
  readonly sectorSize?: number
  readonly offsetBytes?: number
  /** Missing: 0xD1. */
  readonly unspecified?: 'hole' | number
}

/** Writes a volume to `path` and returns its plan. */
export function makeExfat(path: string, tree: FileTree, draft: ExfatDraft = {}) {
  const { options = {}, sectorSize = 512, offsetBytes = EXFAT_ENVIRONMENT.offsetBytes } = draft
  const environment = { ...EXFAT_ENVIRONMENT, sectorSize, offsetBytes }
  const sizeBytes = draft.sizeBytes ?? exfatFormat.smallestSizeBytes(tree, options, environment)
  const plan = exfatFormat.plan(tree, sizeBytes, options, environment)
  materialize(plan.encode(), path, { unspecified: draft.unspecified ?? USED_MEDIUM })
  return plan
}

/** Returns `clean`, or the complaints of fsck.exfat. */
export function fsckExfat(path: string): string {
  const { status, stdout, stderr } = runTool('fsck.exfat', ['-n', path])
  const said = `${stdout}${stderr}`
    .replaceAll(path, 'volume')
    .replace(/^exfatprogs version.*\n/, '')
    .trim()
  return status === 0 && /^volume: clean\. directories \d+, files \d+$/.test(said) ? 'clean' : said
}

/** A volume of the host that tests damage, byte by byte. */
export class EditedVolume {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'r+')
  }

  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    readSync(this.#fd, bytes, 0, length, offset)
    return bytes
  }

  write(offset: number, bytes: Uint8Array): void {
    writeSync(this.#fd, bytes, 0, bytes.length, offset)
  }

  flip(offset: number, mask: number): void {
    this.write(offset, Buffer.of(this.read(offset, 1)[0]! ^ mask))
  }

  u32(offset: number, value?: number): number {
    const bytes = this.read(offset, 4)
    if (value !== undefined) {
      bytes.writeUInt32LE(value)
      this.write(offset, bytes)
    }
    return bytes.readUInt32LE()
  }

  /** Makes the checksum of the boot region at that byte right again. */
  sealBoot(start = 0, sectorSize = 512): void {
    const sum = bootChecksum(this.read(start, 11 * sectorSize))
    for (let at = 0; at < sectorSize; at += 4) this.u32(start + 11 * sectorSize + at, sum)
  }

  /** Makes the checksum of the entry set at that byte right again. */
  sealSet(offset: number): void {
    const set = this.read(offset, 32 * (1 + this.read(offset + 1, 1)[0]!))
    set.writeUInt16LE(setChecksum(set), 2)
    this.write(offset, set)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
