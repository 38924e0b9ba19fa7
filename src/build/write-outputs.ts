/** From the planned disk to the folder of results: one pass over the payload, then the small files beside it. */
import type { KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type ImageSpec, META_NAMES, type OutputSpec } from '../config/spec.js'
import { type ConfigPath, InterruptedError, LayoutError, type Problem } from '../errors.js'
import { missingTool } from '../host/run-command.js'
import { type DiskImage, imageOfBytes, type SourceFile } from '../image/extent.js'
import { carriedBytes } from '../image/windows.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import { MTD_FILE_NAMES } from '../layout/mtd.js'
import { verityFileNames } from '../layout/verity.js'
import { BmapSink } from '../outputs/bmap-sink.js'
import { DigestSink } from '../outputs/digest-sink.js'
import { planDigests } from '../outputs/digests.js'
import { bytesDigest } from '../outputs/file-digest.js'
import type { OutputFolder } from '../outputs/output-folder.js'
import { convertByQemuImg, QEMU_IMG } from '../outputs/qemu-img.js'
import type { FileSink, ImageSink } from '../outputs/sink.js'
import { type EncoderName, INLINE_THREADS, type Threads } from '../outputs/threads.js'
import { weave } from '../outputs/weave.js'
import { writeWholeFile } from '../outputs/whole-file.js'
import type { ZipFile, ZipFileOptions } from '../outputs/zip-file.js'
import { MANIFEST_NAME, SIGNATURE_NAMES, SUMS_NAME, SUMS_SIGNATURE_NAMES } from '../proof/manifest-names.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { contentOfFile } from '../tree/file-tree.js'
import { bundleExtras } from './bundle-extras.js'
import { archiveMembers } from './content-digests.js'
import { type EarlierResults, findEarlierResults } from './earlier-results.js'
import type { BuildOutput } from './options.js'
import { type OutputFile, outputFiles } from './output-files.js'
import type { PreparedGadget } from './prepared-gadget.js'
import type { WovenFile } from './proof.js'
import type { BundleFile } from './read-bundle.js'
import { LAYOUT_SVG } from './result-names.js'
import { assertGadgetPrograms, writeGadgetImage } from './write-gadget-image.js'

