/** What `diff --ignore` leaves out, by name. */
import { didYouMean } from '../../bytes/nearest.js'
import { UsageError } from '../../errors.js'

export const IGNORABLE = {
  times: 'times of files, and of volumes',
  uuids: 'UUIDs of disk, partitions and volumes, and what is derived from them',
  owners: 'owners of files',
  modes: 'permissions of files',
  xattrs: 'extended attributes, ACLs and capabilities',
  links: 'which files are hard links of each other',
  places: 'where partitions begin and end',
  names: 'names of partitions and labels of volumes',
  figures: 'figures of volumes: free space, features, geometry',
  outside: 'what stands outside all partitions',
} as const

export type Ignorable = keyof typeof IGNORABLE
export type Ignored = ReadonlySet<Ignorable>

export const IGNORABLE_WORDS = Object.keys(IGNORABLE) as readonly Ignorable[]

/** `times,uuids`. UsageError for a word that is none of them. */
export function parseIgnored(text: string): Ignorable[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const known = IGNORABLE_WORDS.find((ignorable) => ignorable === word)
      if (known !== undefined) return known
      const hint = didYouMean(word, IGNORABLE_WORDS)
      throw new UsageError(
        `Cannot ignore "${word}": accepted are ${IGNORABLE_WORDS.join(', ')}`,
        hint === undefined ? {} : { hint },
      )
    })
}

/** Facts of volumes that go with a word; all others are figures. */
const FACT_WORDS: readonly (readonly [Ignorable, RegExp])[] = [
  ['uuids', /uuid|hash_seed|volume_id|serial|checksum_seed/],
  ['times', /time|created|written|mounted|checked/],
  ['names', /label|last_mounted/],
]

export function wordOfFact(fact: string): Ignorable {
  return FACT_WORDS.find(([, pattern]) => pattern.test(fact))?.[0] ?? 'figures'
}
