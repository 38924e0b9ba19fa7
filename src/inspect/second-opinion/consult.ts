/**
 * A second opinion on an image, by readers that share no code with ours: the packages gpt, ext2fs and fatfs. What they cannot
 * read, or not in time, is passed over with a note; where they say something else than we do, that is told.
 */
import { FormatError, type Problem, type Warning } from '../../errors.js'
import { fileSystemOfFormat } from '../../filesystems/registry.js'
import type { VolumeReader } from '../../filesystems/volume-reader.js'
import { type FileTree, walkTree } from '../../tree/file-tree.js'
import { nameOf } from '../check-image.js'
import type { OpenImage, OpenPartition } from '../open-image.js'
import { askAnother } from './ask.js'
import { compareListings, compareTables, type Disagreement } from './compare-opinions.js'
import type { OpinionReply, OpinionRequest } from './listing.js'

export interface ConsultOptions {
  /** For each volume; default 30 s. */
  readonly limitMs?: number
  readonly signal?: AbortSignal | undefined
}

export interface SecondOpinion {
  readonly disagreements: readonly Problem[]
  /** What was passed over, and why. */
  readonly notes: readonly Warning[]
  /** Who was asked about what: `ext2fs on partition 2`. */
  readonly asked: readonly string[]
}

const LIMIT_MS = 30_000
const MAX_FILES = 5000
const SECTOR_BYTES = 512

export async function consult(disk: OpenImage, options: ConsultOptions = {}): Promise<SecondOpinion> {
  const consultation = new Consultation(options)
  if (disk.table !== undefined && disk.table.kind !== 'mbr') await consultation.table(disk, disk.table)
  for (const partition of disk.partitions) {
    const { volume } = partition.content()
    if (volume !== undefined) await consultation.volume(partition, volume)
  }
  return consultation.result
}

class Consultation {
  readonly #options: ConsultOptions
  readonly #disagreements: Problem[] = []
  readonly #notes: Warning[] = []
  readonly #asked: string[] = []

  constructor(options: ConsultOptions) {
    this.#options = options
  }

  get result(): SecondOpinion {
    return { disagreements: this.#disagreements, notes: this.#notes, asked: this.#asked }
  }

  async table(disk: OpenImage, table: NonNullable<OpenImage['table']>): Promise<void> {
    if (table.copy === 'backup') {
      this.#passOver('gpt', 'the table', 'the primary table is damaged')
      return
    }
    const request = { package: 'gpt', image: disk.image, sectorSize: table.sectorSize } as const
    await this.#ask(request, 'the table', (reply) => (reply.kind === 'partitions' ? compareTables(table, reply) : []))
  }

  async volume(partition: OpenPartition, volume: VolumeReader): Promise<void> {
    const { view } = partition
    const where = nameOf(partition)
    const { format, facts } = volume.summary
    const { crossCheck: name, keeps } = fileSystemOfFormat(format) ?? {}
    if (name === undefined) return
    if (Array.isArray(facts.features) && facts.features.includes('needs_recovery')) {
      this.#passOver(name, where, 'its journal needs recovery')
      return
    }
    const tree = treeOf(volume)
    if (tree === undefined) {
      this.#passOver(name, where, 'the volume is damaged')
      return
    }
    const files = countFiles(tree)
    if (files > MAX_FILES) {
      this.#passOver(name, where, `it holds ${files} files, at most ${MAX_FILES} are read twice`)
      return
    }
    const image = view.slice(0, view.sizeBytes, 'volume')
    const sectorSize = typeof facts.sector_size === 'number' ? facts.sector_size : SECTOR_BYTES
    // ext2fs gives sixty wrong bytes for a file that stands in its inode.
    const contents = !(Array.isArray(facts.features) && facts.features.includes('inline_data'))
    await this.#ask({ package: name, image, sectorSize }, where, (reply) =>
      reply.kind === 'files'
        ? compareListings(tree, reply.entries, { foldCase: keeps?.caseOfNames === false, contents })
        : [],
    )
  }

  async #ask(request: OpinionRequest, where: string, compare: (reply: OpinionReply) => Disagreement[]): Promise<void> {
    const { limitMs = LIMIT_MS, signal } = this.#options
    const reply = await askAnother(request, { limitMs, signal })
    if (reply.kind === 'none') {
      this.#passOver(request.package, where, reply.reason)
      return
    }
    this.#asked.push(`${request.package} on ${where}`)
    for (const { what, field, here, there } of compare(reply)) {
      this.#disagreements.push({
        message: `Two readers disagree about ${what} of ${where}: ${field} is ${here} here, ${request.package} says ${there}`,
      })
    }
  }

  #passOver(name: string, where: string, reason: string): void {
    this.#notes.push({ finding: 'second-opinion', message: `no second opinion by ${name} on ${where}: ${reason}` })
  }
}

function treeOf(volume: VolumeReader): FileTree | undefined {
  try {
    return volume.tree()
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

function countFiles(tree: FileTree): number {
  let count = 0
  for (const [, node] of walkTree(tree)) if (node.type !== 'directory') count++
  return count
}
