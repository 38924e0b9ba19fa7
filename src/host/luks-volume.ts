/**
 * LUKS2: cryptsetup makes the header (metadata, key slot), for which it needs neither root nor device-mapper; the volume is
 * encrypted here, sector by sector, so that what it leaves unspecified stays so. The keys go through files that the config names
 * and a pipe, never into arguments or files of ours.  [LUKS2] [LINUX Documentation/admin-guide/device-mapper/dm-crypt.rst]
 */
import { createCipheriv, randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { alignDown, alignUp } from '../bytes/align.js'
import type { LuksSpec } from '../config/spec.js'
import { InterruptedError, IoError, systemReason } from '../errors.js'
import { type DiskImage, ImageBuilder, type SourceFile } from '../image/extent.js'
import { PayloadReader } from '../image/payload-reader.js'
import { readImage } from '../image/read.js'
import { runsOf } from '../image/runs.js'
import { assertTools, type HostVolume, type HostVolumeOrder, inSpoolFolder, toolName } from './host-volume.js'
import { makeSparseFile } from './spool-image.js'
import { failureOf } from './volume-tools.js'

export interface LuksOrder extends Pick<HostVolumeOrder, 'name' | 'workFolder' | 'runner' | 'signal'> {
  readonly luks: LuksSpec
  readonly uuid: string
  /** Whole sectors. */
  readonly inside: DiskImage
  readonly headerBytes: number
}

const TOOLS = ['cryptsetup', 'sh', 'cat']

export async function makeLuksVolume(order: LuksOrder): Promise<HostVolume> {
  const { name, luks, inside, headerBytes, runner } = order
  const title = `LUKS2 volume "${name}"`
  assertTools(runner, TOOLS)
  return inSpoolFolder(order, async (folder) => {
    const path = join(folder, 'luks')
    const sizeBytes = headerBytes + inside.sizeBytes
    const volumeKey = readVolumeKey(luks, name)
    makeSparseFile(path, sizeBytes)
    await format(title, path, volumeKey, order)
    await assertCost(title, path, order)
    const spool: SourceFile = { path, sizeBytes }
    const builder = new ImageBuilder(sizeBytes).file(0, headerBytes, spool, 0)
    const fd = openSync(path, 'r+')
    try {
      const write = (offset: number, bytes: Uint8Array): void => writeFully(fd, path, bytes, headerBytes + offset)
      for (const [start, end] of await encryptImage(inside, { luks, volumeKey, write, signal: order.signal })) {
        builder.file(headerBytes + start, end - start, spool, headerBytes + start)
      }
    } finally {
      volumeKey.fill(0)
      closeSync(fd)
    }
    return {
      image: builder.finish(),
      facts: { engine: 'host', tool: await toolName(runner, 'cryptsetup', '--version') },
    }
  })
}

/** Given or drawn; the right length either way. */
function readVolumeKey({ volumeKeyFile, keyBits }: LuksSpec, name: string): Buffer {
  const wanted = keyBits / 8
  if (volumeKeyFile === undefined) return randomBytes(wanted)
  const key = readKey(volumeKeyFile, name)
  if (key.length === wanted) return key
  throw new IoError(
    `Cannot encrypt "${name}": its volume key file has ${key.length} bytes, key_size: ${keyBits} takes ${wanted}`,
  )
}

function readKey(path: string, name: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new IoError(`Cannot read the volume key of "${name}": ${systemReason(error)}`, { cause: error })
  }
}

/** Arguments stand in everybody's process list; the key comes by a pipe. A socket, which Node gives, cannot be opened by a name. */
const WITH_KEY = 'cat | "$@"'

async function format(
  title: string,
  path: string,
  volumeKey: Buffer,
  { luks, uuid, runner, signal }: LuksOrder,
): Promise<void> {
  const { pbkdf, label } = luks
  const command = [
    ...['cryptsetup', 'luksFormat', '--type', 'luks2', '--batch-mode', '--disable-locks'],
    ...['--key-file', luks.keyFile, '--volume-key-file', '/dev/stdin', '--key-size', String(luks.keyBits)],
    ...['--cipher', luks.cipher, '--sector-size', String(luks.sectorBytes), '--uuid', uuid],
    ...(label === undefined ? [] : ['--label', label]),
    ...['--pbkdf', pbkdf.type, '--pbkdf-force-iterations', String(pbkdf.iterations)],
    ...(pbkdf.type === 'pbkdf2'
      ? []
      : ['--pbkdf-memory', String(pbkdf.memoryBytes / KIB), '--pbkdf-parallel', String(pbkdf.parallel)]),
    path,
  ]
  const options = { input: volumeKey, ...(signal && { signal }) }
  const result = await runner.run('sh', ['-c', WITH_KEY, 'sh', ...command], options)
  if (result.status !== 0) throw failureOf(title, 'make the header of', 'cryptsetup', result)
}

