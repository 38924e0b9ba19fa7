/** Compressed streams inside a file, one after another, into one spool. */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { ArchiveFile } from '../archives/archive-file.js'
import { codecAtOffset, packedError } from '../archives/packed/codec.js'
import { gunzipMember } from '../archives/packed/gunzip.js'
import { openEndFinder, type WalkedCodec } from '../archives/packed/stream-end.js'
import { endOfZeros } from '../archives/packed/zeros.js'
import { errnoOf, FormatError, IoError } from '../errors.js'
import { ELSEWHERE } from '../scratch/work-folder.js'
import type { CommandRunner } from './command-runner.js'

export interface StreamUnpacking {
  /** Takes what comes out, where its position is. */
  readonly fd: number
  /** Runs the programs of all codecs but gzip. */
  readonly runner: CommandRunner
  readonly signal?: AbortSignal
}

/** A member that took less is likely to be followed by others of its size. */
const SMALL_MEMBER_BYTES = 1 << 16
const XZ_PADDING_BYTES = 4

/**
 * Unpacks all streams from `start` on, of whatever codec, with zeros between; gives the offset of the first byte after them
 * that is neither. FormatError where one is damaged or cut off, IoError where the spool is full or a program is missing.
 */
export async function unpackStreams(source: ArchiveFile, start: number, unpacking: StreamUnpacking): Promise<number> {
  let at = start
  let isSmall = false
  while (at < source.sizeBytes) {
    const codec = codecAtOffset(source, at)
    if (codec === undefined) break
    let end: number
    if (codec === 'gzip') {
      const { fd, signal } = unpacking
      const write = (bytes: Uint8Array): void => writeAll(source, fd, bytes)
      end = await gunzipMember(source, at, { write, isSmall, signal })
      isSmall = end - at < SMALL_MEMBER_BYTES
    } else {
      end = endOfRun(source, at, codec)
      await runProgram(source, { codec, start: at, end }, unpacking)
    }
    at = endOfZeros(source, end)
    if (codec === 'xz' && (at - end) % XZ_PADDING_BYTES !== 0) {
      const found = `${at - end} zeros`
      throw packedError(source, { codec, offset: end, found, expected: 'padding in multiples of four bytes' })
    }
  }
  return at
}

/** Streams of one codec without anything between go through one program. */
function endOfRun(source: ArchiveFile, start: number, codec: WalkedCodec): number {
  const finder = openEndFinder({ path: source.path, name: source.name }, codec)
  try {
    let end = finder.endOf(start)
    while (end < source.sizeBytes && codecAtOffset(source, end) === codec) end = finder.endOf(end)
    return end
  } finally {
    finder.close()
  }
}

interface Run {
  readonly codec: WalkedCodec
  readonly start: number
  readonly end: number
}

async function runProgram(source: ArchiveFile, run: Run, { runner, fd, signal }: StreamUnpacking): Promise<void> {
  const { codec, start, end } = run
  const options = { stdoutFd: fd, ...(signal && { signal }) }
  const isWhole = start === 0 && end === source.sizeBytes
  const stdinFd = isWhole ? openSync(source.file.path, 'r') : undefined
  try {
    const input = stdinFd === undefined ? { input: bytesOf(source, start, end) } : { stdinFd }
    const { status, stderr } = await runner.run(codec, ['-dc'], { ...options, ...input })
    if (status === 0) return
    if (NO_SPACE.test(stderr)) throw noRoom(source)
    const found = stderr.trim().split('\n')[0] || `exit code ${status} of ${codec}`
    throw new FormatError(
      `Cannot unpack "${source.name}" with ${codec}: in the stream at byte ${start} it found "${found}", a whole stream is expected`,
      { details: { path: source.name, codec, offset: start, found } },
    )
  } finally {
    if (stdinFd !== undefined) closeSync(stdinFd)
  }
}

const NO_SPACE = /No space left on device/
const CHUNK_BYTES = 1 << 17

function* bytesOf(source: ArchiveFile, start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK_BYTES) yield source.read(at, Math.min(CHUNK_BYTES, end - at), 'a stream')
}

function writeAll(source: ArchiveFile, fd: number, bytes: Uint8Array): void {
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  } catch (error) {
    throw errnoOf(error) === 'ENOSPC' ? noRoom(source) : error
  }
}

/** A full spool is a matter of this machine. */
function noRoom({ name }: ArchiveFile): IoError {
  const message = `Cannot unpack "${name}": no space left for what is in it, in the folder for temporary files`
  return new IoError(message, { hint: ELSEWHERE })
}
