/** What is wrong or noteworthy in a payload, collected over the whole tree and told at once. */
import { formatSize } from '../../bytes/format-size.js'
import type { ByteString } from '../../bytes/text.js'
import type { Problem } from '../../errors.js'
import type { FileNode } from '../../tree/file-tree.js'
import { countOf, formatCount, listPaths, listTexts, showPath } from '../path-list.js'
import { MAX_DIRECTORY_SLOTS, MAX_FILE_BYTES, SLOT_BYTES } from './disklayout.js'
import { isDeviceName, MAX_LONG_NAME_UNITS } from './long-names.js'

type UnstorableType = Exclude<FileNode['type'], 'directory' | 'file'>

const TYPE_NAMES: Readonly<Record<UnstorableType, string>> = {
  symlink: 'symbolic link',
  char: 'character device',
  block: 'block device',
  fifo: 'fifo',
  socket: 'socket',
}

const LOSSY_HINT = 'options: {lossy: true} makes a warning of it'

export class PayloadFindings {
  readonly #unstorable = new Map<UnstorableType, ByteString[]>()
  readonly #attributes: ByteString[] = []
  readonly #badNames: string[] = []
  readonly #collisions: string[] = []
  readonly #tooLarge: string[] = []
  readonly #tooManySlots: string[] = []
  readonly #deviceNames: ByteString[] = []
  #notInOrder: readonly ByteString[] = []

  leftOut(path: ByteString, type: UnstorableType): void {
    const paths = this.#unstorable.get(type)
    if (paths === undefined) this.#unstorable.set(type, [path])
    else paths.push(path)
  }

  /** Permission bits are not among these: every file has some, and everybody knows that FAT has none. */
  checkAttributes(path: ByteString, { uid, gid, xattrs }: FileNode): void {
    if (uid !== 0 || gid !== 0 || (xattrs?.size ?? 0) > 0) this.#attributes.push(path)
  }

  badName(path: ByteString, fault: string): void {
    this.#badNames.push(`${showPath(path)} (${fault})`)
  }

  checkDeviceName(path: ByteString, name: string): void {
    if (isDeviceName(name)) this.#deviceNames.push(path)
  }

  collision(first: ByteString, second: ByteString): void {
    this.#collisions.push(`${showPath(first)} and ${showPath(second)}`)
  }

  tooLarge(path: ByteString, sizeBytes: number): void {
    this.#tooLarge.push(`${showPath(path)} (${formatCount(sizeBytes)} bytes)`)
  }

  tooManySlots(path: ByteString, slots: number): void {
    this.#tooManySlots.push(`${showPath(path)} (${formatCount(slots)})`)
  }

  notInOrder(paths: readonly ByteString[]): void {
    this.#notInOrder = paths
  }

  problems({ lossy }: { lossy: boolean }): Problem[] {
    const problems: Problem[] = []
    if (!lossy) {
      for (const [type, paths] of this.#unstorable) {
        const message = `Cannot write ${countOf(paths.length, TYPE_NAMES[type])} to FAT: ${listPaths(paths)}; accepted are files and folders`
        problems.push({ message, hint: `options: {lossy: true} leaves them out with a warning` })
      }
      if (this.#attributes.length > 0) {
        problems.push({ message: `Cannot write ${this.#attributesText()}; accepted is owner 0:0`, hint: LOSSY_HINT })
      }
    }
    if (this.#badNames.length > 0) {
      problems.push({
        message: `Cannot write ${countOf(this.#badNames.length, 'name')} to FAT: ${listTexts(this.#badNames)}; accepted is UTF-8 of 1 to ${MAX_LONG_NAME_UNITS} UTF-16 units, without control characters and " * / : < > ? \\ |, not ending with a dot or a blank`,
      })
    }
    if (this.#collisions.length > 0) {
      problems.push({
        message: `Cannot write ${countOf(this.#collisions.length, 'pair')} of names to FAT: ${listTexts(this.#collisions, '; ')} differ in case only, accepted are names that differ in more`,
      })
    }
    if (this.#tooLarge.length > 0) {
      problems.push({
        message: `Cannot write ${countOf(this.#tooLarge.length, 'file')} to FAT: ${listTexts(this.#tooLarge)}, at most 4 GiB - 1 (${formatCount(MAX_FILE_BYTES)} bytes)`,
      })
    }
    if (this.#tooManySlots.length > 0) {
      problems.push({
        message: `Cannot write ${countOf(this.#tooManySlots.length, 'folder')} to FAT: ${listTexts(this.#tooManySlots)} slots needed, at most ${formatCount(MAX_DIRECTORY_SLOTS)} (${formatSize(MAX_DIRECTORY_SLOTS * SLOT_BYTES)})`,
        hint: 'A name takes one slot, and one more for every 13 characters unless it is a plain 8.3 name',
      })
    }
    if (this.#notInOrder.length > 0) {
      problems.push({
        message: `Cannot put ${listPaths(this.#notInOrder)} first: not in the payload, accepted are paths of files and folders in it`,
      })
    }
    return problems
  }

  warnings({ lossy }: { lossy: boolean }): Problem[] {
    const warnings: Problem[] = []
    if (lossy) {
      for (const [type, paths] of this.#unstorable) {
        warnings.push({ message: `Left out of FAT: ${countOf(paths.length, TYPE_NAMES[type])}: ${listPaths(paths)}` })
      }
      if (this.#attributes.length > 0) warnings.push({ message: `Dropped in FAT: ${this.#attributesText()}` })
    }
    if (this.#deviceNames.length > 0) {
      warnings.push({
        message: `Windows cannot open ${countOf(this.#deviceNames.length, 'name')} that it takes for devices: ${listPaths(this.#deviceNames)}`,
      })
    }
    return warnings
  }

  #attributesText(): string {
    const paths = this.#attributes
    return `owners or extended attributes of ${countOf(paths.length, 'path')}: ${listPaths(paths)}`
  }
}
