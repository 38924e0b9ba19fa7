/** Volumes that are too small while another option would make them fit: the refusal names the option and its value. */
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { type Fixture, rejectionOf } from '../support/rejected-build.js'

function filesOf(count: number, text: string): Record<string, Fixture> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`tree/F${index}`, text]))
}

function configOf(partition: string): string {
  return `image: x\nsource_date_epoch: 1700000000\npartitions:\n  - { name: p, ${partition} }\n`
}

describe('a refusal that another option would lift', () => {
  const scratch = scratchFolder()
  it.each<[string, Record<string, Fixture>, RegExp, string]>([
    [
      'fs: fat/tree, size: 4MiB',
      filesOf(600, ''),
      /^Partition "p": Cannot fit the root folder into FAT12 of 4 MiB: needs 600 slots, available are 512$/,
      'options: {root_entries: 600} makes room; in FAT32 (fs: fat32) the root has no such limit',
    ],
    [
      'fs: fat/tree, size: auto, options: { root_entries: 512 }',
      filesOf(600, ''),
      /^Partition "p": Cannot fit the root folder with `size: auto`: needs 600 slots, available are 512$/,
      'options: {root_entries: 600} makes room; in FAT32 (fs: fat32) the root has no such limit',
    ],
    [
      'fs: fat/tree, size: 500KiB',
      filesOf(300, 'x'),
      /^Partition "p": Cannot fit the payload into FAT12 of 500 KiB: needs 614,400 bytes \(300 clusters of 2 KiB\), available are 489,472 bytes \(239 clusters\); the largest are /,
      'fs: fat12, options: { cluster_size: 1024, root_entries: 304 } makes it fit 500 KiB; The smallest volume that holds it has 638,976 bytes (624 KiB)',
    ],
    [
      'fs: ext4/tree, size: 8MiB',
      filesOf(2100, ''),
      /^Partition "p": Cannot fit the payload into an ext4 volume of 8 MiB: needs 2111 inodes, has 2048; the largest are /,
      'options: { inodes: 2111 } makes it fit 8 MiB.',
    ],
    [
      'fs: ext4/tree, size: 2MiB, options: { block_size: 4096 }',
      filesOf(500, ''),
      /^Partition "p": Cannot fit the payload into an ext4 volume of 2 MiB: needs 511 inodes, has /,
      'options: { inodes: 511 } makes it fit 2 MiB.',
    ],
  ])('%s', async (partition, files, message, hint) => {
    const error = await rejectionOf(scratch, { config: configOf(partition), files })
    expect(error).toMatchObject({ code: 'LAYOUT' })
    expect(error.problems[0]!.message).toMatch(message)
    expect(error.problems[0]!.hint).toContain(hint)
  })
})
