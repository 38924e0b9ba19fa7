/** Keys of a partition that say something about its inside: which of them go with what it holds. */
import { VOLUME_KEYS, type VolumeKey } from '../filesystems/file-system.js'
import { FILE_SYSTEMS, fileSystemOf } from '../filesystems/registry.js'
import type { PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'

/** What a partition can hold, as far as its keys depend on it. */
interface Holding {
  readonly title: string
  readonly keys: readonly VolumeKey[]
}

const RAW: Holding = { title: 'a raw file', keys: ['fill'] }
const NOTHING: Holding = { title: 'a partition without fs', keys: ['fill'] }
const HOLDINGS: readonly Holding[] = [...FILE_SYSTEMS, RAW, NOTHING]

function holdingOf({ fs }: PartitionInput): Holding {
  if (fs === undefined) return NOTHING
  return fs.kind === 'raw' ? RAW : fileSystemOf(fs.type)
}

/** A key that would say nothing about this kind of volume is a mistake, not a wish to pass over. */
export function refuseForeignKeys(input: PartitionInput, { interpretation, path, text }: PartitionContext): void {
  const holding = holdingOf(input)
  for (const key of VOLUME_KEYS) {
    if (input[key] === undefined || holding.keys.includes(key)) continue
    const names = HOLDINGS.filter(({ keys }) => keys.includes(key)).map(({ title }) => title)
    const accepted = `${key} is accepted with ${andList(names)}`
    const hint = holding === NOTHING && key !== 'fill' ? 'Say which file system: fs: ext4, fs: fat32 …' : undefined
    interpretation.refuse([...path, key], `Cannot use ${key} of ${text}: ${foundText(input)}, ${accepted}`, hint)
  }
}

/** `FAT`, `FAT and JFFS2`, `ext4, FAT and JFFS2`. */
function andList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

export function foundText({ fs }: PartitionInput): string {
  if (fs === undefined) return 'it has no fs'
  return fs.kind === 'raw' ? `its fs is the raw file ${fs.path}` : `its fs is ${fs.type}`
}
