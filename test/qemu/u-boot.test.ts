/**
 * U-Boot, in one boot: its own readers of GPT, MBR, FAT and ext4 find what went in, and what its writers do to the volumes
 * is clean. It shows names beyond ASCII in its own way on FAT; those are other judges'.
 */
import { crc32 } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { type FileNode, type FileTree, sortedEntries, walkTree } from '../../src/tree/file-tree.js'
import { MIB } from '../support/image-spec.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'
import { differencesOf } from '../support/qemu-differences.js'
import {
  copyVolume,
  extVolume,
  fatVolume,
  type JudgedDisk,
  type JudgedVolume,
  weaveDisk,
} from '../support/qemu-disk.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { extTree, fatTree, file, folder } from '../support/qemu-trees.js'
import { LOAD_ADDRESS, type UBoot, type UBootEntry, withUBoot } from '../support/qemu-uboot.js'
import { readBytes } from '../support/read-content.js'
import { familyOf } from '../support/volume-specs.js'

const GPT: readonly JudgedVolume[] = [
  { name: 'fat12', sizeBytes: 3 * MIB, volume: fatVolume('fat'), tree: fatTree(2048) },
  { name: 'fat16', sizeBytes: 16 * MIB, volume: fatVolume('fat16', {}, 'BOOT'), tree: fatTree(2048) },
  { name: 'fat32', sizeBytes: 34 * MIB, volume: fatVolume('fat32'), tree: fatTree(512) },
  { name: 'ext4', sizeBytes: 32 * MIB, volume: extVolume('ext4'), tree: extTree(1024) },
  { name: 'ext4-4k', sizeBytes: 32 * MIB, volume: extVolume('ext4', { block_size: 4096 }), tree: extTree(4096) },
  { name: 'ext4-u-boot', sizeBytes: 32 * MIB, volume: extVolume('ext4', { profile: 'u-boot' }), tree: extTree(1024) },
  {
    name: 'ext4-indexed',
    sizeBytes: 24 * MIB,
    volume: extVolume('ext4', { profile: 'u-boot', features: ['dir_index'] }),
    tree: extTree(1024),
  },
  { name: 'ext3', sizeBytes: 24 * MIB, volume: extVolume('ext3'), tree: extTree(1024) },
  { name: 'ext2', sizeBytes: 24 * MIB, volume: extVolume('ext2'), tree: extTree(1024) },
]
const MBR: readonly JudgedVolume[] = [
  { name: 'mbr-fat', sizeBytes: 9 * MIB, volume: fatVolume('fat16'), tree: fatTree(512) },
  { name: 'mbr-ext4', sizeBytes: 16 * MIB, volume: extVolume('ext4'), tree: extTree(1024), more: { logical: true } },
  {
    name: 'mbr-small',
    sizeBytes: MIB,
    volume: fatVolume('fat'),
    tree: folder({ a: file('b') }),
    more: { logical: true },
  },
]

const PLAIN_PATH = /^[\x20-\x7e]*$/
/** Files that are loaded from one directory: U-Boot 2023.01 has no memory left after some six thousand loads. */
const MOST_LOADED = 12

/** Path → what U-Boot's `ls` says of it, as far as it can say the name. */
function expectedEntries(tree: FileTree): Map<string, UBootEntry> {
  const entries = new Map<string, UBootEntry>()
  for (const [path, node] of walkTree(tree))
    if (path !== '' && PLAIN_PATH.test(path)) entries.set(`/${path}`, wordOf(node))
  return entries
}

function wordOf(node: FileNode): UBootEntry {
  if (node.type === 'file') return node.content.sizeBytes
  return node.type === 'directory' || node.type === 'symlink' ? node.type : 'special'
}

/** Path → CRC-32, spread over each directory. An empty file sets no size that could be summed. */
function expectedChecksums(tree: FileTree): Map<string, number | string> {
  const checksums = new Map<string, number | string>()
  for (const [path, node] of walkTree(tree)) {
    if (node.type !== 'directory') continue
    const files = sortedEntries(node).flatMap(([name, child]) =>
      child.type === 'file' && child.content.sizeBytes > 0 && PLAIN_PATH.test(path + name)
        ? [[path === '' ? `/${name}` : `/${path}/${name}`, child] as const]
        : [],
    )
    const step = Math.ceil(files.length / MOST_LOADED)
    for (let index = 0; index < files.length; index += step) {
      const [at, child] = files[index]!
      checksums.set(at, crc32(readBytes(child.content)))
    }
  }
  return checksums
}

