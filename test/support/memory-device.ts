/** A device in memory, full of what a used one holds, that can be slow, break, vanish or forget bits. */
import { IoError } from '../../src/errors.js'
import type { BlockDevice } from '../../src/flash/block-device.js'

/** What stood there before: hides no missing write. */
export const USED = 0xd1

export interface MemoryDeviceOptions {
  sectorBytes?: number
  /** Called before every operation; throwing makes it fail. `count` is that of all operations before it. */
  before?: (operation: 'write' | 'zero' | 'read' | 'flush', offset: number, count: number) => void | Promise<void>
  /** Called after every write, with all that the device holds. */
  after?: (bytes: Uint8Array, offset: number, length: number) => void
}

export class MemoryDevice implements BlockDevice {
  readonly path = '/dev/memory'
  readonly sectorBytes: number
  readonly bytes: Uint8Array
  /** [offset, length] of every write and zeroing, in order. */
  readonly writes: [number, number][] = []
  readonly #options: MemoryDeviceOptions
  count = 0
  closed = false

  constructor(sizeBytes: number, options: MemoryDeviceOptions = {}) {
    this.bytes = new Uint8Array(sizeBytes).fill(USED)
    this.sectorBytes = options.sectorBytes ?? 512
    this.#options = options
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.#assertDirect(offset, bytes.length, bytes)
    await this.#begin('write', offset)
    this.bytes.set(bytes, offset)
    this.writes.push([offset, bytes.length])
    this.#options.after?.(this.bytes, offset, bytes.length)
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#assertDirect(offset, length)
    await this.#begin('zero', offset)
    this.bytes.fill(0, offset, offset + length)
    this.writes.push([offset, length])
    this.#options.after?.(this.bytes, offset, length)
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    this.#assertDirect(offset, target.length, target)
    await this.#begin('read', offset)
    target.set(this.bytes.subarray(offset, offset + target.length))
  }

  async flush(): Promise<void> {
    await this.#begin('flush', 0)
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async #begin(operation: 'write' | 'zero' | 'read' | 'flush', offset: number): Promise<void> {
    const count = this.count++
    await this.#options.before?.(operation, offset, count)
  }

  /** What the kernel would refuse with EINVAL. */
  #assertDirect(offset: number, length: number, memory?: Uint8Array): void {
    const units = [offset, length, memory?.byteOffset ?? 0]
    if (units.some((value) => value % this.sectorBytes !== 0) || offset + length > this.sizeBytes || length === 0) {
      throw new Error(`no direct I/O of ${length} bytes at ${offset} from memory at ${memory?.byteOffset}`)
    }
  }
}

/** As `openDevice`'s own fail. */
export function deviceError(errno: string, offset: number): IoError {
  return new IoError(`Cannot write /dev/memory at byte ${offset}: ${errno}`, {
    details: { path: '/dev/memory', offset, errno },
  })
}
