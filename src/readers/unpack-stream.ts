/** Compressed streams into a spool: gzip and deflate by zlib, the others by the host's xz, zstd and bzip2. */
import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { type Codec, codecAtOffset, packedError } from '../archives/packed/codec.js'
import { gunzipMember } from '../archives/packed/gunzip.js'
import { openEndFinder, type WalkedCodec } from '../archives/packed/stream-end.js'
import { endOfZeros } from '../archives/packed/zeros.js'
import { fieldError } from '../bytes/field-error.js'
import { DiskloomError, errnoOf, FormatError, InterruptedError, IoError, systemReason } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { ImageFile } from './image-file.js'
import { MAX_IMAGE_BYTES } from './limits.js'
import type { Spool, SpoolStream } from './spool.js'

const READ_BYTES = 1 << 20
const INFLATED_BYTES = 256 << 10

/** Programs that leave the holes out by themselves where they write to a file, and how much memory a file may ask of them. */
const COMMANDS = {
  xz: ['xz', '-dc', '-q', '--format=xz', '--memlimit-decompress=512MiB'],
  zst: ['zstd', '-dc', '-q', '--sparse', '--memory=128MB'],
  lzma: ['xz', '-dc', '-q', '--format=lzma', '--memlimit-decompress=512MiB'],
  /** Since xz 5.4. */
  lz: ['xz', '-dc', '-q', '--format=lzip', '--memlimit-decompress=512MiB'],
  /** Writes zeros as zeros. */
  bz2: ['bzip2', '-dc', '-q'],
} as const

/** Formats whose streams can be walked; xz itself refuses what follows an .lzma or a .lz. */
const WALKED: Readonly<Partial<Record<keyof typeof COMMANDS, WalkedCodec>>> = { xz: 'xz', zst: 'zstd', bz2: 'bzip2' }

/** A member that took less is likely to be followed by others of its size. */
const SMALL_MEMBER_BYTES = 1 << 16

/** All members of a .gz; zeros may follow them. FormatError where one is damaged, or something else follows. */
export async function gunzipTo(spool: Spool, file: ImageFile, signal: AbortSignal | undefined): Promise<void> {
  let sizeBytes = 0
  const write = (bytes: Uint8Array): void => {
    if (sizeBytes + bytes.length > MAX_IMAGE_BYTES) {
      throw new FormatError(`Cannot read "${file.name}": it unpacks to more than ${MAX_IMAGE_BYTES} bytes`)
    }
    spool.write(sizeBytes, bytes)
    sizeBytes += bytes.length
  }
  let at = 0
  for (let isSmall = false; at < file.sizeBytes; ) {
    if (codecAtOffset(file, at) !== 'gzip') throw trailing(file, 'gzip', at)
    const end = await gunzipMember(file, at, { write, isSmall, signal })
    isSmall = end - at < SMALL_MEMBER_BYTES
    at = endOfZeros(file, end)
  }
  spool.truncate(sizeBytes)
}

/** Programs say that something is wrong, but not where. */
function assertStreamsToEnd(file: ImageFile, codec: WalkedCodec): void {
  const finder = openEndFinder(file, codec)
  try {
    for (let at = 0; at < file.sizeBytes; at = endOfZeros(file, finder.endOf(at))) {
      if (codecAtOffset(file, at) !== codec) throw trailing(file, codec, at)
    }
  } finally {
    finder.close()
  }
}

function trailing(file: ImageFile, codec: Codec, offset: number): FormatError {
  return packedError(file, { codec, offset, found: 'other bytes', expected: 'zeros or another stream' })
}

export interface InflateOptions {
  readonly structure: string
  /** Where the deflated bytes stand. */
  readonly start: number
  readonly end: number
  /** What must come out. */
  readonly sizeBytes: number
  readonly signal: AbortSignal | undefined
}

/** What came out of a part of a file. */
export type Unpacked = Pick<SpoolStream, 'sizeBytes' | 'crc32'>