interface Findings {
  readonly entries: Map<string, UBootEntry>
  readonly checksums: Map<string, number | string>
}

async function look(uboot: UBoot, at: string, tree: FileTree): Promise<Findings> {
  const findings: Findings = { entries: new Map(), checksums: new Map() }
  for (const [path, node] of walkTree(tree)) {
    if (node.type !== 'directory' || !PLAIN_PATH.test(path)) continue
    for (const [name, entry] of await uboot.list(at, `/${path}`)) {
      if (PLAIN_PATH.test(name) && name !== 'lost+found')
        findings.entries.set(path === '' ? `/${name}` : `/${path}/${name}`, entry)
    }
  }
  for (const path of expectedChecksums(tree).keys()) findings.checksums.set(path, await uboot.crc32(at, path))
  return findings
}

/** What U-Boot is told to write, of the bytes that the last load left in memory. */
const WRITTEN = { bytes: 30_000, from: 'many blocks', volume: 'ext4' }
const FAT_WRITTEN = ['fat12', 'fat16', 'fat32']
const EXT_WRITTEN = ['ext4-u-boot', 'ext4-indexed', 'ext3', 'ext2']
const FAT_FILE = 'a new folder/written by U-Boot.bin'
const EXT_FILE = '/bin/written by U-Boot'

/** Of fsck.fat -n: version, the remark, what it would do, that it did not, an empty one, the count. */
const FSCK_LINES_OF_ONE_REMARK = 6

type Addresses = (name: string) => string

/** Command → what it says. */
async function write(uboot: UBoot, at: Addresses): Promise<Map<string, string>> {
  const said = new Map<string, string>()
  const say = async (key: string, command: string): Promise<void> => {
    said.set(key, await uboot.command(command))
  }
  const size = WRITTEN.bytes.toString(16)
  await uboot.command(`load ${at(WRITTEN.volume)} ${LOAD_ADDRESS} "/${WRITTEN.from}"`)
  for (const name of FAT_WRITTEN) {
    await say(`${name}: mkdir`, `fatmkdir ${at(name)} "a new folder"`)
    await say(`${name}: write`, `fatwrite ${at(name)} ${LOAD_ADDRESS} "${FAT_FILE}" ${size}`)
    await say(`${name}: write over`, `fatwrite ${at(name)} ${LOAD_ADDRESS} "two clusters" ${size}`)
    await say(`${name}: rm`, `fatrm ${at(name)} "kept/one file.txt"`)
  }
  for (const name of EXT_WRITTEN) {
    await say(`${name}: write`, `ext4write ${at(name)} ${LOAD_ADDRESS} "${EXT_FILE}" ${size}`)
  }
  await say('ext4-indexed: write to the root', `ext4write ${at('ext4-indexed')} ${LOAD_ADDRESS} /written ${size}`)
  await say('ext4-u-boot: write to the root', `ext4write ${at('ext4-u-boot')} ${LOAD_ADDRESS} /written ${size}`)
  await say('ext4: write', `ext4write ${at('ext4')} ${LOAD_ADDRESS} /bin/written ${size}`)
  return said
}

async function readBack(uboot: UBoot, at: Addresses): Promise<Map<string, number | string>> {
  const checksums = new Map<string, number | string>()
  for (const name of FAT_WRITTEN) checksums.set(name, await uboot.crc32(at(name), FAT_FILE))
  for (const name of EXT_WRITTEN) checksums.set(name, await uboot.crc32(at(name), EXT_FILE))
  return checksums
}

