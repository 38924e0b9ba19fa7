/** A block device of Linux, opened for this process alone and without the page cache in between. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { alignDown } from '../bytes/align.js'
import { pageAlignedMemory } from '../bytes/page-aligned.js'
import { errnoOf, IoError, systemReason } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { BlockDevice } from './block-device.js'
import { type Disk, inspectDisk } from './disks.js'

const ZERO_BUFFER_BYTES = 1 << 20
/** Starting a program costs a few milliseconds, which writing this much takes on a card. */
const ZEROOUT_MINIMUM_BYTES = 1 << 20
/** What one call of the kernel may take before an interrupt is heeded: seconds on a card that has no command for it. */
const ZEROOUT_PIECE_BYTES = 64 << 20

/** `--force`: blkdiscard would open with O_EXCL, which we hold. */
const ZERO_DEVICE = ['blkdiscard', '--zeroout', '--force'] as const
/** Holes read as zeros. */
const ZERO_FILE = ['fallocate', '--punch-hole'] as const

/** Errors after which the device will not answer any more. */
const GONE: readonly string[] = ['ENODEV', 'ENXIO', 'ENOMEDIUM']

/**
 * Opens `disk`, with O_EXCL (which fails while anything on it is mounted, in whatever namespace) and O_DIRECT.
 * IoError when it is in use, may not be opened, or is no longer the disk that was inspected.
 */
export async function openDevice(disk: Disk, runner: CommandRunner): Promise<BlockDevice> {
  const flags = constants.O_RDWR | constants.O_EXCL | constants.O_DIRECT
  const handle = await open(disk.path, flags).catch((error: unknown) => {
    throw openError(disk.path, error)
  })
  try {
    await assertSameDisk(handle, disk, runner)
    return new OpenDevice(handle, disk, runner)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Between the look at it and its opening another card may have been put in. */
async function assertSameDisk(handle: FileHandle, disk: Disk, runner: CommandRunner): Promise<void> {
  const status = await handle.stat()
  const now = await inspectDisk(runner, disk.path)
  const same =
    status.isBlockDevice() &&
    now.majorMinor === disk.majorMinor &&
    now.sizeBytes === disk.sizeBytes &&
    now.serial === disk.serial
  if (same) return
  throw new IoError(`Cannot open ${disk.path}: it is no longer the disk that was inspected a moment ago`, {
    hint: 'Start again when nothing is plugged in or out.',
    details: { path: disk.path },
  })
}

function openError(path: string, error: unknown): IoError {
  const errno = errnoOf(error)
  const details = { path, errno }
  switch (errno) {
    case 'EBUSY':
      return new IoError(`Cannot open ${path}: another program or mount uses it`, {
        hint: 'Unmount it, also in other containers, and end other programs that write to it.',
        details,
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
      return new IoError(`Cannot open ${path}: this user may not write to it`, {
        hint: 'Run as root, or join the group that owns the device (disk on Debian).',
        details,
        cause: error,
      })
    case 'EROFS':
      return new IoError(`Cannot open ${path}: it is read-only`, { details, cause: error })
    default:
      return new IoError(`Cannot open ${path}: ${systemReason(error)}`, { details, cause: error })
  }
}

/** A device, or a plain file in its place, that is open for reading and writing. */
export class OpenDevice implements BlockDevice {
  readonly path: string
  readonly sizeBytes: number
  readonly sectorBytes: number
  readonly #handle: FileHandle
  readonly #runner: CommandRunner
  readonly #zeroOutCommand: readonly [program: string, ...args: string[]]
  /** False once blkdiscard has failed: the kernel or the program does not know how. */
  #canZeroOut = true
  #zeros: Uint8Array | undefined
  #closed = false

  constructor(handle: FileHandle, { path, type, sizeBytes, sectorBytes }: Disk, runner: CommandRunner) {
    this.#zeroOutCommand = type === 'file' ? ZERO_FILE : ZERO_DEVICE
    this.#handle = handle
    this.#runner = runner
    this.path = path
    this.sizeBytes = sizeBytes
    this.sectorBytes = sectorBytes
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const at = offset + done
      const { bytesWritten } = await this.#handle
        .write(bytes, done, bytes.length - done, at)
        .catch((error: unknown) => this.#fail('write', at, error))
      done += this.#whole('write', bytesWritten, at)
    }
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const at = offset + done
      const { bytesRead } = await this.#handle
        .read(target, done, target.length - done, at)
        .catch((error: unknown) => this.#fail('read', at, error))
      done += this.#whole('read', bytesRead, at)
    }
  }

  async zero(offset: number, length: number): Promise<void> {
    const end = offset + length
    for (let at = offset; at < end; ) {
      const piece = Math.min(ZEROOUT_PIECE_BYTES, end - at)
      if (!(await this.#zeroOut(at, piece))) await this.#writeZeros(at, piece)
      at += piece
    }
  }

  async flush(): Promise<void> {
    await this.#handle.sync().catch((error: unknown) => this.#fail('flush', undefined, error))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#handle.close()
  }

  /**
   * BLKZEROOUT, which promises zeros where a discard does not: by a command of the device where it has one, else written by
   * the kernel. False where it did not work.
   */
  async #zeroOut(offset: number, length: number): Promise<boolean> {
    if (!this.#canZeroOut || length < ZEROOUT_MINIMUM_BYTES) return false
    const [program, ...args] = this.#zeroOutCommand
    if (this.#runner.locate(program) === undefined) {
      this.#canZeroOut = false
      return false
    }
    const place = ['--offset', String(offset), '--length', String(length)]
    const { status } = await this.#runner.run(program, [...args, ...place, this.path])
    this.#canZeroOut = status === 0
    return this.#canZeroOut
  }

  async #writeZeros(offset: number, length: number): Promise<void> {
    this.#zeros ??= new Uint8Array(pageAlignedMemory(ZERO_BUFFER_BYTES))
    for (let done = 0; done < length; done += ZERO_BUFFER_BYTES) {
      await this.write(offset + done, this.#zeros.subarray(0, Math.min(ZERO_BUFFER_BYTES, length - done)))
    }
  }

  /** Direct I/O moves whole sectors; anything else means that the device ends, or ended, there. */
  #whole(verb: 'write' | 'read', count: number, offset: number): number {
    const whole = alignDown(count, this.sectorBytes)
    if (whole === 0) this.#fail(verb, offset, new Error('the device ends there'))
    return whole
  }

  #fail(verb: 'write' | 'read' | 'flush', offset: number | undefined, error: unknown): never {
    const errno = errnoOf(error)
    const reason = errno ?? (error as Error).message
    const place = offset === undefined ? '' : ` at byte ${offset}`
    throw new IoError(
      `Cannot ${verb} ${this.path}${place}: ${GONE.includes(reason) ? `${reason}, the device has gone` : reason}`,
      {
        details: { path: this.path, ...(offset !== undefined && { offset }), errno },
        cause: error,
      },
    )
  }
}
