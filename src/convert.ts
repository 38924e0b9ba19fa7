/** From an image in any format that is read to any number of outputs, in one pass over its content. */
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { assertLevel, type ConvertFormat, openConvertSink, parseConvertTarget } from './build/convert-format.js'
import { HeldWarnings } from './build/held-warnings.js'
import type { BuildEvent } from './build/options.js'
import { sourceDateEpoch } from './build/source-date-epoch.js'
import { InterruptedError, UsageError } from './errors.js'
import { makeCommandRunner } from './host/run-command.js'
import { carriedBytes } from './image/windows.js'
import { OutputFolder } from './outputs/output-folder.js'
import type { FileSink } from './outputs/sink.js'
import { INLINE_THREADS } from './outputs/threads.js'
import { weave } from './outputs/weave.js'
import { startThreads } from './outputs/worker-threads.js'
import { imageInFolder } from './proof/image-in-folder.js'
import { readImageFile } from './readers/read-image-file.js'
import { EPOCH_1980 } from './tree/file-tree.js'

export interface ConvertOptions {
  /** A path, `-` for standard input, or all parts of an Android sparse image that was split. */
  readonly source: string | readonly string[]
  /** `PATH` (the extension tells the format) or `PATH:FORMAT`. */
  readonly outputs: readonly string[]
  /** Of every format that has levels; default: each one's own. */
  readonly level?: number | undefined
  /** Which file of a zip or tar; default: its image. */
  readonly entry?: string | undefined
  /** Take the bytes of the source as they are, also where nothing says that they are a disk or a volume, or where they were cut off. */
  readonly asIs?: boolean | undefined
  readonly stdin?: Readable | undefined
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Warnings are a LayoutError, and nothing is left behind. */
  readonly strict?: boolean | undefined
  readonly onEvent?: ((event: BuildEvent) => void) | undefined
}

export interface ConvertOutput {
  /** Absolute. */
  readonly path: string
  readonly format: ConvertFormat
  /** Of the file. */
  readonly sizeBytes: number
}

export interface ConvertResult {
  /** What was read, outermost first: `zst of raw`. */
  readonly format: string
  /** Of the disk. */
  readonly sizeBytes: number
  readonly outputs: readonly ConvertOutput[]
  readonly seconds: number
}

/** Below this much content a thread's start costs more than it saves. */
const THREADS_MINIMUM_BYTES = 8 << 20

/**
 * Rejects with UsageError (outputs), FormatError (the image), IoError or InterruptedError; nothing is left behind then, and
 * what stood in an output's place is as before.
 */
export async function convert(options: ConvertOptions): Promise<ConvertResult> {
  const started = performance.now()
  const { signal, level, environment = process.env } = options
  const held = new HeldWarnings(options.strict ?? false, (problem) => options.onEvent?.({ kind: 'warning', problem }))
  const onEvent = (event: BuildEvent): void =>
    event.kind === 'warning' ? held.take(event.problem) : options.onEvent?.(event)
  const targets = options.outputs.map(parseConvertTarget)
  assertLevel(level, targets)
  assertDistinct(options)
  const runner = makeCommandRunner(environment)
  const modifiedSeconds = (sourceDateEpoch(environment, undefined) ?? EPOCH_1980).seconds
  const folders = new Map<string, OutputFolder>()
  const sinks: FileSink[] = []
  try {
    const places: { readonly final: string; readonly temporary: string }[] = []
    for (const { path } of targets) {
      const final = resolve(path)
      const folder = folders.get(dirname(final)) ?? (await OutputFolder.open(dirname(final), runner))
      folders.set(dirname(final), folder)
      places.push({ final, temporary: folder.stage(basename(final)) })
    }
    onEvent({ kind: 'phase', phase: 'payload', title: 'Reading the image' })
    const opened = await readImageFile(await imagesOf(options.source), {
      // Where the outputs go there is room for what is unpacked.
      workFolder: () => folders.get(dirname(places[0]!.final))!.workFolder(),
      runner,
      ...(options.stdin && { stdin: options.stdin }),
      entry: options.entry,
      demand: options.asIs === true ? 'nothing' : 'proof',
      ...(signal && { signal }),
    })
    const { image, format } = opened
    const totalBytes = carriedBytes(image)
    const threads = totalBytes >= THREADS_MINIMUM_BYTES ? startThreads(availableParallelism()) : INLINE_THREADS
    try {
      onEvent({ kind: 'phase', phase: 'write', title: `Converting from ${format}` })
      for (const [index, target] of targets.entries()) {
        const { temporary, final } = places[index]!
        const sinkOptions = { level, runner, modifiedSeconds, name: basename(final) }
        sinks.push(await openConvertSink(target, temporary, image, sinkOptions, threads))
      }
      await weave(image, sinks, threads, {
        signal,
        onProgress: (doneBytes) => onEvent({ kind: 'progress', doneBytes, totalBytes }),
      })
    } finally {
      await Promise.all(sinks.map((sink) => sink.close().catch(() => {})))
      await threads.close()
      opened.release()
    }
    if (signal?.aborted === true) throw new InterruptedError()
    held.assertNone()
    for (const folder of folders.values()) await folder.commit()
    onEvent({ kind: 'phase', phase: 'finish', title: 'Done' })
    const outputs = targets.map((target, index) => {
      const path = places[index]!.final
      return { path, format: target.format, sizeBytes: statSync(path).size }
    })
    return { format, sizeBytes: image.sizeBytes, outputs, seconds: (performance.now() - started) / 1000 }
  } finally {
    held.release()
    // What was committed stays; this takes the rest.
    for (const folder of folders.values()) await folder.discard()
  }
}

async function imagesOf(source: ConvertOptions['source']): Promise<string | string[]> {
  return typeof source === 'string' ? imageInFolder(source) : Promise.all(source.map(imageInFolder))
}

/** Two outputs in one place, or one over what is read, would be a mistake that is noticed too late. */
function assertDistinct({ source, outputs }: ConvertOptions): void {
  if (outputs.length === 0) throw new UsageError('Cannot convert to nothing: --output PATH is expected at least once')
  const sources = new Set((typeof source === 'string' ? [source] : source).map((path) => resolve(path)))
  const seen = new Set<string>()
  for (const text of outputs) {
    const path = resolve(parseConvertTarget(text).path)
    if (seen.has(path)) throw new UsageError(`Cannot write ${path} twice: each output needs a name of its own`)
    if (sources.has(path)) throw new UsageError(`Cannot write ${path}: it is the image that is read`)
    seen.add(path)
  }
}
