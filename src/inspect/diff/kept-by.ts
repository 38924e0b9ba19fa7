/** What the formats of compared volumes keep of a node, so that only that is compared. */
import { KEEPS_ALL, type KeptAttributes } from '../../filesystems/file-system.js'
import { fileSystemOfFormat } from '../../filesystems/registry.js'
import type { VolumeReader } from '../../filesystems/volume-reader.js'
import type { TreeComparison } from './compare-trees.js'
import type { Ignorable, Ignored } from './ignored.js'

type Kept = Pick<TreeComparison, 'ignored' | 'asKept' | 'rootAttributes'>

/** Words of `--ignore` that go without saying where a format does not keep the attribute. */
const NOT_KEPT: readonly (readonly [keyof KeptAttributes, Ignorable])[] = [
  ['modes', 'modes'],
  ['owners', 'owners'],
  ['xattrs', 'xattrs'],
  ['hardLinks', 'links'],
]

/** Only what all of the volumes' formats can hold is compared. */
export function keptBy(volumes: readonly Pick<VolumeReader, 'summary'>[], ignored: Ignored): Kept {
  const kept = volumes.map(({ summary: { format, facts } }) => ({
    keeps: fileSystemOfFormat(format)?.keeps ?? KEEPS_ALL,
    facts,
  }))
  const notKept = NOT_KEPT.filter(([attribute]) => kept.some(({ keeps }) => keeps[attribute] === false))
  return {
    ignored: new Set([...ignored, ...notKept.map(([, word]) => word)]),
    asKept: (time) => kept.reduce((stored, { keeps, facts }) => keeps.time(stored, facts), time),
    rootAttributes: kept.every(({ keeps }) => keeps.rootAttributes),
  }
}
