/** Reproducibility as a question: is this image what that config builds? */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { PlanOptions, PlanResult } from './build/options.js'
import { openDisk } from './build.js'
import { DifferenceError, errnoOf, FormatError, IoError, type Problem, systemReason } from './errors.js'
import { makeCommandRunner } from './host/run-command.js'
import { compareImage } from './proof/compare-image.js'
import { readFully } from './proof/verify-image.js'
import { WorkFolder } from './scratch/work-folder.js'

export interface CompareOptions extends PlanOptions {
  /** Path of a raw image, or of a device that it was written to. */
  readonly image: string
}

export interface CompareResult extends PlanResult {
  /** Bytes that the config specifies; all of them are as it builds them. */
  readonly comparedBytes: number
}

/**
 * Builds in memory and compares with what stands in a file: nothing is written but the spool files of `engine: host`. Rejects
 * with DifferenceError, a problem for each field, file or structure that differs; otherwise as `plan`.
 */
export async function compareWithBuild(options: CompareOptions): Promise<CompareResult> {
  const { environment = process.env } = options
  const work = new WorkFolder(environment, makeCommandRunner(environment))
  const fd = openImage(options.image)
  try {
    const disk = await openDisk(options, () => work.path())
    try {
      const plan = await disk.finish(undefined)
      assertRaw(fd, options.image)
      const sizeProblems = compareSize(fd, options.image, plan.sizeBytes)
      if (sizeProblems.length > 0) throw new DifferenceError(sizeProblems)
      const { comparedBytes, findings } = await compareImage(plan, disk.payloads, {
        fd,
        path: options.image,
        signal: options.signal,
      })
      if (findings.length > 0) throw new DifferenceError(findings)
      return { plan, warnings: disk.warnings, comparedBytes }
    } finally {
      await disk.release()
    }
  } finally {
    closeSync(fd)
    await work.release()
  }
}

function openImage(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}

/** A device may be larger; its end then has no backup table, which the comparison finds. */
function compareSize(fd: number, path: string, sizeBytes: number): Problem[] {
  const stats = fstatSync(fd)
  if (!stats.isFile() || stats.size === sizeBytes) return []
  return [{ message: `${path} has ${stats.size} bytes, the config builds ${sizeBytes}` }]
}

/** How compressed images begin, which somebody may hand over for the raw one. */
const PACKED = { zip: '504b0304', gzip: '1f8b', xz: 'fd377a585a00', zstd: '28b52ffd' } as const
const LONGEST_MAGIC_BYTES = 6

function assertRaw(fd: number, path: string): void {
  const head = Buffer.alloc(LONGEST_MAGIC_BYTES)
  if (fstatSync(fd).isFile() && fstatSync(fd).size < head.length) return
  readFully(fd, path, head, 0)
  for (const [format, magic] of Object.entries(PACKED)) {
    if (!head.toString('hex').startsWith(magic)) continue
    throw new FormatError(`Cannot compare ${path}: it is packed by ${format}, the raw image is accepted`, {
      hint: 'Unpack it first; diskloom verify without --rebuild checks a bundle as it is.',
    })
  }
}
