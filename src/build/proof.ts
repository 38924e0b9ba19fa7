/** The small files that say what a build made: once for the folder, once for the zip. */
import type { KeyObject } from 'node:crypto'
import { relative } from 'node:path'
import type { SourceFile } from '../image/extent.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import { mtdFiles } from '../layout/mtd.js'
import { partListText } from '../layout/part-list.js'
import { verityFiles } from '../layout/verity.js'
import type { DigestSink } from '../outputs/digest-sink.js'
import { mappedDigestOfDisk, type PlannedDigests } from '../outputs/digests.js'
import { bytesDigest } from '../outputs/file-digest.js'
import { pictureOfPlan } from '../pictures/picture-of-plan.js'
import { MANIFEST_NAME, SUMS_NAME } from '../proof/manifest-names.js'
import { signFile } from '../proof/signatures.js'
import { VERSION } from '../version.js'
import type { BundleExtra } from './bundle-extras.js'
import { ContentDigests } from './content-digests.js'
import { layoutHtml, layoutSvg } from './layout-pictures.js'
import { type ManifestOutput, manifestText } from './manifest.js'
import type { BuildOutput, OutputKind } from './options.js'
import type { PreparedGadget } from './prepared-gadget.js'
import type { BundleFile } from './read-bundle.js'
import { LAYOUT_SVG } from './result-names.js'

export interface ProofInput {
  readonly plan: DiskPlan
  readonly payloads: readonly Payload[]
  readonly bundle: readonly BundleFile[]
  readonly gadget: Pick<PreparedGadget, 'files'>
  /** Paths in the manifest are relative to it. */
  readonly folder: { readonly path: string }
  /** Ed25519; the manifest is signed with it. */
  readonly signingKey?: KeyObject | undefined
  readonly sourceDateEpoch: number | undefined
}

export interface SmallFile {
  readonly path: string
  readonly kind: OutputKind
  readonly bytes: Uint8Array
}

/** An initramfs of the gadget. */
export interface WovenFile {
  readonly path: string
  /** Where it stands until the end of the build. */
  readonly file: SourceFile
  readonly sha256: string
}

/** PartList.cfg, pictures, gadget files, manifest.json and SHA256SUMS: once for the folder, once for the zip. */
export class Proof {
  readonly #input: ProofInput
  readonly #fixed: readonly SmallFile[]
  readonly #imageSha256: string | undefined
  readonly #manifestParts: Omit<Parameters<typeof manifestText>[0], 'outputs'>
  readonly #bundleSums: readonly ManifestOutput[]
  readonly #extras: readonly BundleExtra[]
  readonly #woven: readonly WovenFile[]

  constructor(
    input: ProofInput,
    digests: PlannedDigests & { readonly sink: DigestSink },
    { extras, woven }: { readonly extras: readonly BundleExtra[]; readonly woven: readonly WovenFile[] },
  ) {
    const { results } = digests.sink
    const sums = new ContentDigests(digests.files, results.files)
    this.#input = input
    this.#extras = extras
    this.#woven = woven
    this.#imageSha256 = results.full
    const diskDigest = mappedDigestOfDisk(digests.plan.stretches, results.stretches)
    const picture = pictureOfPlan(input.plan, input.payloads)
    const page = input.plan.spec.outputs.find(({ format }) => format === 'html')
    const partitions = new Map(digests.plan.stretches.map(({ offset }, at) => [offset, results.stretches[at]!]))
    this.#fixed = [
      { path: 'PartList.cfg', kind: 'part-list', bytes: Buffer.from(partListText(input.plan), 'utf8') },
      ...[...mtdFiles(input.plan), ...verityFiles(input.plan)].map(({ path, text }) => ({
        path,
        kind: 'part-list' as const,
        bytes: Buffer.from(text, 'utf8'),
      })),
      { path: LAYOUT_SVG, kind: 'picture', bytes: layoutSvg(picture) },
      ...(page === undefined
        ? []
        : [
            { path: page.name, kind: 'picture' as const, bytes: layoutHtml(picture, { disk: diskDigest, partitions }) },
          ]),
      ...input.gadget.files.map(({ path, bytes }) => ({ path, kind: 'gadget' as const, bytes })),
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
      diskDigest,
      stretches: digests.plan.stretches,
      stretchDigests: results.stretches,
      imageSha256: results.full,
      payloadFiles: input.payloads.map((payload, index) =>
        sums.ofPayload(payload, input.plan.spec.partitions[index]!.volume),
      ),
      bundleFiles,
    }
    sums.close()
  }

  /** For the zip, which cannot name its own sum. */
  bundleFiles(): Pick<SmallFile, 'path' | 'bytes'>[] {
    const sums = this.#extras.map(({ path, bytes }) => sumOf(path, bytes))
    const woven = this.#woven.map(({ path, file, sha256 }) => ({ path, size_bytes: file.sizeBytes, sha256 }))
    return [...this.#extras, ...this.#smallFiles([...this.#bundleSums, ...woven, ...sums])]
  }

  /** For the folder, beside the outputs of the pass. */
  folderFiles(outputs: readonly BuildOutput[]): SmallFile[] {
    const { folder } = this.#input
    const beside = outputs.filter(({ kind }) => kind !== 'image')
    return this.#smallFiles(beside.map((output) => outputOf(relative(folder.path, output.path), output)))
  }

  #smallFiles(beside: readonly ManifestOutput[]): SmallFile[] {
    const { spec } = this.#input.plan
    const others = this.#fixed.map(({ path, bytes }) => sumOf(path, bytes))
    const image = { path: spec.name, size_bytes: this.#input.plan.sizeBytes, sha256: this.#imageSha256 }
    const manifest = Buffer.from(
      manifestText({ ...this.#manifestParts, outputs: [image, ...beside, ...others] }),
      'utf8',
    )
    const { signingKey } = this.#input
    const sign = (file: Pick<SmallFile, 'path' | 'bytes'>) =>
      signingKey === undefined ? [] : signFile(file, signingKey)
    const signatures = sign({ path: MANIFEST_NAME, bytes: manifest })
    const proof = [{ path: MANIFEST_NAME, bytes: manifest }, ...signatures]
    const summed = [image, ...beside, ...others, ...proof.map(({ path, bytes }) => sumOf(path, bytes))]
    const sums = { path: SUMS_NAME, bytes: Buffer.from(checksumsText(summed), 'utf8') }
    const asSignature = ({ path, bytes }: Pick<SmallFile, 'path' | 'bytes'>): SmallFile => ({
      path,
      kind: 'signature',
      bytes,
    })
    return [
      ...this.#fixed,
      { path: MANIFEST_NAME, kind: 'manifest', bytes: manifest },
      ...signatures.map(asSignature),
      { ...sums, kind: 'checksums' },
      ...sign(sums).map(asSignature),
    ]
  }
}

function sumOf(path: string, bytes: Uint8Array): ManifestOutput {
  return { path, size_bytes: bytes.length, sha256: bytesDigest(bytes) }
}

function outputOf(path: string, { sizeBytes, sha256, startByte }: BuildOutput): ManifestOutput {
  return { path, size_bytes: sizeBytes, sha256, ...(startByte !== undefined && { start_byte: startByte }) }
}

/** As `sha256sum` prints and checks it; an output without a plain sum has no line. */
function checksumsText(outputs: readonly ManifestOutput[]): string {
  return outputs
    .filter(({ sha256 }) => sha256 !== undefined)
    .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
    .join('')
}
