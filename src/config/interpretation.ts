import { resolve } from 'node:path'
import type { ConfigPath } from '../errors.js'
import { DEFAULT_SECTOR_SIZE, toSizeSpec } from '../schema/quantity.js'
import type { PathProblem, PathWarning } from './explain-issue.js'
import { type Located, nodeAt, toPlain } from './located.js'
import type { ImageInput } from './schema/image.js'
import type { OutputInput } from './schema/output.js'
import type { PartitionInput } from './schema/partition.js'
import type { Engine, ModesSpec } from './spec.js'

/** A map as far as it could be read. */
export interface Pieces<Values> {
  readonly values: Partial<Values>
  /** Keys that are given, but whose values are wrong: what they would have said is not known. */
  readonly unread: ReadonlySet<string>
}

export interface ConfigInput {
  readonly top: Pieces<Omit<ImageInput, 'partitions'>>
  /** Undefined: no map at all. */
  readonly partitions: readonly (Pieces<PartitionInput> | undefined)[]
}

/** Of most parallel NOR flash. */
const DEFAULT_ERASE_BLOCK_BYTES = 128 * 1024

/** What interpretation needs beside the values. */
export class Interpretation {
  readonly problems: PathProblem[] = []
  readonly warnings: PathWarning[] = []
  readonly sectorSize: number
  /** Bytes; missing where the disk is as small as holds everything. */
  readonly diskBytes: number | undefined
  /** Of flash, where the config says it or has one. */
  readonly eraseBlockBytes: number | undefined
  /** What `mtd:` says of a raw flash; empty where it says nothing, missing where there is none. */
  readonly flash: Pick<NonNullable<ImageInput['mtd']>, 'min_io_size' | 'sub_page_size'> | undefined
  /** Keys at the top whose values are wrong. */
  readonly unread: ReadonlySet<string>
  readonly #root: Located

  /** Outputs that the command line asks for, in place of the config's. */
  readonly outputs: readonly OutputInput[] | undefined

  constructor(input: ConfigInput, root: Located, overrides: { sizeBytes?: number; outputs?: readonly OutputInput[] }) {
    this.#root = root
    this.outputs = overrides.outputs
    this.unread = input.top.unread
    const { sector_size, size: written, erase_block, table, mtd } = input.top.values
    this.flash = table === 'mtd' ? (mtd ?? {}) : undefined
    this.eraseBlockBytes = erase_block ?? (table === 'mtd' ? DEFAULT_ERASE_BLOCK_BYTES : undefined)
    this.sectorSize = sector_size ?? DEFAULT_SECTOR_SIZE
    const size = written && toSizeSpec(written, this.sectorSize)
    this.diskBytes = overrides.sizeBytes ?? (size?.kind === 'bytes' ? size.bytes : undefined)
  }

  /** The whole config as plain values, for messages. */
  get plain(): unknown {
    return toPlain(this.#root, new Set())
  }

  /** A path of the config, relative to the file in which it stands. */
  absolute(path: string, at: ConfigPath): string {
    return resolve(nodeAt(this.#root, at).node.source.folder, path)
  }

  /** Whether the value at a path is written as a list. */
  isList(path: ConfigPath): boolean {
    const { node, exact } = nodeAt(this.#root, path)
    return exact && node.kind === 'list'
  }

  refuse(path: ConfigPath, message: string, hint?: string): void {
    this.problems.push(hint === undefined ? { path, message } : { path, message, hint })
  }
}

/** What the parts of one partition are interpreted with. */
export interface PartitionContext {
  readonly interpretation: Interpretation
  /** `['partitions', index]`; of a volume inside a file, its `image`. */
  readonly path: ConfigPath
  /** For messages: `partition "data"`, `partition 3`. */
  readonly text: string
  /** Its keys whose values are wrong. */
  readonly unread: ReadonlySet<string>
  /** The last one of the table, which may go without `end` and `size`. */
  readonly isLast: boolean
  /** Of the whole config, where it says one. */
  readonly engine: Engine | undefined
  /** Of the volume, else of what is around it, where one of them says it. */
  readonly modes?: ModesSpec | undefined
  /** The volume stands in one of UBI's. */
  readonly onUbi?: true
  /** How many files this volume stands in; missing = it has a partition. */
  readonly nesting?: number
}
