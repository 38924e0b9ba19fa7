import { loadReadings } from '../../../src/filesystems/registry.js'
import { chunksOf } from '../../../src/image/chunks.js'
import { type DiskImage, ImageBuilder, imageOfBytes } from '../../../src/image/extent.js'
import { checkImage } from '../../../src/inspect/check-image.js'
import { compareDisks } from '../../../src/inspect/diff/compare-disks.js'
import { tarOf } from '../../../src/inspect/extract.js'
import { inspectImage } from '../../../src/inspect/inspection.js'
import { type OpenImage, openDiskImage } from '../../../src/inspect/open-image.js'
import { walkTree } from '../../../src/tree/file-tree.js'
import { NAME, orRefused, type Subject } from './subject.js'

const READINGS = await loadReadings()

const MIB = 1 << 20

/** Through everything that looks inside: inspect, verify, listing, reading, extraction as a tar, comparison with the sound one. */
export const diskSubject: Subject = (whole) => {
  const sound = openBytes(whole)
  return (bytes) => {
    const disk = openBytes(bytes)
    JSON.stringify(inspectImage(disk), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    const { findings } = checkImage(disk)
    for (const partition of disk.partitions) {
      const { volume } = partition.content()
      if (volume === undefined) continue
      orRefused(() => volume.usedStretches())
      const tree = orRefused(() => volume.tree())
      if (tree === undefined) continue
      for (const [, node] of walkTree(tree)) if (node.type === 'file') readFew(node.content)
      readFew(tarOf(tree).image)
    }
    orRefused(() => compareDisks(sound, disk, { text: true }))
    return findings.length === 0 ? 'silent' : 'findings'
  }
}

function openBytes(bytes: Buffer): OpenImage {
  return openDiskImage(imageOfBytes(bytes), { name: NAME, format: 'raw', readings: READINGS })
}

/** The first mebibyte: a damaged length may say petabytes. */
function readFew(content: DiskImage): void {
  const extents = content.extents.filter(({ offset }) => offset < MIB)
  const builder = new ImageBuilder(Math.min(content.sizeBytes, MIB))
  for (const { offset, length, source } of extents) {
    builder.extent(0, { offset, length: Math.min(length, MIB - offset, content.sizeBytes - offset), source })
  }
  for (const chunk of chunksOf(builder.finish())) if (chunk.length === 0) throw new Error('an empty chunk')
}