export interface WriteOutputsInput {
  readonly plan: DiskPlan
  readonly payloads: readonly Payload[]
  readonly bundle: readonly BundleFile[]
  readonly gadget: Pick<PreparedGadget, 'files' | 'images'>
  /** Opened; committed here, and discarded by the caller when this rejects. */
  readonly folder: OutputFolder
  /** For what diskloom leaves to other programs: xz, qemu-img. */
  readonly runner: CommandRunner
  /** For images that are worth them. */
  readonly threads: Threads
  readonly only?: 'image' | 'bundle' | undefined
  readonly fullSha256: boolean
  /** Ed25519; the manifest is signed with it. */
  readonly signingKey?: KeyObject | undefined
  readonly sourceDateEpoch: number | undefined
  /** Seconds since 1970 for what has no time of its own. */
  readonly modifiedSeconds: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** Below this much payload a thread's start costs more than it saves. */
const THREADS_MINIMUM_BYTES = 8 << 20

export interface WrittenOutputs {
  readonly outputs: readonly BuildOutput[]
  /** What was in the folder before and is not of this build; `removes` is gone. */
  readonly earlier: EarlierResults
}

export async function writeOutputs(input: WriteOutputsInput): Promise<WrittenOutputs> {
  const { plan, folder, runner, signal } = input
  const { spec } = plan
  const wanted = wantedOutputs(spec, input.only)
  assertBundleNamesFree(input)
  assertPrograms(wanted.specs, runner)
  if (wanted.proof) assertGadgetPrograms(input.gadget.images, runner)
  const payloadBytes = plan.partitions.reduce((total, partition) => total + partition.payloadBytes, 0)
  let threads = threadsFor(payloadBytes, input)
  const open: { close(): Promise<void> }[] = []
  try {
    const encoders = encodersFor(wanted)
    // They start while the volumes are encoded here.
    if (encoders.length > 0) threads.warmUp(encoders)
    const image = plan.image()
    const totalBytes = carriedBytes(image)
    if (threads === INLINE_THREADS) threads = threadsFor(totalBytes, input)
    const files = outputFiles(wanted.specs, { plan, image, threads, runner })
    const paths = new Map(files.map((file) => [file, folder.stage(file.name)]))
    const sinks: ImageSink[] = []
    const sinkOf = new Map<OutputFile, FileSink>()
    for (const file of files) {
      if (file.open === undefined) continue
      const sink = await file.open(paths.get(file)!)
      open.push(sink)
      sinks.push(sink)
      sinkOf.set(file, sink)
    }
    const source = await sourceForQemu(files, paths, input)
    if (source.sink !== undefined) {
      open.push(source.sink)
      sinks.push(source.sink)
    }
    const zipPath = wanted.zip ? folder.stage(spec.bundle.name) : undefined
    const zip = zipPath && (await createZip(zipPath, threads, { level: spec.bundle.level, signal }))
    if (zip) {
      open.push(zip)
      sinks.push(await zip.entrySink({ name: spec.name, content: image, modifiedSeconds: input.modifiedSeconds }))
    }
    const digests = wanted.proof ? startDigests(input, image, threads) : undefined
    if (digests !== undefined) sinks.push(digests.sink)
    const bmap = zip && spec.bundle.meta ? new BmapSink(undefined, image, threads) : undefined
    if (bmap !== undefined) sinks.push(bmap)
    await weave(image, sinks, threads, {
      signal,
      onProgress: (doneBytes) => input.onProgress(doneBytes, totalBytes),
    })
    for (const file of files) {
      if (file.convert === undefined) continue
      await convertByQemuImg(runner, source.file!, { path: paths.get(file)!, format: file.convert }, signal)
    }

    const outputs: BuildOutput[] = await Promise.all(
      files.map(async (file) => {
        const { name, kind, rawBytes, startByte } = file
        const path = join(folder.path, name)
        if (rawBytes !== undefined) {
          const sha256 = kind === 'image' ? digests?.sink.results.full : undefined
          return { path, kind, sizeBytes: rawBytes, sha256, startByte }
        }
        const staged = paths.get(file)!
        const sha256 = sinkOf.get(file)?.sha256 ?? (await threads.fileDigest(staged))
        return { path, kind, sizeBytes: statSync(staged).size, sha256 }
      }),
    )
    if (digests !== undefined) {
      const woven = await weaveGadgetImages(input, threads)
      const { Proof } = await import('./proof.js')
      const proof = new Proof(input, digests, { extras: bundleExtras(plan, bmap?.text), woven })
      if (zip && zipPath) {
        for (const { name, file } of input.bundle) {
          await zip.add({ name, content: contentOfFile(file), modifiedSeconds: modifiedOf(file, input) })
        }
        for (const { path, file } of woven) {
          await zip.add({ name: path, content: contentOfFile(file), modifiedSeconds: input.modifiedSeconds })
        }
        for (const { path, bytes } of proof.bundleFiles()) {
          await zip.add({ name: path, content: imageOfBytes(bytes), modifiedSeconds: input.modifiedSeconds })
        }
        const sizeBytes = await zip.finish()
        const sha256 = await threads.fileDigest(zipPath)
        outputs.push({ path: join(folder.path, spec.bundle.name), kind: 'bundle', sizeBytes, sha256 })
      }
      if (input.only === undefined) {
        for (const { path, file, sha256 } of woven) {
          outputs.push({ path: join(folder.path, path), kind: 'gadget', sizeBytes: file.sizeBytes, sha256 })
        }
        for (const { path, kind, bytes } of proof.folderFiles(outputs)) {
          writeWholeFile(folder.stage(path), bytes)
          outputs.push({
            path: join(folder.path, path),
            kind,
            sizeBytes: bytes.length,
            sha256: bytesDigest(bytes),
          })
        }
      }
    }
    if (signal?.aborted) throw new InterruptedError()
    const earlier = await findEarlierResults(folder.path, folder.stagedNames, (path) => threads.fileDigest(path))
    await folder.commit(earlier.removes)
    return { outputs, earlier }
  } catch (error) {
    await Promise.all(open.map((output) => output.close().catch(() => {})))
    throw error
  }
}

async function createZip(path: string, threads: Threads, options: ZipFileOptions): Promise<ZipFile> {
  const { ZipFile } = await import('../outputs/zip-file.js')
  return ZipFile.create(path, threads, options)
}

/** Into their places, or for the zip alone beside them. */
async function weaveGadgetImages(
  { gadget, folder, only, runner, signal }: WriteOutputsInput,
  threads: Threads,
): Promise<WovenFile[]> {
  const woven: WovenFile[] = []
  for (const image of gadget.images) {
    const path = only === undefined ? folder.stage(image.path) : join(folder.workFolder(), basename(image.path))
    const { sizeBytes, sha256 } = await writeGadgetImage(image, path, { threads, runner, signal })
    woven.push({ path: image.path, file: { path, sizeBytes }, sha256 })
  }
  return woven
}

/** What qemu-img reads: the qcow2 or the raw image where there is one, else a qcow2 that nobody keeps. */
async function sourceForQemu(
  files: readonly OutputFile[],
  paths: ReadonlyMap<OutputFile, string>,
  { plan, folder }: WriteOutputsInput,
): Promise<{ readonly file?: Parameters<typeof convertByQemuImg>[1]; readonly sink?: FileSink }> {
  if (files.every(({ convert }) => convert === undefined)) return {}
  for (const format of ['qcow2', 'raw'] as const) {
    const file = files.find(({ spec }) => spec.format === format)
    if (file !== undefined) return { file: { path: paths.get(file)!, format } }
  }
  const path = join(folder.workFolder(), 'disk.qcow2')
  const { planQcow2 } = await import('../outputs/qcow2-plan.js')
  const { createPlannedSink } = await import('../outputs/planned-sink.js')
  return { file: { path, format: 'qcow2' }, sink: await createPlannedSink(path, planQcow2(plan.image())) }
}

/** Of the formats that diskloom leaves to another program. */
const PROGRAMS: Readonly<Partial<Record<OutputSpec['format'], string>>> = {
  xz: 'xz',
  vmdk: QEMU_IMG,
  vdi: QEMU_IMG,
  vhdx: QEMU_IMG,
}

/** A missing program ends the build before its first byte. */
export function assertPrograms(specs: readonly OutputSpec[], runner: CommandRunner): void {
  for (const { format } of specs) {
    const program = PROGRAMS[format]
    if (program !== undefined && runner.locate(program) === undefined) throw missingTool(program)
  }
}

/**
 * Starts the threads that the outputs will want, where files alone are payload enough for them: before the disk is planned,
 * which takes as long as loading the encoders. `writeOutputs` starts the others.
 */
export function warmUpThreads(
  { spec, payloads }: { readonly spec: ImageSpec; readonly payloads: readonly Payload[] },
  { threads, only }: Pick<WriteOutputsInput, 'threads' | 'only'>,
): void {
  const fileBytes = payloads.reduce((sum, payload) => (payload.kind === 'file' ? sum + payload.file.sizeBytes : sum), 0)
  const encoders = encodersFor(wantedOutputs(spec, only))
  if (fileBytes >= THREADS_MINIMUM_BYTES && encoders.length > 0) threads.warmUp(encoders)
}

function threadsFor(bytes: number, { threads }: WriteOutputsInput): Threads {
  return bytes >= THREADS_MINIMUM_BYTES ? threads : INLINE_THREADS
}

function encodersFor({ specs, zip }: WantedOutputs): EncoderName[] {
  const isDeflated = zip || specs.some(({ format }) => format === 'gz')
  const isZst = specs.some(({ format }) => format === 'zst')
  return [...(isDeflated ? (['deflate'] as const) : []), ...(isZst ? (['zstd'] as const) : [])]
}

interface WantedOutputs {
  /** All but the zip. */
  readonly specs: readonly OutputSpec[]
  readonly zip: boolean
  /** Digests, manifest and the small files: everything but a bare image has them. */
  readonly proof: boolean
}

function wantedOutputs(spec: ImageSpec, only: WriteOutputsInput['only']): WantedOutputs {
  if (only === 'image') {
    return { specs: [{ format: 'raw', name: spec.name, configPath: [] }], zip: false, proof: false }
  }
  if (only === 'bundle') return { specs: [], zip: true, proof: true }
  const isZip = ({ format }: OutputSpec): boolean => format === 'zip'
  return { specs: spec.outputs.filter((output) => !isZip(output)), zip: spec.outputs.some(isZip), proof: true }
}

function startDigests({ plan, fullSha256, payloads }: WriteOutputsInput, image: DiskImage, threads: Threads) {
  const stretches = plan.partitions.map(({ startByte, endByte }) => ({
    offset: startByte,
    sizeBytes: endByte - startByte,
  }))
  const planned = planDigests(image, stretches, fullSha256, archiveMembers(payloads))
  return { ...planned, sink: new DigestSink(threads.digests(planned.plan)) }
}

function modifiedOf(file: SourceFile, { sourceDateEpoch, modifiedSeconds }: WriteOutputsInput): number {
  if (file.mtimeNs === undefined) return modifiedSeconds
  const own = Number(file.mtimeNs / 1_000_000_000n)
  return sourceDateEpoch === undefined ? own : Math.min(own, sourceDateEpoch)
}

function assertBundleNamesFree({ plan: { spec }, gadget, bundle }: WriteOutputsInput): void {
  const taken = new Set([
    spec.name,
    'PartList.cfg',
    ...(spec.table === 'mtd' ? MTD_FILE_NAMES : []),
    ...verityFileNames(spec),
    MANIFEST_NAME,
    ...SIGNATURE_NAMES,
    SUMS_NAME,
    ...SUMS_SIGNATURE_NAMES,
    LAYOUT_SVG,
    ...spec.outputs.filter(({ format }) => format === 'html').map(({ name }) => name),
    ...[...gadget.files, ...gadget.images].map(({ path }) => path),
    ...(spec.bundle.meta ? Object.values(META_NAMES) : []),
  ])
  const problems: Problem[] = bundle
    .filter(({ name }) => taken.has(name))
    .map(({ name, configPath }) => ({
      message: `Cannot put "${name}" into the bundle: diskloom writes a file of that name into it`,
      hint: 'Give yours another name: { path: …, name: … }.',
      path: configPath as ConfigPath,
    }))
  if (problems.length > 0) throw new LayoutError(problems)
}
