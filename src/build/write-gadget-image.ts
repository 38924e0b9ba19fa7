/** Weaves a result of the gadget section into a file of its own. */
import { statSync } from 'node:fs'
import { missingTool } from '../host/run-command.js'
import { carriedBytes } from '../image/windows.js'
import { RawSink } from '../outputs/raw-sink.js'
import type { FileSink } from '../outputs/sink.js'
import type { Threads } from '../outputs/threads.js'
import { weave } from '../outputs/weave.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { createCompressedSink } from './compressed-file.js'
import type { GadgetImage } from './prepared-gadget.js'

export interface WeaveTools {
  readonly threads: Threads
  /** For what diskloom leaves to other programs: xz. */
  readonly runner: CommandRunner
  readonly signal?: AbortSignal | undefined
}

/** A missing program ends the work before its first byte. */
export function assertGadgetPrograms(images: readonly GadgetImage[], runner: CommandRunner): void {
  const isXz = images.some(({ compression }) => compression === 'xz')
  if (isXz && runner.locate('xz') === undefined) throw missingTool('xz')
}

/** Creates or truncates `path`; gives its length and sum. Throws IoError, InterruptedError. */
export async function writeGadgetImage(
  image: GadgetImage,
  path: string,
  { threads, runner, signal }: WeaveTools,
): Promise<{ sizeBytes: number; sha256: string }> {
  const sink = await openSink(image, path, { threads, runner })
  try {
    await weave(image.image, [sink], threads, { signal })
  } finally {
    await sink.close()
  }
  return { sizeBytes: statSync(path).size, sha256: sink.sha256 ?? (await threads.fileDigest(path)) }
}

function openSink(
  { image, compression, level }: GadgetImage,
  path: string,
  { threads, runner }: WeaveTools,
): Promise<FileSink> {
  if (compression === 'none') return RawSink.create(path, image.sizeBytes, carriedBytes(image))
  return createCompressedSink(compression, path, image, { level, runner, oneFrame: true }, threads)
}
