/** From the outputs that are asked for to files: which there are, and what fills each of them from the one pass. */
import { OUTPUT_LEVELS } from '../config/output-levels.js'
import type { OutputSpec } from '../config/spec.js'
import { LayoutError, type Problem } from '../errors.js'
import type { DiskImage } from '../image/extent.js'
import { carriedBytes } from '../image/windows.js'
import type { DiskPlan } from '../layout/disk-plan.js'
import { planAndroidSparse } from '../outputs/android-sparse-plan.js'
import { createBmapSink } from '../outputs/bmap-sink.js'
import type { ProgramRunner } from '../outputs/group-compressor.js'
import type { QemuFormat } from '../outputs/qemu-img.js'
import { RawSink } from '../outputs/raw-sink.js'
import type { FileSink } from '../outputs/sink.js'
import type { Threads } from '../outputs/threads.js'
import { createCompressedSink } from './compressed-file.js'
import type { OutputKind } from './options.js'
import { type NamedStretch, splitStretches } from './split-stretches.js'

/** One file beside the zip. */
export interface OutputFile {
  readonly name: string
  readonly kind: OutputKind
  /** What it reads as, where that is the disk or a part of it, holes and all; it then has no sum of its own. */
  readonly rawBytes?: number
  /** Of a raw partition: where on the disk it begins. */
  readonly startByte?: number
  readonly spec: OutputSpec
  /** Opens it under a temporary path; undefined for what is made of another file after the pass. */
  readonly open?: (path: string) => Promise<FileSink>
  /** The format that qemu-img makes of the raw image or the qcow2. */
  readonly convert?: QemuFormat
}

export interface OutputFilesInput {
  readonly plan: DiskPlan
  readonly image: DiskImage
  readonly threads: Threads
  readonly runner: ProgramRunner
}

/** Throws LayoutError where two files would have one name, FormatError where a format cannot hold the image. */
export function outputFiles(specs: readonly OutputSpec[], input: OutputFilesInput): OutputFile[] {
  const files = specs.flatMap((spec) => filesOf(spec, input))
  const problems: Problem[] = []
  const owners = new Map<string, OutputFile>()
  for (const file of files) {
    const owner = owners.get(file.name)
    if (owner !== undefined) {
      problems.push({
        message: `Cannot write ${file.spec.format} as "${file.name}": ${owner.spec.format} writes a file of that name, every name is accepted once`,
        path: file.spec.configPath,
      })
    }
    owners.set(file.name, file)
  }
  if (problems.length > 0) throw new LayoutError(problems)
  return files
}

function filesOf(spec: OutputSpec, { plan, image, threads, runner }: OutputFilesInput): OutputFile[] {
  const { format, name } = spec
  switch (format) {
    case 'zip':
    case 'html':
      return []
    case 'raw': {
      const open = (path: string): Promise<FileSink> => RawSink.create(path, image.sizeBytes, carriedBytes(image))
      return [{ name, kind: 'image', rawBytes: image.sizeBytes, spec, open }]
    }
    case 'gz':
    case 'xz':
    case 'zst': {
      const options = { level: spec.level, runner }
      const open = (path: string): Promise<FileSink> => createCompressedSink(format, path, image, options, threads)
      return [{ name, kind: 'compressed', spec, open }]
    }
    case 'bmap':
      return [{ name, kind: 'bmap', spec, open: (path) => createBmapSink(path, image, {}, threads) }]
    case 'android-sparse': {
      const parts = planAndroidSparse(image, spec.splitBytes)
      return parts.map((part, index) => ({
        // A limit is asked for a downloader, which shall not have to look how many there are this time.
        name: spec.splitBytes === undefined ? name : `${name}.${index}`,
        kind: 'android-sparse',
        spec,
        open: async (path) => (await import('../outputs/planned-sink.js')).createPlannedSink(path, part),
      }))
    }
    case 'qcow2': {
      const level = spec.level ?? OUTPUT_LEVELS.qcow2.usual
      return [
        {
          name,
          kind: 'virtual-disk',
          spec,
          open: async (path) =>
            (await import('../outputs/qcow2-file.js')).createQcow2Sink(path, image, { level }, threads),
        },
      ]
    }
    case 'vmdk':
    case 'vdi':
    case 'vhdx':
      return [{ name, kind: 'virtual-disk', spec, convert: format }]
    case 'split':
      return splitStretches(plan, image, name).map((stretch: NamedStretch) => ({
        name: stretch.name,
        kind: 'partition',
        // The table's file is small and may end within a stretch of the manifest: it has a plain sum.
        ...(isPartition(plan, stretch) && { rawBytes: stretch.end - stretch.start, startByte: stretch.start }),
        spec,
        open: async (path) => (await import('../outputs/stretch-file.js')).createStretchSink(path, stretch),
      }))
  }
}

function isPartition({ partitions }: DiskPlan, { start }: NamedStretch): boolean {
  return partitions.some(({ startByte }) => startByte === start)
}
