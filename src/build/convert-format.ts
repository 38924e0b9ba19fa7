/** The formats that `convert` writes: how a path names one, and its sink. */
import { basename, extname } from 'node:path'
import { levelsOf } from '../config/output-levels.js'
import { UsageError } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { carriedBytes } from '../image/windows.js'
import { planAndroidSparse } from '../outputs/android-sparse-plan.js'
import { createBmapSink } from '../outputs/bmap-sink.js'
import type { ProgramRunner } from '../outputs/group-compressor.js'
import { createGzSink } from '../outputs/gz-file.js'
import { createPlannedSink } from '../outputs/planned-sink.js'
import { createQcow2Sink } from '../outputs/qcow2-file.js'
import { RawSink } from '../outputs/raw-sink.js'
import type { FileSink } from '../outputs/sink.js'
import type { Threads } from '../outputs/threads.js'
import { createXzSink } from '../outputs/xz-file.js'
import { ZipFile } from '../outputs/zip-file.js'
import { createZstSink } from '../outputs/zst-file.js'

export interface ConvertSinkOptions {
  /** Undefined: the format's own. */
  readonly level: number | undefined
  readonly runner: ProgramRunner
  /** For what the format dates, in seconds since 1970. */
  readonly modifiedSeconds: number
  /** Name of the output, without folders. */
  readonly name: string
}

interface Format {
  /** Lower case, with their dot. */
  readonly extensions: readonly string[]
  open(
    path: string,
    image: DiskImage,
    options: ConvertSinkOptions & { level: number },
    threads: Threads,
  ): Promise<FileSink>
}

const FORMATS = {
  raw: {
    extensions: ['.img', '.raw', '.bin', '.wic', '.sdcard', '.hddimg'],
    open: (path, image) => RawSink.create(path, image.sizeBytes, carriedBytes(image)),
  },
  zip: { extensions: ['.zip'], open: openZip },
  gz: { extensions: ['.gz'], open: createGzSink },
  xz: { extensions: ['.xz'], open: createXzSink },
  zst: { extensions: ['.zst', '.zstd'], open: createZstSink },
  bmap: { extensions: ['.bmap'], open: createBmapSink },
  'android-sparse': {
    extensions: ['.simg', '.sparseimg'],
    open: (path, image) => createPlannedSink(path, planAndroidSparse(image)[0]!),
  },
  qcow2: { extensions: ['.qcow2'], open: createQcow2Sink },
} satisfies Readonly<Record<string, Format>>

export type ConvertFormat = keyof typeof FORMATS

export const CONVERT_FORMATS = Object.keys(FORMATS) as readonly ConvertFormat[]

export interface ConvertTarget {
  readonly path: string
  readonly format: ConvertFormat
}

/** `PATH` or `PATH:FORMAT`. Throws UsageError where neither the extension nor the word behind the colon is one of a format. */
export function parseConvertTarget(text: string): ConvertTarget {
  const colon = text.lastIndexOf(':')
  const word = text.slice(colon + 1)
  if (colon > 0 && isFormat(word)) return { path: text.slice(0, colon), format: word }
  const extension = extname(text).toLowerCase()
  const format = CONVERT_FORMATS.find((name) => (FORMATS[name] as Format).extensions.includes(extension))
  if (format !== undefined) return { path: text, format }
  throw new UsageError(
    `Cannot tell the format of output "${text}": ${extension === '' ? 'it has no extension' : `"${extension}" is none of a format`}, PATH:FORMAT with one of ${CONVERT_FORMATS.join(', ')} is accepted`,
  )
}

/** Throws UsageError where one of the formats has no such level. */
export function assertLevel(level: number | undefined, targets: readonly ConvertTarget[]): void {
  if (level === undefined) return
  for (const { path, format } of targets) {
    const levels = levelsOf(format)
    if (levels === undefined || (level >= levels.least && level <= levels.most)) continue
    throw new UsageError(
      `Cannot write ${path} with level ${level}: ${format} has levels from ${levels.least} to ${levels.most}`,
    )
  }
}

export function openConvertSink(
  { format }: ConvertTarget,
  path: string,
  image: DiskImage,
  options: ConvertSinkOptions,
  threads: Threads,
): Promise<FileSink> {
  const { open }: Format = FORMATS[format]
  return open(path, image, { ...options, level: options.level ?? levelsOf(format)?.usual ?? 0 }, threads)
}

function isFormat(word: string): word is ConvertFormat {
  return Object.hasOwn(FORMATS, word)
}

/** A zip of one entry: the image, under the archive's own name, as Etcher and people look for it. */
async function openZip(
  path: string,
  image: DiskImage,
  { name, level, modifiedSeconds }: ConvertSinkOptions & { level: number },
  threads: Threads,
): Promise<FileSink> {
  const zip = await ZipFile.create(path, threads, { level })
  const stem = basename(name, extname(name))
  const entryName = extname(stem) === '' ? `${stem}.img` : stem
  const entry = await zip.entrySink({ name: entryName, content: image, modifiedSeconds })
  return {
    window: (offset, bytes) => entry.window(offset, bytes),
    fill: (offset, length, byte) => entry.fill(offset, length, byte),
    async finish() {
      await entry.finish()
      await zip.finish()
    },
    close: () => zip.close(),
  }
}
