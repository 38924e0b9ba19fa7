/**
 * GRUB's own readers, without a boot: grub-fstest is its partition and file-system code as a program of the host. It finds
 * the partitions, lists the directories, and compares every file with a copy on the host.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { toHostPath } from '../../src/bytes/text.js'
import { type DirectoryNode, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { MIB } from '../support/image-spec.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { differencesOf } from '../support/qemu-differences.js'
import {
  extVolume,
  fatVolume,
  type JudgedDisk,
  type JudgedVolume,
  partitionOf,
  weaveDisk,
} from '../support/qemu-disk.js'
import { BEGINS_WITH_HOLE, extTree, fatTree, file, folder } from '../support/qemu-trees.js'
import { readBytes } from '../support/read-content.js'
import { familyOf } from '../support/volume-specs.js'

const GPT: readonly JudgedVolume[] = [
  { name: 'fat12', sizeBytes: 3 * MIB, volume: fatVolume('fat'), tree: fatTree(2048) },
  { name: 'fat16', sizeBytes: 16 * MIB, volume: fatVolume('fat16', {}, 'BOOT'), tree: fatTree(2048) },
  { name: 'fat32', sizeBytes: 34 * MIB, volume: fatVolume('fat32'), tree: fatTree(512) },
  { name: 'ext4', sizeBytes: 32 * MIB, volume: extVolume('ext4'), tree: extTree(1024) },
  { name: 'ext4-4k', sizeBytes: 32 * MIB, volume: extVolume('ext4', { block_size: 4096 }), tree: extTree(4096) },
  { name: 'ext4-grub', sizeBytes: 24 * MIB, volume: extVolume('ext4', { profile: 'grub-2.04' }), tree: extTree(1024) },
  { name: 'ext3', sizeBytes: 24 * MIB, volume: extVolume('ext3'), tree: extTree(1024) },
  { name: 'ext2', sizeBytes: 24 * MIB, volume: extVolume('ext2'), tree: extTree(1024) },
]
const MBR: readonly JudgedVolume[] = [
  { name: 'mbr-fat', sizeBytes: 9 * MIB, volume: fatVolume('fat16'), tree: fatTree(2048) },
  { name: 'mbr-ext4', sizeBytes: 16 * MIB, volume: extVolume('ext4'), tree: extTree(1024), more: { logical: true } },
  {
    name: 'mbr-small',
    sizeBytes: MIB,
    volume: fatVolume('fat'),
    tree: folder({ a: file('b') }),
    more: { logical: true },
  },
]

/** Folders and regular files, as grub-fstest can compare them. */
function writeHostFolder(tree: FileTree, target: string, leaveOut: readonly string[]): void {
  for (const [path, node] of walkTree(tree)) {
    const at = Buffer.concat([Buffer.from(`${target}/`), Buffer.from(toHostPath(path))])
    if (node.type === 'directory') mkdirSync(at, { recursive: true })
    else if (node.type === 'file' && !leaveOut.includes(path)) writeFileSync(at, readBytes(node.content))
  }
}

type Word = number | 'directory'

/** Name → size, of what GRUB lists: no devices, and links as what they point to. */
function listed({ children }: DirectoryNode, keyOf: (name: string) => string): Map<string, Word> {
  const words = new Map<string, Word>()
  for (const [name, node] of children) {
    if (node.type === 'directory') words.set(keyOf(name), 'directory')
    else if (node.type === 'file') words.set(keyOf(name), node.content.sizeBytes)
  }
  return words
}

/** One line: size or DIR, time (missing where GRUB knows none), name; a directory's ends with a slash. */
function parseListing(text: string, keyOf: (name: string) => string): Map<string, Word> {
  const words = new Map<string, Word>()
  for (const [, size, name] of text.matchAll(/^(DIR|\d+) +(?:\d{14} |)(.*?)\/?$/gm)) {
    words.set(keyOf(name!), size === 'DIR' ? 'directory' : Number(size))
  }
  return words
}

describeWithTools('GRUB', ['grub-fstest'], () => {
  const scratch = scratchFolder()
  const disks: JudgedDisk[] = []

  beforeAll(() => {
    disks.push(weaveDisk(scratch, 'gpt', GPT), weaveDisk(scratch, 'mbr', MBR, { table: 'mbr' }))
  })

  /** The disk's file, and the volume as GRUB names it. */
  function locate({ name }: JudgedVolume): { path: string; device: string } {
    const disk = disks.find(({ volumes }) => volumes.some((volume) => volume.name === name))!
    const word = disk.plan.table === 'gpt' ? 'gpt' : 'msdos'
    return { path: disk.path, device: `(loop0,${word}${partitionOf(disk, name).number})` }
  }

  function checksum(volume: JudgedVolume, path: string): number {
    const { path: image, device } = locate(volume)
    return Number.parseInt(tool('grub-fstest', image, 'crc', `${device}/${path}`).trim(), 16)
  }

  it.each([...GPT, ...MBR])('lists the directories of $name', (volume) => {
    const { path, device } = locate(volume)
    // Of short names GRUB shows the lower-case form; case is judged by others.
    const isFat = familyOf(volume.volume) === 'fat'
    const keyOf = (name: string) => {
      const text = Buffer.from(name, 'latin1').toString()
      return isFat ? text.toLowerCase() : text
    }
    for (const [at, node] of walkTree(volume.tree)) {
      if (node.type !== 'directory' || at.startsWith('folder ')) continue
      const text = tool('grub-fstest', path, '--', 'ls', '-la', `${device}/${Buffer.from(at, 'latin1')}/`)
      const found = parseListing(Buffer.from(text).toString('latin1'), keyOf)
      for (const name of ['.', '..', 'lost+found', ...linksOf(node)]) found.delete(name)
      expect(differencesOf(found, listed(node, keyOf)), at).toEqual([])
    }
  })

  it.each([...GPT, ...MBR])('reads every file of $name', (volume) => {
    const { path, device } = locate(volume)
    const hasExtents = volume.volume.kind === 'file-system' && volume.volume.type === 'ext4'
    const target = join(scratch, `${volume.name}.files`)
    writeHostFolder(volume.tree, target, hasExtents ? [BEGINS_WITH_HOLE] : [])
    expect(runTool('grub-fstest', [path, 'cmp', `${device}/`, target])).toEqual({ status: 0, stdout: '', stderr: '' })
    rmSync(target, { recursive: true })
  })

  it('would notice one other byte', () => {
    const volume = MBR.find(({ name }) => name === 'mbr-small')!
    const { path, device } = locate(volume)
    const target = join(scratch, 'other')
    writeHostFolder(folder({ a: file('B') }), target, [])
    expect(runTool('grub-fstest', [path, 'cmp', `${device}/`, target])).toMatchObject({ status: 1 })
  })

  it.each(GPT.filter(({ volume }) => familyOf(volume) === 'ext'))('follows the symbolic links of $name', (volume) => {
    expect(checksum(volume, 'short link')).toBe(crc32(Buffer.from('one file, three names')))
  })
})

function linksOf({ children }: DirectoryNode): string[] {
  return [...children].filter(([, node]) => node.type === 'symlink').map(([name]) => name)
}
