/**
 * Folders of the machine that runs the tests, as they are, into ext4 and (what FAT can hold) into FAT32: all that a made
 * tree forgets. Other tools read them back.
 *
 * /usr/share is taken subfolder by subfolder up to BUDGET_BYTES, so that the suite's time is bounded (a gigabyte with
 * DISKLOOM_DEEP=1: nearly all of it on most machines).
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { diskloom } from '../support/diskloom.js'
import { type FolderListing, listFolder } from '../support/folder-listing.js'
import { withMounted } from '../support/loop-mount.js'
import { canMount, describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { copyRange } from '../support/sparse.js'

const MIB = 1 << 20
const SECTOR = 512
const DEEP = process.env.DISKLOOM_DEEP !== undefined
const BUDGET_BYTES = (DEEP ? 1000 : 160) * MIB
const FAT_BUDGET_BYTES = (DEEP ? 160 : 40) * MIB
/** Names of 255 characters take 21 of the 65,536 slots of a FAT folder. */
const MOST_FAT_NAMES = 3000
/** The newest time that the build lets through; real folders are older, so their times arrive. */
const EPOCH_SECONDS = 4_000_000_000
const ROOT_OWNER = { uid: 0, gid: 0 }

const scratch = scratchFolder()

/** Copies folders with all their attributes into `target`; what this user may not read is left out. */
function copyFolders(from: string[], target: string): void {
  mkdirSync(target, { recursive: true })
  chmodSync(target, 0o755) // as every volume's root is
  runTool('cp', ['-a', '--', ...from, target])
}

/** The subfolders of /usr/share that fit `budget`, the first ones by name. */
function shareFolders(budget: number): string[] {
  const sizes = runTool('sh', ['-c', 'du -sb -- /usr/share/*']).stdout.trimEnd().split('\n')
  let left = budget
  const chosen: string[] = []
  for (const line of sizes.sort((a, b) => (a.slice(a.indexOf('\t')) < b.slice(b.indexOf('\t')) ? -1 : 1))) {
    const [bytes, path] = line.split('\t')
    if (Number(bytes) > left) continue
    left -= Number(bytes)
    chosen.push(path!)
  }
  return chosen
}

/** Takes out of a tree the names that FAT cannot hold; symlinks stay, for `lossy: true`. */
function keepWhatFatHolds(folder: string): void {
  const taken = new Set<string>()
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const key = name.toUpperCase()
    // mtools 4.0.32 reads a name beyond the BMP as something else, so such a name would be held against us wrongly.
    const isJudgeable = !/[\u{10000}-\u{10ffff}\ufffd]/u.test(name)
    if (/["*:<>?\\|\x00-\x1f]|[. ]$/.test(name) || taken.has(key) || taken.size === MOST_FAT_NAMES || !isJudgeable) {
      rmSync(path, { recursive: true })
      continue
    }
    taken.add(key)
    if (lstatSync(path).isDirectory()) keepWhatFatHolds(path)
  }
}

/** What a FAT volume keeps of a listing: files and folders with their content. */
function asFatHoldsIt(listing: FolderListing): [string, string, string][] {
  return [...listing]
    .filter(([path, { type }]) => path !== '.' && (type === 'file' || type === 'directory'))
    .map(([path, { type, content }]) => [path, type, content])
}

interface Partition {
  name: string
  start: number
  size: number
}

describeWithTools('real folders', ['sfdisk', 'e2fsck', 'debugfs', 'fsck.fat', 'mcopy', 'python3', 'cp', 'du'], () => {
  const image = join(scratch, 'out/real.img/real.img')
  const partitions = new Map<string, Partition>()

  const extract = (name: string): string => {
    const { start, size } = partitions.get(name)!
    const path = join(scratch, `${name}.volume`)
    copyRange(image, path, start * SECTOR, size * SECTOR)
    return path
  }

  beforeAll(() => {
    copyFolders(['/etc'], scratch)
    copyFolders(shareFolders(BUDGET_BYTES), join(scratch, 'share'))
    copyFolders(['/etc', ...shareFolders(FAT_BUDGET_BYTES)], join(scratch, 'fat'))
    keepWhatFatHolds(join(scratch, 'fat'))
    writeFileSync(
      join(scratch, 'real.yaml'),
      `image: real.img
source_date_epoch: ${EPOCH_SECONDS}
table: gpt
partitions:
  - { name: etc, size: auto, fs: ext4/etc }
  - { name: share, size: auto, fs: ext4/share }
  - { name: fat, size: auto, fs: fat32, content: fat, options: { lossy: true } }
`,
    )
    diskloom(['build', join(scratch, 'real.yaml'), '--out', join(scratch, 'out'), '--only', 'image', '--quiet'])
    const { partitiontable } = JSON.parse(tool('sfdisk', '-J', image)) as {
      partitiontable: { partitions: Partition[] }
    }
    for (const partition of partitiontable.partitions) partitions.set(partition.name, partition)
  })

  it.each(['etc', 'share'])('%s: arrives in ext4 whole', (name) => {
    const volume = extract(name)
    const { status, stdout } = runTool('e2fsck', ['-fn', volume])
    expect({ status, stdout }).toMatchObject({ status: 0 })
    const expected = listFolder(join(scratch, name), { latestSeconds: EPOCH_SECONDS, owner: ROOT_OWNER })
    expect(expected.size).toBeGreaterThan(100)
    const skip = (path: string) => path === 'lost+found'
    if (canMount()) {
      const { start, size } = partitions.get(name)!
      const found = withMounted(image, start * SECTOR, size * SECTOR, (folder) => listFolder(folder, { skip }))
      expect(found).toEqual(expected)
    } else {
      const dump = join(scratch, `${name}.dump`)
      mkdirSync(dump)
      tool('debugfs', '-R', `rdump / ${dump}`, volume)
      const found = listFolder(dump, { skip })
      expect(asFatHoldsIt(found)).toEqual(asFatHoldsIt(expected))
    }
  })

  it('arrive in FAT32, as far as it can hold them', () => {
    const volume = extract('fat')
    const { status, stdout } = runTool('fsck.fat', ['-n', volume])
    expect({ status, stdout }).toMatchObject({ status: 0 })
    const copied = join(scratch, 'fat.copied')
    mkdirSync(copied)
    // Names as UTF-8, whatever the locale of the tests; `-n`: ask nothing.
    tool('env', 'LC_ALL=C.UTF-8', 'mcopy', '-s', '-n', '-i', volume, '::*', copied)
    const expected = asFatHoldsIt(listFolder(join(scratch, 'fat')))
    expect(expected.length).toBeGreaterThan(100)
    expect(asFatHoldsIt(listFolder(copied))).toEqual(expected)
  })
})
