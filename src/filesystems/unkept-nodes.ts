/** Files and attributes that FAT and exFAT have no place for: refused, or left out with a warning (`lossy`). */
import type { ByteString } from '../bytes/text.js'
import type { Problem, Warning } from '../errors.js'
import type { FileNode } from '../tree/file-tree.js'
import { countOf, listPaths } from './path-list.js'

type UnstorableType = Exclude<FileNode['type'], 'directory' | 'file'>

const TYPE_NAMES: Readonly<Record<UnstorableType, string>> = {
  symlink: 'symbolic link',
  char: 'character device',
  block: 'block device',
  fifo: 'fifo',
  socket: 'socket',
}

export class UnkeptNodes {
  readonly #title: string
  readonly #unstorable = new Map<UnstorableType, ByteString[]>()
  readonly #attributes: ByteString[] = []

  /** `title`: of the file system, for messages. */
  constructor(title: string) {
    this.#title = title
  }

  leftOut(path: ByteString, type: UnstorableType): void {
    const paths = this.#unstorable.get(type)
    if (paths === undefined) this.#unstorable.set(type, [path])
    else paths.push(path)
  }

  /** Permission bits are not reported: every file has some, and it is known that these file systems have none. */
  checkAttributes(path: ByteString, { uid, gid, xattrs }: FileNode): void {
    if (uid !== 0 || gid !== 0 || (xattrs?.size ?? 0) > 0) this.#attributes.push(path)
  }

  problems(): Problem[] {
    const problems: Problem[] = [...this.#unstorable].map(([type, paths]) => ({
      message: `Cannot write ${countOf(paths.length, TYPE_NAMES[type])} to ${this.#title}: ${listPaths(paths)}; accepted are files and folders`,
      hint: `options: {lossy: true} leaves them out with a warning`,
    }))
    if (this.#attributes.length > 0) {
      const message = `Cannot write ${this.#attributesText()}; accepted is owner 0:0`
      problems.push({ message, hint: 'options: {lossy: true} makes a warning of it' })
    }
    return problems
  }

  warnings(): Warning[] {
    const warnings: Warning[] = [...this.#unstorable].map(([type, paths]) => ({
      finding: 'left-out',
      message: `Left out of ${this.#title}: ${countOf(paths.length, TYPE_NAMES[type])}: ${listPaths(paths)}`,
    }))
    if (this.#attributes.length > 0) {
      warnings.push({ finding: 'attributes-dropped', message: `Dropped in ${this.#title}: ${this.#attributesText()}` })
    }
    return warnings
  }

  #attributesText(): string {
    const paths = this.#attributes
    return `owners or extended attributes of ${countOf(paths.length, 'path')}: ${listPaths(paths)}`
  }
}
