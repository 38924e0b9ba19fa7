/** What `build` and `plan` take and give: the library's interface. */
import type { OutputInput } from '../config/schema/output.js'
import type { Warning } from '../errors.js'
import type { DiskPlan } from '../layout/disk-plan.js'
import type { PartitionGrowth } from './budget.js'

export interface PlanOptions {
  /** Path of the config: YAML, or the lines of a PartConfig.cfg. */
  readonly config: string
  /** Variables that win over `vars:` and the environment. */
  readonly set?: Readonly<Record<string, string>> | undefined
  /** Size of the disk in bytes; wins over the config's. */
  readonly sizeBytes?: number | undefined
  /** What is written, in place of the config's `outputs:`. */
  readonly outputs?: readonly OutputInput[] | undefined
  /** Path of the file of sizes from release to release, in place of the config's `budget.history`. */
  readonly history?: string | undefined
  /** For `${NAME}` in the config, and SOURCE_DATE_EPOCH; default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Stops the work; the promise then rejects with InterruptedError and nothing is left behind. */
  readonly signal?: AbortSignal | undefined
  /** Warnings that the config does not accept are a LayoutError, before anything is written. */
  readonly strict?: boolean | undefined
  readonly onEvent?: ((event: BuildEvent) => void) | undefined
}

export interface BuildOptions extends PlanOptions {
  /** Folder under which `<image>/` is made; default `./out`. */
  readonly out?: string | undefined
  /** `image`: the raw image and nothing else. `bundle`: the zip and nothing else. */
  readonly only?: 'image' | 'bundle' | undefined
  /** Also make the plain SHA-256 of the raw image, at the cost of the whole disk. */
  readonly fullSha256?: boolean | undefined
  /** Path of an Ed25519 key in PEM: the manifest is signed with it. */
  readonly signingKey?: string | undefined
  /** Path of a file for Make or Ninja that tells what the result depends on. */
  readonly depfile?: string | undefined
  /** Refuses to build what depends on this machine: ConfigError with every place. Default: one warning. */
  readonly reproducible?: boolean | undefined
}

export type BuildPhase = 'config' | 'payload' | 'layout' | 'write' | 'finish'

export type BuildEvent =
  | { readonly kind: 'phase'; readonly phase: BuildPhase; readonly title: string }
  | { readonly kind: 'progress'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'warning'; readonly problem: Warning }

export type OutputKind =
  | 'image'
  | 'bundle'
  | 'compressed'
  | 'bmap'
  | 'android-sparse'
  | 'virtual-disk'
  | 'partition'
  | 'picture'
  | 'part-list'
  | 'manifest'
  | 'signature'
  | 'checksums'
  | 'gadget'

export interface BuildOutput {
  /** Absolute. */
  readonly path: string
  readonly kind: OutputKind
  readonly sizeBytes: number
  /** Missing for the raw image unless `fullSha256`, and for partitions as files of their own. */
  readonly sha256?: string | undefined
  /** Of a raw partition: where on the disk it begins. */
  readonly startByte?: number | undefined
}

export interface PlanResult {
  readonly plan: DiskPlan
  readonly warnings: readonly Warning[]
}

export interface BuildResult extends PlanResult {
  /** Absolute path of `<out>/<image>`. */
  readonly folder: string
  readonly outputs: readonly BuildOutput[]
  /** Results of an earlier build that this one does not make, and that were removed with it; relative to `folder`. */
  readonly removed: readonly string[]
  /** Other files in `folder`, which are not of this build. */
  readonly left: readonly string[]
  readonly seconds: number
  /** With `budget:`: how full each partition is, and what its history says. */
  readonly growth?: readonly PartitionGrowth[] | undefined
}
