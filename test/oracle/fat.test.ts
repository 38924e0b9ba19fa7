/** Other tools read what the FAT writer wrote: fsck.fat, mtools, file, the `fatfs` package. */
import { createHash } from 'node:crypto'
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { type FatFormatOptions, fatFormat } from '../../src/filesystems/fat/format.js'
import type { DiskImage } from '../../src/image/extent.js'
import { contentOfFile, type DirectoryNode, emptyTree, type FileNode, type FileTree } from '../../src/tree/file-tree.js'
import { readFatVolume } from '../support/fat-reader.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const KIB = 1024
const MIB = 1024 * KIB
const SECONDS = 1_767_225_601 // 2026-01-01T00:00:01Z: odd
const MTIME = { seconds: SECONDS, nanoseconds: 120_000_000 }
const USED_MEDIUM = 0xd1

function content(text: string | Buffer): DiskImage {
  const bytes = Buffer.from(text)
  if (bytes.length === 0) return { sizeBytes: 0, extents: [] }
  return { sizeBytes: bytes.length, extents: [{ offset: 0, length: bytes.length, source: { kind: 'bytes', bytes } }] }
}

function file(text: string | Buffer): FileNode {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: MTIME, content: content(text) }
}

function folder(children: Record<string, FileNode> = {}): DirectoryNode {
  const node = emptyTree(MTIME)
  for (const [name, child] of Object.entries(children)) node.children.set(byteString(name), child)
  return node
}

/** Path → content, undefined for a folder. */
function flatten(tree: FileTree, prefix = ''): Map<string, Buffer | undefined> {
  const found = new Map<string, Buffer | undefined>()
  for (const [name, node] of tree.children) {
    const path = prefix + Buffer.from(name, 'latin1').toString('utf8')
    if (node.type === 'directory') {
      found.set(path, undefined)
      for (const [below, data] of flatten(node, `${path}/`)) found.set(below, data)
    } else if (node.type === 'file') {
      const data = Buffer.alloc(node.content.sizeBytes)
      for (const { offset, length, source } of node.content.extents) {
        if (source.kind === 'bytes') data.set(source.bytes, offset)
        if (source.kind === 'file')
          data.set(readFileSync(source.file.path).subarray(source.offset).subarray(0, length), offset)
      }
      found.set(path, data)
    }
  }
  return found
}

/** Every kind of name and size, as far as mtools can show it (no emoji: mtools 4.0.32 garbles surrogate pairs). */
function variedTree(clusterBytes: number): FileTree {
  const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 251))
  return folder({
    MLO: file('the first'),
    zImage: file(bytes(3 * clusterBytes)),
    'lower.txt': file('lower'),
    'UPPER.txt': file('mixed by part'),
    'CamelCase.Txt': file('mixed'),
    empty: file(''),
    'a name with blanks and more than thirteen.text': file(bytes(clusterBytes + 1)),
    'thirteen-long': file(bytes(clusterBytes - 1)),
    'Grüße aus Köln.txt': file('umlauts'),
    日本語のファイル: file('kana and kanji'),
    ['x'.repeat(255)]: file('longest'),
    '.hidden': file('dot'),
    'bcm2710-rpi-3-b.dtb': file('1'),
    'bcm2710-rpi-3-b-plus.dtb': file('2'),
    'bcm2710-rpi-cm3.dtb': file('3'),
    'BCM271~2.DTB': file('a real name that looks made up'),
    EFI: folder({ BOOT: folder({ 'BOOTX64.EFI': file(bytes(clusterBytes * 2 + 17)) }), 'empty folder': folder() }),
    overlays: folder(
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`overlay-number-${index}.dtbo`, file(`${index}`)])),
    ),
  })
}