/** A deflate stream inside a file, which it must fill. FormatError where it is damaged or longer than it says. */
export async function inflateTo(spool: Spool, file: ImageFile, options: InflateOptions): Promise<Unpacked> {
  const inflater = createInflateRaw({ chunkSize: INFLATED_BYTES })
  const unpacked = await zlibTo(spool, file, inflater, options)
  const { start, end, structure } = options
  if (inflater.bytesWritten !== end - start) {
    throw fieldError(file.name, {
      structure,
      offset: start,
      field: 'the length of its deflate stream',
      found: inflater.bytesWritten,
      expected: `${end - start}, its compressed_size,`,
    })
  }
  return unpacked
}

/** Bytes inside a file as they are. */
export async function copyTo(spool: Spool, file: ImageFile, options: InflateOptions): Promise<Unpacked> {
  return zlibTo(spool, file, new PassThrough(), options)
}

async function zlibTo(
  spool: Spool,
  file: ImageFile,
  inflater: InflateRaw | PassThrough,
  options: Pick<InflateOptions, 'structure' | 'signal'> & Partial<InflateOptions>,
): Promise<Unpacked> {
  const { structure, signal, start = 0, end = file.sizeBytes, sizeBytes } = options
  const target = spool.stream(`${structure} of "${file.name}"`, sizeBytes ?? MAX_IMAGE_BYTES)
  // createReadStream counts its end inclusively, and would read the whole file for an empty range.
  const source = createReadStream(file.path, { start, end: Math.max(start, end - 1), highWaterMark: READ_BYTES })
  try {
    await pipeline(source, inflater, target, signal === undefined ? {} : { signal })
    return target
  } catch (error) {
    if (signal?.aborted === true) throw new InterruptedError()
    if (error instanceof DiskloomError) throw error
    if (errnoOf(error)?.startsWith('Z_') !== true) throw readError(file, error)
    const offset = start + ('bytesWritten' in inflater ? inflater.bytesWritten : 0)
    const found = (error as Error).message
    throw new FormatError(
      `Cannot read ${structure} at byte ${start} of "${file.name}": ${found} at or before byte ${offset}, a whole deflate stream is expected`,
      { details: { path: file.name, structure, offset, found, expected: 'a whole deflate stream' }, cause: error },
    )
  }
}

/** All streams of a .xz, .lzma, .lz or .bz2, all frames of a .zst. FormatError with what the program says where it is damaged. */
export async function unpackByProgram(
  spool: Spool,
  file: ImageFile,
  format: keyof typeof COMMANDS,
  options: { readonly runner: CommandRunner; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const [command, ...args] = COMMANDS[format]
  const codec = WALKED[format]
  if (codec !== undefined) assertStreamsToEnd(file, codec)
  const stdinFd = openSync(file.path, 'r')
  try {
    const { status, stderr } = await options.runner.run(command, args, {
      stdinFd,
      stdoutFd: spool.fd,
      ...(options.signal && { signal: options.signal }),
    })
    if (status !== 0) throw programError(file, command, status, stderr)
  } finally {
    closeSync(stdinFd)
  }
  const sizeBytes = fstatSync(spool.fd).size
  if (sizeBytes > MAX_IMAGE_BYTES) {
    throw new FormatError(`Cannot read "${file.name}": it unpacks to ${sizeBytes} bytes, at most ${MAX_IMAGE_BYTES}`)
  }
}

function programError(file: ImageFile, command: string, status: number, stderr: string): DiskloomError {
  const found = stderr.trim().split('\n')[0] || `it ended with ${status}`
  const details = { path: file.name, structure: `${command} stream`, found, expected: 'a whole stream' }
  if (/No space left/.test(stderr)) {
    return new IoError('Cannot unpack the image: the disk of temporary files is full', {
      hint: 'TMPDIR chooses another folder.',
      details,
    })
  }
  return new FormatError(`Cannot read "${file.name}": ${command} says "${found}", a whole stream is expected`, {
    details,
  })
}

function readError(file: ImageFile, error: unknown): IoError {
  return new IoError(`Cannot read image "${file.name}": ${systemReason(error)}`, {
    details: { path: file.name, errno: errnoOf(error) },
    cause: error,
  })
}