describeWithTools(
  'U-Boot',
  ['qemu-system-x86_64', 'setpriv', '/usr/lib/u-boot/qemu-x86_64/u-boot.rom', 'e2fsck', 'fsck.fat'],
  () => {
    const scratch = scratchFolder()
    const findings = new Map<string, Findings>()
    let disks: readonly JudgedDisk[]
    let partitionLists: readonly string[]
    let said: Map<string, string>
    let written: Map<string, number | string>

    beforeAll(async () => {
      disks = [weaveDisk(scratch, 'gpt', GPT), weaveDisk(scratch, 'mbr', MBR, { table: 'mbr' })]
      const addresses = new Map(
        disks.flatMap(({ plan, volumes }, disk) =>
          volumes.map(({ name }, index) => [name, `virtio ${disk}:${plan.partitions[index]!.number!.toString(16)}`]),
        ),
      )
      const at = (name: string): string => addresses.get(name)!
      await withUBoot(
        disks.map(({ path }) => ({ path, writable: true })),
        async (uboot) => {
          partitionLists = [await uboot.command('part list virtio 0'), await uboot.command('part list virtio 1')]
          for (const { name, tree } of [...GPT, ...MBR]) findings.set(name, await look(uboot, at(name), tree))
          said = await write(uboot, at)
          written = await readBack(uboot, at)
        },
      )
    }, TEST_TIMEOUT_MS)

    it('reads the GPT', () => {
      const hex = (lba: number): string => `0x${lba.toString(16).padStart(8, '0')}`
      const { plan, sectorSize } = disks[0]!
      for (const { number, name, startByte, endByte, uuid, type } of plan.partitions) {
        const guid = type?.table === 'gpt' ? type.guid : undefined
        expect(partitionLists[0]).toContain(
          [
            `  ${number}\t${hex(startByte / sectorSize)}\t${hex(endByte / sectorSize - 1)}\t"${name}"`,
            '\tattrs:\t0x0000000000000000',
            `\ttype:\t${guid}`,
            `\tguid:\t${uuid}`,
          ].join('\n'),
        )
      }
    })

    it('reads the MBR and its logical partitions', () => {
      const { plan, sectorSize } = disks[1]!
      const rows = [...partitionLists[1]!.matchAll(/^ *(\d+)\t(\d+) *\t(\d+) *\t(\S+)\t(\w\w)( Boot| Extd)*$/gm)]
      const found = rows.filter(([row]) => !row.includes('Extd')).map((row) => row.slice(1, 4).map(Number))
      expect(found).toEqual(
        plan.partitions.map(({ number, startByte, endByte }) => [
          number,
          startByte / sectorSize,
          (endByte - startByte) / sectorSize,
        ]),
      )
    })

    it.each([...GPT, ...MBR])('lists and loads everything from $name', ({ name, tree }) => {
      const { entries, checksums } = findings.get(name)!
      expect(differencesOf(entries, expectedEntries(tree))).toEqual([])
      expect(differencesOf(checksums, expectedChecksums(tree))).toEqual([])
    })

    it('writes to every FAT, and to ext volumes without metadata_csum', () => {
      for (const name of FAT_WRITTEN) {
        expect(said.get(`${name}: mkdir`)).toBe('')
        expect(said.get(`${name}: write`)).toContain(`${WRITTEN.bytes} bytes written`)
        expect(said.get(`${name}: write over`)).toContain(`${WRITTEN.bytes} bytes written`)
        expect(said.get(`${name}: rm`)).toBe('')
      }
      for (const name of EXT_WRITTEN) expect(said.get(`${name}: write`)).toContain(`${WRITTEN.bytes} bytes written`)
      expect(said.get('ext4: write')).toContain('Unsupported feature metadata_csum found, not writing')
    })

    it('writes to a directory of several blocks only where it has no hash tree', () => {
      expect(said.get('ext4-u-boot: write to the root')).toContain(`${WRITTEN.bytes} bytes written`)
      expect(said.get('ext4-indexed: write to the root')).toContain('hash tree directory')
    })

    it.each([...FAT_WRITTEN, ...EXT_WRITTEN])('reads its own file from %s', (name) => {
      const source = GPT.find((volume) => volume.name === WRITTEN.volume)!.tree.children.get(byteString(WRITTEN.from))
      const bytes = source?.type === 'file' ? readBytes(source.content).subarray(0, WRITTEN.bytes) : undefined
      expect(written.get(name)).toBe(crc32(bytes!))
    })

    it.each([...GPT, ...MBR])('leaves $name clean', ({ name, volume }) => {
      const disk = disks.find(({ volumes }) => volumes.some((other) => other.name === name))!
      const [tool, ...args] = familyOf(volume) === 'ext' ? ['e2fsck', '-fn'] : ['fsck.fat', '-n']
      const { status, stdout } = runTool(tool!, [...args, copyVolume(disk, name)])
      if (name === 'fat32') {
        // Its writer leaves the count of free clusters in FSInfo as it was, which is a hint by specification; all else is right.
        expect(stdout.split('\n').slice(1, 3)).toEqual([
          expect.stringMatching(/^Free cluster summary wrong \(\d+ vs. really \d+\)$/),
          '  Auto-correcting.',
        ])
        expect(stdout.trim().split('\n')).toHaveLength(FSCK_LINES_OF_ONE_REMARK)
      } else {
        expect(status, stdout).toBe(0)
      }
    })
  },
)