/** cryptsetup takes less memory and fewer threads than asked where the building machine has less, and only warns. */
async function assertCost(title: string, path: string, { luks: { pbkdf }, runner }: LuksOrder): Promise<void> {
  const result = await runner.run('cryptsetup', ['luksDump', '--dump-json-metadata', path])
  if (result.status !== 0) throw failureOf(title, 'read back the header of', 'cryptsetup', result)
  const { kdf } = (JSON.parse(result.stdout.toString('utf8')) as LuksMetadata).keyslots['0']!
  const lowered =
    pbkdf.type === 'pbkdf2'
      ? kdf.iterations !== pbkdf.iterations && `${kdf.iterations} iterations`
      : (kdf.cpus !== pbkdf.parallel && `parallel: ${kdf.cpus}`) ||
        (kdf.memory !== pbkdf.memoryBytes / KIB && `memory: ${kdf.memory}KiB`) ||
        (kdf.time !== pbkdf.iterations && `${kdf.time} iterations`)
  if (lowered === false) return
  throw new IoError(`Cannot make ${title} as it is asked: on this machine cryptsetup takes ${lowered}`, {
    hint: 'Ask for less under luks, or build on a machine that has it',
  })
}

/** The part of the metadata that says what opening costs. [LUKS2 §3.2] */
interface LuksMetadata {
  readonly keyslots: Readonly<
    Record<string, { kdf: { iterations?: number; time?: number; memory?: number; cpus?: number } }>
  >
}

const KIB = 1024

const CHUNK_BYTES = 1 << 20
/** Initialisation vectors count these, whatever the encryption's own sectors are. */
const IV_SECTOR_BYTES = 512
const IV_BYTES = 16

interface Encryption {
  readonly luks: Pick<LuksSpec, 'keyBits' | 'sectorBytes'>
  readonly volumeKey: Uint8Array
  write(offset: number, bytes: Uint8Array): void
  readonly signal?: AbortSignal | undefined
}

/** Writes every sector that anything is said of, and gives their stretches. */
async function encryptImage(
  inside: DiskImage,
  { luks, volumeKey, write, signal }: Encryption,
): Promise<(readonly [start: number, end: number])[]> {
  const { sectorBytes } = luks
  const reader = new PayloadReader()
  const buffer = Buffer.alloc(CHUNK_BYTES)
  const stretches = wholeSectors(inside, sectorBytes)
  try {
    for (const [start, end] of stretches) {
      for (let at = start; at < end; at += CHUNK_BYTES) {
        if (signal?.aborted) throw new InterruptedError()
        const chunk = buffer.subarray(0, Math.min(CHUNK_BYTES, end - at))
        readImage(inside, at, chunk, reader)
        encryptSectors(chunk, at, luks, volumeKey)
        write(at, chunk)
        await nextTurn()
      }
    }
    reader.close()
  } finally {
    reader.abandon()
  }
  return stretches
}

/** Where anything is specified, widened to sectors, without overlap. */
function wholeSectors(image: DiskImage, sectorBytes: number): [start: number, end: number][] {
  const stretches: [number, number][] = []
  for (const { offset, length } of runsOf(image)) {
    const start = alignDown(offset, sectorBytes)
    const end = alignUp(offset + length, sectorBytes)
    const last = stretches.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else stretches.push([start, end])
  }
  return stretches
}

/** In place. XTS with the sector's number as 64 bits, little-endian: `plain64`. [LINUX drivers/md/dm-crypt.c] */
export function encryptSectors(
  chunk: Buffer,
  offset: number,
  { keyBits, sectorBytes }: Encryption['luks'],
  volumeKey: Uint8Array,
): void {
  const algorithm = keyBits === 512 ? 'aes-256-xts' : 'aes-128-xts'
  const iv = Buffer.alloc(IV_BYTES)
  for (let at = 0; at < chunk.length; at += sectorBytes) {
    iv.writeBigUInt64LE(BigInt((offset + at) / IV_SECTOR_BYTES))
    createCipheriv(algorithm, volumeKey, iv)
      .update(chunk.subarray(at, at + sectorBytes))
      .copy(chunk, at)
  }
}

function writeFully(fd: number, path: string, bytes: Uint8Array, offset: number): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, offset + done)
  } catch (error) {
    throw new IoError(`Cannot write ${path}: ${systemReason(error)}`, { cause: error, details: { path, offset } })
  }
}
