/** Which stretches of the volume are used: the structures in front, the directories, and what the FAT says is a file's. */
import type { UsedStretch } from '../../volume-reader.js'
import { BAD_CLUSTER } from '../disklayout.js'
import type { FatReading } from './fat-reading.js'
import { TreeReader } from './read-tree.js'
import { clusterOffset } from './volume-shape.js'

export function findUsedStretches(reading: FatReading): UsedStretch[] {
  const { shape, fat } = reading
  const directories = new TreeReader(reading).directoryClusters()
  const stretches: { offset: number; length: number; use: UsedStretch['use'] }[] = [
    { offset: 0, length: shape.dataOffset, use: 'metadata' },
  ]
  fat.eachUsed((cluster, entry) => {
    // Nobody can use a bad cluster, and nobody has written it.
    if (entry === BAD_CLUSTER[shape.width]) return
    const offset = clusterOffset(shape, cluster)
    const use = directories.has(cluster) ? 'metadata' : 'data'
    const latest = stretches.at(-1)!
    if (latest.use === use && latest.offset + latest.length === offset) latest.length += shape.clusterBytes
    else stretches.push({ offset, length: shape.clusterBytes, use })
  })
  return stretches
}
