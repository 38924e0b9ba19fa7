/** From the planned disk to the folder of results: one pass over the payload, then the small files beside it. */
import type { KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { type ConfigPath, InterruptedError, LayoutError, type Problem } from '../errors.js'
import type { GadgetFile } from '../gadget/gadget-files.js'
import { type DiskImage, imageOfBytes, type SourceFile } from '../image/extent.js'
import { carriedBytes } from '../image/windows.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import { partListText } from '../layout/part-list.js'
import { DigestSink } from '../outputs/digest-sink.js'
import { mappedDigestOfDisk, type PlannedDigests, planDigests } from '../outputs/digests.js'
import { bytesDigest, fileDigest } from '../outputs/file-digest.js'
import type { OutputFolder } from '../outputs/output-folder.js'
import { RawSink } from '../outputs/raw-sink.js'
import type { ImageSink } from '../outputs/sink.js'
import { INLINE_THREADS, type Threads } from '../outputs/threads.js'
import { weave } from '../outputs/weave.js'
import { writeWholeFile } from '../outputs/whole-file.js'
import { startThreads } from '../outputs/worker-threads.js'
import { ZipFile } from '../outputs/zip-file.js'
import { MANIFEST_NAME } from '../proof/manifest-schema.js'
import { SIGNATURE_NAMES, signManifest } from '../proof/signatures.js'
import { contentOfFile } from '../tree/file-tree.js'
import { VERSION } from '../version.js'
import { archiveMembers, ContentDigests } from './content-digests.js'
import { type ManifestOutput, manifestText } from './manifest.js'
import type { BuildOutput, OutputKind } from './options.js'
import type { BundleFile } from './read-payloads.js'

export interface WriteOutputsInput {
  readonly plan: DiskPlan
  readonly payloads: readonly Payload[]
  readonly bundle: readonly BundleFile[]
  readonly gadget: readonly GadgetFile[]
  /** Opened; committed here, and discarded by the caller when this rejects. */
  readonly folder: OutputFolder
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

interface SmallFile {
  readonly path: string
  readonly kind: OutputKind
  readonly bytes: Uint8Array
}

export async function writeOutputs(input: WriteOutputsInput): Promise<BuildOutput[]> {
  const { spec } = input.plan
  const wanted = wantedOutputs(input)
  assertBundleNamesFree(input)
  const image = input.plan.image()
  const totalBytes = carriedBytes(image)
  const threads = totalBytes >= THREADS_MINIMUM_BYTES ? startThreads(availableParallelism()) : INLINE_THREADS
  const { folder } = input
  const open: { close(): Promise<void> }[] = []
  try {
    const raw = wanted.raw ? await RawSink.create(folder.stage(spec.name), image.sizeBytes, totalBytes) : undefined
    if (raw !== undefined) open.push(raw)
    const zipPath = wanted.zip ? folder.stage(spec.bundle.name) : undefined
    const zip = zipPath && (await ZipFile.create(zipPath, threads, { level: spec.bundle.level, signal: input.signal }))
    if (zip) open.push(zip)
    const imageEntry = { name: spec.name, content: image, modifiedSeconds: input.modifiedSeconds }
    const digests = wanted.proof ? startDigests(input, image, threads) : undefined
    const sinks = [raw, zip && (await zip.entrySink(imageEntry)), digests?.sink].filter((sink) => sink !== undefined)
    await weave(image, sinks as ImageSink[], threads, {
      signal: input.signal,
      onProgress: (doneBytes) => input.onProgress(doneBytes, totalBytes),
    })

    const outputs: BuildOutput[] = []
    const record = (path: string, kind: OutputKind, sizeBytes: number, sha256?: string): void => {
      outputs.push({ path: join(folder.path, path), kind, sizeBytes, sha256 })
    }
    const imageSha256 = digests?.sink.results.full
    if (raw !== undefined) record(spec.name, 'image', image.sizeBytes, imageSha256)
    if (digests !== undefined) {
      const proof = new Proof(input, digests)
      if (zip && zipPath) {
        for (const { name, file } of input.bundle) {
          await zip.add({ name, content: contentOfFile(file), modifiedSeconds: modifiedOf(file, input) })
        }
        for (const { path, bytes } of proof.smallFiles(undefined)) {
          await zip.add({ name: path, content: imageOfBytes(bytes), modifiedSeconds: input.modifiedSeconds })
        }
        const sizeBytes = await zip.finish()
        record(spec.bundle.name, 'bundle', sizeBytes, fileDigest({ path: zipPath, sizeBytes: statSync(zipPath).size }))
      }
      if (input.only === undefined) {
        const bundle = outputs.find(({ kind }) => kind === 'bundle')
        for (const { path, kind, bytes } of proof.smallFiles(bundle)) {
          writeWholeFile(folder.stage(path), bytes)
          record(path, kind, bytes.length, bytesDigest(bytes))
        }
      }
    }
    if (input.signal?.aborted) throw new InterruptedError()
    folder.commit()
    return outputs
  } catch (error) {
    await Promise.all(open.map((output) => output.close().catch(() => {})))
    throw error
  } finally {
    await threads.close()
  }
}

interface WantedOutputs {
  readonly raw: boolean
  readonly zip: boolean
  /** Digests, manifest and the small files: everything but a bare image has them. */
  readonly proof: boolean
}

function wantedOutputs({ plan, only }: WriteOutputsInput): WantedOutputs {
  if (only === 'image') return { raw: true, zip: false, proof: false }
  if (only === 'bundle') return { raw: false, zip: true, proof: true }
  return { raw: plan.spec.outputs.includes('raw'), zip: plan.spec.outputs.includes('zip'), proof: true }
}

function startDigests({ plan, fullSha256, payloads }: WriteOutputsInput, image: DiskImage, threads: Threads) {
  const stretches = plan.partitions.map(({ startByte, endByte }) => ({
    offset: startByte,
    sizeBytes: endByte - startByte,
  }))
  const planned = planDigests(image, stretches, fullSha256, archiveMembers(payloads))
  return { ...planned, sink: new DigestSink(threads.digests(planned.plan)) }
}

/** PartList.cfg, gadget files, manifest.json and SHA256SUMS: once for the folder, once for the zip. */
class Proof {
  readonly #input: WriteOutputsInput
  readonly #fixed: readonly SmallFile[]
  readonly #imageSha256: string | undefined
  readonly #manifestParts: Omit<Parameters<typeof manifestText>[0], 'outputs'>
  readonly #bundleSums: readonly ManifestOutput[]

  constructor(input: WriteOutputsInput, digests: PlannedDigests & { readonly sink: DigestSink }) {
    const { results } = digests.sink
    const sums = new ContentDigests(digests.files, results.files)
    this.#input = input
    this.#imageSha256 = results.full
    this.#fixed = [
      { path: 'PartList.cfg', kind: 'part-list', bytes: Buffer.from(partListText(input.plan), 'utf8') },
      ...input.gadget.map(({ path, bytes }) => ({ path, kind: 'gadget' as const, bytes })),
    ]
    const bundleFiles = input.bundle.map(({ name, file }) => ({
      path: name,
      sizeBytes: file.sizeBytes,
      sha256: sums.ofFile(file),
    }))
    this.#bundleSums = bundleFiles.map(({ path, sizeBytes, sha256 }) => ({ path, size_bytes: sizeBytes, sha256 }))
    this.#manifestParts = {
      plan: input.plan,
      toolVersion: VERSION,
      sourceDateEpoch: input.sourceDateEpoch,
      diskDigest: mappedDigestOfDisk(digests.plan.stretches, results.stretches),
      stretches: digests.plan.stretches,
      stretchDigests: results.stretches,
      imageSha256: results.full,
      payloadFiles: input.payloads.map((payload) =>
        sums.ofPayload(payload, payload.kind === 'file' ? basename(String(payload.file.path)) : ''),
      ),
      bundleFiles,
    }
    sums.close()
  }

  /** `bundle`: the finished zip, for the folder's files; undefined for those inside the zip, which cannot name its sum. */
  smallFiles(bundle: BuildOutput | undefined): SmallFile[] {
    const { spec } = this.#input.plan
    const others = this.#fixed.map(({ path, bytes }) => sumOf(path, bytes))
    const beside = bundle === undefined ? this.#bundleSums : [outputOf(spec.bundle.name, bundle)]
    const image = { path: spec.name, size_bytes: this.#input.plan.sizeBytes, sha256: this.#imageSha256 }
    const manifest = Buffer.from(
      manifestText({ ...this.#manifestParts, outputs: [image, ...beside, ...others] }),
      'utf8',
    )
    const { signingKey } = this.#input
    const signatures = signingKey === undefined ? [] : signManifest(manifest, signingKey)
    const proof = [{ path: MANIFEST_NAME, bytes: manifest }, ...signatures]
    const summed = [image, ...beside, ...others, ...proof.map(({ path, bytes }) => sumOf(path, bytes))]
    return [
      ...this.#fixed,
      { path: MANIFEST_NAME, kind: 'manifest', bytes: manifest },
      ...signatures.map(({ path, bytes }) => ({ path, kind: 'signature' as const, bytes })),
      { path: 'SHA256SUMS', kind: 'checksums', bytes: Buffer.from(checksumsText(summed), 'utf8') },
    ]
  }
}

function sumOf(path: string, bytes: Uint8Array): ManifestOutput {
  return { path, size_bytes: bytes.length, sha256: bytesDigest(bytes) }
}

function outputOf(path: string, { sizeBytes, sha256 }: BuildOutput): ManifestOutput {
  return { path, size_bytes: sizeBytes, sha256 }
}

/** As `sha256sum` prints and checks it; an output without a plain sum has no line. */
function checksumsText(outputs: readonly ManifestOutput[]): string {
  return outputs
    .filter(({ sha256 }) => sha256 !== undefined)
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join('')
}

function modifiedOf(file: SourceFile, { sourceDateEpoch, modifiedSeconds }: WriteOutputsInput): number {
  if (file.mtimeNs === undefined) return modifiedSeconds
  const own = Number(file.mtimeNs / 1_000_000_000n)
  return sourceDateEpoch === undefined ? own : Math.min(own, sourceDateEpoch)
}

function assertBundleNamesFree({ plan: { spec }, gadget }: WriteOutputsInput): void {
  const taken = new Set([
    spec.name,
    'PartList.cfg',
    MANIFEST_NAME,
    ...SIGNATURE_NAMES,
    'SHA256SUMS',
    ...gadget.map(({ path }) => path),
  ])
  const problems: Problem[] = spec.bundle.include
    .filter(({ name }) => taken.has(name))
    .map(({ name, configPath }) => ({
      message: `Cannot put "${name}" into the bundle: diskloom writes a file of that name into it`,
      hint: 'Give yours another name: { path: …, name: … }.',
      path: configPath as ConfigPath,
    }))
  if (problems.length > 0) throw new LayoutError(problems)
}
