/**
 * The first and the last stretch of a device, which are written last. Both hold everything that makes a disk of it: MBR, GPT
 * headers and entries (of 512 and 4096 bytes' sectors), the boot sector or superblock of a volume without a table.
 */
import { alignDown } from '../bytes/align.js'
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { WINDOW_ALIGN_BYTES } from '../image/windows.js'
import type { BlockDevice } from './block-device.js'

/** Holds 34 sectors of 512 and 6 of 4096 bytes with room to spare. */
const GUARD_BYTES = 64 << 10
/** Wiped at both ends beforehand: entries that were moved, superblocks of other systems' tables, signatures of RAIDs at the end. */
const WIPE_BYTES = 1 << 20

export interface Guard {
  readonly start: number
  /** Zeros where nothing was kept back. */
  readonly bytes: Uint8Array
}

/** [start, end) in bytes. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

export class Guards {
  readonly #device: BlockDevice
  readonly #head: Guard
  readonly #tail: Guard

  constructor(device: BlockDevice) {
    this.#device = device
    const { sizeBytes } = device
    const headEnd = Math.min(GUARD_BYTES, sizeBytes)
    const tailStart = Math.max(headEnd, alignDown(sizeBytes - GUARD_BYTES, WINDOW_ALIGN_BYTES))
    this.#head = guard(0, headEnd)
    this.#tail = guard(tailStart, sizeBytes)
  }

  /** What lies between them. */
  get body(): Stretch {
    return { start: this.#head.bytes.length, end: this.#tail.start }
  }

  /** Copies what belongs to a guard, and gives the stretch in between that may be written now, if there is any. */
  keepBack(offset: number, bytes: Uint8Array): Stretch | undefined {
    const end = offset + bytes.length
    for (const { start, bytes: kept } of [this.#head, this.#tail]) {
      const from = Math.max(offset, start)
      const to = Math.min(end, start + kept.length)
      if (from < to) kept.set(bytes.subarray(from - offset, to - offset), from - start)
    }
    return this.withinBody({ start: offset, end })
  }

  withinBody({ start, end }: Stretch): Stretch | undefined {
    const { body } = this
    const inside = { start: Math.max(start, body.start), end: Math.min(end, body.end) }
    return inside.start < inside.end ? inside : undefined
  }

  /** Writes zeros over both ends, so that what stood on the device is no longer found, by anybody. */
  async wipe(): Promise<void> {
    const { sizeBytes } = this.#device
    const length = Math.min(WIPE_BYTES, sizeBytes)
    const zeros = new Uint8Array(pageAlignedMemory(length)).subarray(0, length)
    await this.#device.write(0, zeros)
    const tailStart = Math.max(length, alignDown(sizeBytes - length, this.#device.sectorBytes))
    if (tailStart < sizeBytes) await this.#device.write(tailStart, zeros.subarray(0, sizeBytes - tailStart))
    await this.#device.flush()
  }

  /** The last step: the end of the device first, so that sector 0 comes when all is there. Gives what was written. */
  async write(): Promise<readonly Guard[]> {
    const guards = [this.#tail, this.#head].filter(({ bytes }) => bytes.length > 0)
    for (const { start, bytes } of guards) {
      await this.#device.write(start, bytes)
      await this.#device.flush()
    }
    return guards
  }
}

function guard(start: number, end: number): Guard {
  return { start, bytes: new Uint8Array(pageAlignedMemory(end - start)).subarray(0, end - start) }
}