const VOLUMES: [string, number, number, FatFormatOptions][] = [
  ['FAT12', 2 * MIB, 512, { type: 'fat' }],
  ['FAT12 with a label, clusters of one sector', 1 * MIB, 512, { type: 'fat12', cluster_size: 512, label: 'TINY' }],
  ['FAT16', 32 * MIB, 512, { type: 'fat', label: 'BOOT' }],
  ['FAT16 with one FAT', 16 * MIB, 512, { type: 'fat16', fats: 1, root_entries: 128 }],
  ['FAT32', 64 * MIB, 512, { type: 'fat32', label: 'BOOT DISK' }],
  ['FAT32 with large clusters', 600 * MIB, 512, { type: 'fat' }],
  ['FAT12 on sectors of 4 KiB', 8 * MIB, 4096, { type: 'fat' }],
  ['FAT32 on sectors of 4 KiB', 300 * MIB, 4096, { type: 'fat32', label: 'FOURK' }],
]

describeWithTools('FAT read by others', ['fsck.fat', 'mcopy', 'mdir', 'minfo', 'file'], () => {
  const scratch = scratchFolder()
  let serial = 0

  function make(tree: FileTree, sizeBytes: number, options: FatFormatOptions, sectorSize = 512, dirty = false) {
    const planned = fatFormat.plan(tree, sizeBytes, options, {
      time: MTIME,
      uuid: '1a2b3c4d-0000-5000-8000-000000000000',
      offsetBytes: 0,
      sectorSize,
    })
    const path = join(scratch, `${serial++}.img`)
    materialize(planned.encode(), path, dirty ? { unspecified: USED_MEDIUM } : {})
    return { path, planned }
  }

  function expectClean(path: string) {
    const { status, stdout, stderr } = runTool('fsck.fat', ['-n', path])
    // Two lines: its version, and the count.
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  }

  /** Everything that mcopy takes out, with names in UTF-8. */
  function extractWithMtools(path: string): Map<string, Buffer | undefined> {
    const target = `${path}.out`
    mkdirSync(target)
    tool('env', 'LC_ALL=C.UTF-8', 'mcopy', '-s', '-n', '-m', '-i', path, '::/', target)
    return readHostFolder(target)
  }

  function readHostFolder(root: string, prefix = ''): Map<string, Buffer | undefined> {
    const found = new Map<string, Buffer | undefined>()
    for (const name of readdirSync(join(root, prefix))) {
      const path = join(prefix, name)
      if (lstatSync(join(root, path)).isDirectory()) {
        found.set(path, undefined)
        for (const [below, data] of readHostFolder(root, path)) found.set(below, data)
      } else {
        found.set(path, readFileSync(join(root, path)))
      }
    }
    return found
  }

  function sortedByPath<T>(map: Map<string, T>): [string, T][] {
    return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  it.each(VOLUMES)('%s: clean, and everything comes back', (_name, sizeBytes, sectorSize, options) => {
    const tree = variedTree(2048)
    const { path, planned } = make(tree, sizeBytes, options, sectorSize, sizeBytes <= 64 * MIB)
    expectClean(path)
    expect(sortedByPath(extractWithMtools(path))).toEqual(sortedByPath(flatten(tree)))
    expect(lstatSync(join(`${path}.out`, 'MLO')).mtimeMs / 1000).toBe(SECONDS - 1)

    const volume = readFatVolume(path)
    expect(volume.items.map(({ path: item, content: data }) => [item, data]).sort()).toEqual(
      sortedByPath(flatten(tree)).sort(),
    )
    expect(volume).toMatchObject({
      label: options.label,
      clusters: planned.facts.clusters,
      freeClusters: planned.facts.free_clusters,
      clusterBytes: planned.facts.cluster_size,
    })
    expect(new Set(volume.items.map(({ modified, created }) => `${modified} ${created}`))).toEqual(
      new Set([`${SECONDS - 1} ${SECONDS + 0.12}`]),
    )
  })

  it.each(VOLUMES)('%s: the fatfs package reads the same', (_name, sizeBytes, sectorSize, options) => {
    // Emoji too, but no names that differ from others once case flags are lost.
    const tree = folder({
      MLO: file('the first'),
      '😀 and 🚀.txt': file('pairs'),
      'Long name of a file.data': file(Buffer.alloc(100_000, 5)),
      // 14 names and two dots: with clusters of 512 bytes the folder's cluster is exactly full.
      FULL: folder(Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`F${index}`, file(`${index}`)]))),
    })
    const { path } = make(tree, sizeBytes, options, sectorSize)
    const script = fileURLToPath(new URL('../support/fatfs-dump.mjs', import.meta.url))
    const result = runTool('timeout', ['20', process.execPath, script, path, String(sectorSize)])
    expect(result.stderr).toBe('')
    const digests = sortedByPath(flatten(tree)).map(([item, data]) => {
      return [item, data === undefined ? null : createHash('sha256').update(data).digest('hex')]
    })
    expect(Object.entries(JSON.parse(result.stdout)).sort()).toEqual(digests.sort())
  })

  it('shows mdir the short names and labels, minfo the geometry, file the type', () => {
    const tree = folder({ 'Readme.text': file('x'), 'bcm2710-rpi.dtb': file('y'), plain: file('z') })
    const { path } = make(tree, 64 * MIB, { type: 'fat32', label: 'BOOT', oem: 'BOARDCO' })
    const listing = tool('mdir', '-i', path, '::/')
    expect(listing).toContain('Volume in drive : is BOOT')
    expect(listing).toContain('Volume Serial Number is 1A2B-3C4D')
    expect(listing).toMatch(/README~1 TEX +1 2026-01-01 +0:00 +Readme\.text/)
    expect(listing).toMatch(/BCM271~1 DTB +1 2026-01-01 +0:00 +bcm2710-rpi\.dtb/)
    expect(listing).toMatch(/^plain +1 2026/m)
    expect(tool('mtype', '-i', path, '::plain')).toBe('z')
    const info = tool('minfo', '-i', path, '::')
    expect(info).toContain('banner:"BOARDCO ')
    expect(info).toMatch(/disk type="FAT32 {3}"/)
    expect(info).toMatch(/free clusters=129018/)
    expect(tool('file', '-s', path)).toMatch(
      /DOS\/MBR boot sector, code offset 0x58\+2, OEM-ID "BOARDCO ".*FAT \(32 bit\), sectors\/FAT 1009, serial number 0x1a2b3c4d, label: "BOOT/,
    )
  })

  it.each<[string, number, FatFormatOptions]>([
    ['FAT12', 1 * MIB, { type: 'fat' }],
    ['FAT16', 16 * MIB, { type: 'fat' }],
    ['FAT32', 34 * MIB, { type: 'fat32' }],
  ])('%s filled to its last cluster, on a used medium', (_name, sizeBytes, options) => {
    const empty = make(folder(), sizeBytes, options).planned.facts
    const capacity = Number(empty.free_clusters) * Number(empty.cluster_size)
    const tree = folder({ FILL: file(Buffer.alloc(capacity, 0xa5)) })
    const { path, planned } = make(tree, sizeBytes, options, 512, true)
    expect(planned.facts.free_clusters).toBe(0)
    expectClean(path)
    expect(readFatVolume(path)).toMatchObject({ freeClusters: 0 })
    const tooMuch = folder({ FILL: file(Buffer.alloc(capacity + 1)) })
    expect(() => make(tooMuch, sizeBytes, options)).toThrow(/Cannot fit the payload/)
  })

  it.each<[string, number, FatFormatOptions]>([
    ['FAT12', 1 * MIB, { type: 'fat12', cluster_size: 512 }],
    ['FAT32', 34 * MIB, { type: 'fat32' }],
  ])('%s folders of just full, one more and one less cluster', (_name, sizeBytes, options) => {
    // 16 slots to a cluster of 512 bytes; a folder starts with two.
    const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`F${i}`, file('x')]))
    const tree = folder({ A: folder(names(13)), B: folder(names(14)), C: folder(names(15)), ...names(29) })
    const { path } = make(tree, sizeBytes, options, 512, true)
    expectClean(path)
    expect(sortedByPath(extractWithMtools(path))).toEqual(sortedByPath(flatten(tree)))
    const clusters = new Map(readFatVolume(path).items.map((item) => [item.path, item.clusters]))
    expect([clusters.get('A'), clusters.get('B'), clusters.get('C')]).toEqual([1, 1, 2])
  })

  it('puts boot files first, in the root and in the data area', () => {
    const tree = folder({
      'a long name before all others.text': file('a'),
      BOOT: folder({ A: file('a'), 'kernel.img': file('k') }),
      'u-boot.img': file('u'),
      MLO: file('m'),
    })
    const order = ['MLO', 'u-boot.img', 'BOOT/kernel.img']
    const { path } = make(tree, 64 * MIB, { type: 'fat32', label: 'X', order })
    expectClean(path)
    const { items } = readFatVolume(path)
    expect(items.map((item) => item.path)).toEqual([
      'MLO',
      'u-boot.img',
      'BOOT',
      'BOOT/kernel.img',
      'BOOT/A',
      'a long name before all others.text',
    ])
    const firstCluster = (name: string) => items.find((item) => item.path === name)!.firstCluster
    // Root and BOOT have clusters 2 and 3.
    expect(order.map(firstCluster)).toEqual([4, 5, 6])
  })

  it('writes times in the zone that was asked for', () => {
    const { path } = make(folder({ A: file('a') }), 1 * MIB, { type: 'fat', time_zone: '+05:30' })
    expect(readFatVolume(path).items[0]).toMatchObject({ modified: SECONDS - 1 + 5.5 * 3600 })
  })

  it('holds 20,000 names that share their first six characters', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `file_number_${index}.bin`)
    const tree = folder({ D: folder(Object.fromEntries(names.map((name) => [name, file('')]))) })
    const start = performance.now()
    const { path } = make(tree, 64 * MIB, { type: 'fat32' })
    expect(performance.now() - start).toBeLessThan(2000)
    expectClean(path)
    expect(
      readFatVolume(path)
        .items.map((item) => item.path)
        .sort(),
    ).toEqual(['D', ...names.map((n) => `D/${n}`)].sort())
  })

  it('lies at its place in a disk, with hidden sectors', () => {
    const { path } = make(folder({ A: file('a') }), 2 * MIB, { type: 'fat' })
    const planned = fatFormat.plan(
      folder({ A: file('a') }),
      2 * MIB,
      { type: 'fat' },
      {
        time: MTIME,
        uuid: '1a2b3c4d-0000-5000-8000-000000000000',
        offsetBytes: 1 * MIB,
        sectorSize: 512,
      },
    )
    const moved = join(scratch, 'moved.img')
    materialize(planned.encode(), moved)
    expect(tool('minfo', '-i', moved, '::')).toContain('hidden sectors: 2048')
    expect(tool('minfo', '-i', path, '::')).toContain('hidden sectors: 0')
  })

  it('mtools writes into it and fsck.fat still finds nothing', () => {
    const { path } = make(variedTree(2048), 40 * MIB, { type: 'fat32', label: 'RW' }, 512, true)
    const added = join(scratch, 'added.txt')
    writeFileSync(added, Buffer.alloc(300_000, 3))
    tool('mcopy', '-i', path, added, '::/EFI/another long name.txt')
    tool('mdel', '-i', path, '::/overlays/overlay-number-7.dtbo')
    tool('mmd', '-i', path, '::/new folder')
    expectClean(path)
    expect(readFatVolumeLoosely(path)).toContain('EFI/another long name.txt')
  })

  /** mtools leaves deleted slots, which the strict reader refuses. */
  function readFatVolumeLoosely(path: string): string[] {
    const copy = `${path}.copy`
    copyFileSync(path, copy)
    return [...extractWithMtools(copy).keys()]
  }

  it('takes a real folder from the host, read through its files', () => {
    const root = fileURLToPath(new URL('../../node_modules/fast-check', import.meta.url))
    const tree = hostFolder(root)
    const { path } = make(tree, 40 * MIB, { type: 'fat32' }, 512, true)
    expectClean(path)
    expect(sortedByPath(extractWithMtools(path))).toEqual(sortedByPath(flatten(tree)))
  })

  function hostFolder(root: string): DirectoryNode {
    const node = emptyTree(MTIME)
    for (const name of readdirSync(root)) {
      const path = join(root, name)
      const stat = lstatSync(path)
      const child: FileNode = stat.isDirectory()
        ? hostFolder(path)
        : {
            type: 'file',
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: { seconds: Math.floor(stat.mtimeMs / 1000), nanoseconds: 0 },
            content: contentOfFile({ path, sizeBytes: stat.size }),
          }
      node.children.set(byteString(name), child)
    }
    return node
  }
})
