/** What is wrong or noteworthy in a payload, collected over the whole tree and told at once. */
import { formatSize } from '../../bytes/format-size.js'
import type { ByteString } from '../../bytes/text.js'
import type { Problem, Warning } from '../../errors.js'
import { countOf, formatCount, listPaths, listTexts, showPath } from '../path-list.js'
import { UnkeptNodes } from '../unkept-nodes.js'
import { isDeviceName, NAME_RULE } from '../windows-name.js'
import { MAX_DIRECTORY_SLOTS, MAX_FILE_BYTES, SLOT_BYTES } from './disklayout.js'

export class PayloadFindings {
  readonly unkept = new UnkeptNodes('FAT')
  readonly #badNames: string[] = []
  readonly #collisions: string[] = []
  readonly #tooLarge: string[] = []
  readonly #tooManySlots: string[] = []
  readonly #deviceNames: ByteString[] = []
  #notInOrder: readonly ByteString[] = []

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
    const problems: Problem[] = lossy ? [] : this.unkept.problems()
    if (this.#badNames.length > 0) {
      problems.push({
        message: `Cannot write ${countOf(this.#badNames.length, 'name')} to FAT: ${listTexts(this.#badNames)}; accepted is ${NAME_RULE}`,
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

  warnings({ lossy }: { lossy: boolean }): Warning[] {
    const warnings: Warning[] = lossy ? this.unkept.warnings() : []
    if (this.#deviceNames.length > 0) {
      warnings.push({
        finding: 'fat-device-names',
        message: `Windows cannot open ${countOf(this.#deviceNames.length, 'name')} that it takes for devices: ${listPaths(this.#deviceNames)}`,
      })
    }
    return warnings
  }
}
