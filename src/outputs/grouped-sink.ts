/**
 * An image in a container of independent units, each of which a compressor makes from a group of windows; long stretches
 * of one byte are units that were prepared once. Groups are compressed on all processors and written in order.
 */
import { availableParallelism } from 'node:os'
import type { DiskImage } from '../image/extent.js'
import type { AppendedFile } from './appended-file.js'
import type { FileSink } from './sink.js'

/** A frame of zstd, a block of xz. */
export interface PackedUnit {
  /** Its length in the container, as the container's own index counts. */
  readonly storedBytes: number
  readonly contentBytes: number
}

export interface PackedPart {
  /** One or more units end to end, cut anyhow. */
  readonly pieces: Iterable<Uint8Array>
  readonly units: Iterable<PackedUnit>
}

/** One container being written. `compress` and `fill` may overlap, and must depend on nothing but their arguments. */
export interface GroupFormat {
  /** The most that one unit holds: more is denser, less is kept in memory and shared better. */
  readonly groupBytes: number
  /** Fills come as multiples of this; what is left goes to the compressor. */
  readonly fillUnitBytes: number
  /** Shorter fills go to the compressor, too: cutting a group costs more. A multiple of `fillUnitBytes`. */
  readonly leastFillBytes: number
  header(): Uint8Array
  /**
   * `group` is in memory that threads share, and the format's until its part is written, with what stands behind it in its
   * buffer, UNIT_ROOM_BYTES at least: the part may stand there.
   */
  compress(group: Uint8Array, signal: AbortSignal): Promise<PackedPart>
  fill(byte: number, lengthBytes: number, signal: AbortSignal): Promise<PackedPart>
  /** What stands behind all units, given in their order. */
  trailer(units: readonly PackedUnit[]): Uint8Array
}

interface Group {
  readonly buffer: Uint8Array
  length: number
}

/** What a unit of content that cannot be compressed may add to it: some bytes for each 128 KiB, in zstd. */
const UNIT_ROOM_BYTES = 4096

/** More groups at once would hold more memory than a build may take. */
const MOST_PROCESSES = 8

export class GroupedSink implements FileSink {
  readonly isBrief = true
  readonly #file: AppendedFile
  readonly #format: GroupFormat
  readonly #sizeBytes: number
  readonly #buffers: GroupBuffers
  readonly #abort = new AbortController()
  readonly #units: PackedUnit[] = []
  #group: Group | undefined
  /** End of what was taken in. */
  #end = 0
  /** Calls are taken in one after the other. */
  #taken: Promise<void> = Promise.resolve()
  /** Parts are made in any order and written in theirs. */
  #written: Promise<void> = Promise.resolve()

  private constructor(file: AppendedFile, image: DiskImage, format: GroupFormat, processes: number) {
    this.#file = file
    this.#format = format
    this.#sizeBytes = image.sizeBytes
    // One more than are compressed, to be filled meanwhile.
    this.#buffers = new GroupBuffers(processes + 1, format.groupBytes)
  }

  /** Takes `file` over: closes it on failure, at the end, and by `close`. */
  static async open(
    file: AppendedFile,
    image: DiskImage,
    format: GroupFormat,
    processes = availableParallelism(),
  ): Promise<GroupedSink> {
    try {
      await file.write(format.header())
    } catch (error) {
      await file.close()
      throw error
    }
    return new GroupedSink(file, image, format, Math.min(processes, MOST_PROCESSES))
  }

  get sha256(): string {
    return this.#file.sha256
  }

  window(offset: number, bytes: Uint8Array): Promise<void> {
    const inside = bytes.subarray(0, this.#sizeBytes - offset)
    return this.#enqueue(async () => {
      await this.#takeFill(offset - this.#end, 0)
      await this.#takeBytes(inside)
    })
  }

  fill(offset: number, length: number, byte: number): Promise<void> {
    const inside = Math.min(length, this.#sizeBytes - offset)
    return this.#enqueue(async () => {
      await this.#takeFill(offset - this.#end, 0)
      await this.#takeFill(inside, byte)
    })
  }

  async finish(): Promise<void> {
    await this.#enqueue(() => this.#takeFill(this.#sizeBytes - this.#end, 0))
    this.#closeGroup()
    await this.#written
    await this.#file.write(this.#format.trailer(this.#units))
    await this.#file.close()
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await Promise.allSettled([this.#taken, this.#written])
    await this.#file.close()
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    this.#taken = this.#taken.then(step)
    this.#taken.catch(() => {})
    return this.#taken
  }

  async #takeFill(length: number, byte: number): Promise<void> {
    const { fillUnitBytes, leastFillBytes } = this.#format
    let rest = length
    if (length >= leastFillBytes) {
      rest = length % fillUnitBytes
      this.#closeGroup()
      const part = this.#format.fill(byte, length - rest, this.#abort.signal)
      this.#write(part)
      this.#end += length - rest
      // Parts that nobody waits for could pile up.
      await part
    }
    while (rest > 0) {
      const { buffer, length: start } = await this.#openGroup()
      const count = Math.min(rest, buffer.length - start)
      buffer.fill(byte, start, start + count)
      this.#grow(count)
      rest -= count
    }
  }

  async #takeBytes(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { buffer, length: start } = await this.#openGroup()
      const count = Math.min(bytes.length - done, buffer.length - start)
      buffer.set(bytes.subarray(done, done + count), start)
      this.#grow(count)
      done += count
    }
  }

  async #openGroup(): Promise<Group> {
    this.#group ??= { buffer: await this.#buffers.acquire(), length: 0 }
    return this.#group
  }

  #grow(count: number): void {
    const group = this.#group!
    group.length += count
    this.#end += count
    if (group.length === group.buffer.length) this.#closeGroup()
  }

  #closeGroup(): void {
    if (this.#group === undefined) return
    const { buffer, length } = this.#group
    this.#group = undefined
    const part = this.#format.compress(buffer.subarray(0, length), this.#abort.signal)
    this.#write(part)
    // Only when it is written, too, so that one slow group cannot have finished ones pile up behind it.
    void this.#written.then(
      () => this.#buffers.release(buffer),
      (error) => this.#buffers.fail(error),
    )
  }

  #write(part: Promise<PackedPart>): void {
    // A part that fails while others are written is reported in its turn, not as an unhandled rejection.
    part.catch(() => {})
    this.#written = this.#written.then(async () => {
      const { pieces, units } = await part
      for (const piece of pieces) await this.#file.write(piece)
      for (const unit of units) this.#units.push(unit)
    })
    this.#written.catch(() => {})
  }
}

/** A fixed number of buffers, made when first needed, since fresh memory is dear (buffer-pool.ts). */
class GroupBuffers {
  readonly #free: Uint8Array[] = []
  readonly #bytes: number
  #unmade: number
  #waiting: { resolve(buffer: Uint8Array): void; reject(error: unknown): void } | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(count: number, bytes: number) {
    this.#unmade = count
    this.#bytes = bytes
  }

  /** Waits until one is free; one call at a time. Rejects once `fail` has told why none will be. */
  async acquire(): Promise<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure.error
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#unmade > 0) {
      this.#unmade--
      return new Uint8Array(new SharedArrayBuffer(this.#bytes + UNIT_ROOM_BYTES), 0, this.#bytes)
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  release(buffer: Uint8Array): void {
    if (this.#waiting === undefined) {
      this.#free.push(buffer)
      return
    }
    this.#waiting.resolve(buffer)
    this.#waiting = undefined
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }
}
