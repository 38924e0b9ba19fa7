/** Payloads for the judges that boot: one of every kind of name, size and node, and random ones for FAT. */
import { byteString } from '../../src/bytes/text.js'
import type { DiskImage } from '../../src/image/extent.js'
import {
  type DirectoryNode,
  EMPTY_CONTENT,
  emptyTree,
  type FileNode,
  type FileTree,
  type NodeAttributes,
  type RegularFileNode,
  walkTree,
} from '../../src/tree/file-tree.js'
import { workoutNodes } from './qemu-workout.js'
import type { Random } from './random-ext-tree.js'

/** Odd, with a fraction: FAT keeps neither. */
const SECONDS = 1_767_225_601
const MTIME = { seconds: SECONDS, nanoseconds: 120_000_000 }

function contentOf(bytes: Uint8Array): DiskImage {
  if (bytes.length === 0) return EMPTY_CONTENT
  return { sizeBytes: bytes.length, extents: [{ offset: 0, length: bytes.length, source: { kind: 'bytes', bytes } }] }
}

function attributes(seconds: number): NodeAttributes {
  return { mode: 0o644, uid: 0, gid: 0, mtime: { ...MTIME, seconds } }
}

export function file(bytes: Uint8Array | string, seconds = SECONDS): RegularFileNode {
  return { type: 'file', ...attributes(seconds), content: contentOf(Buffer.from(bytes)) }
}

export function folder(children: Record<string, FileNode> = {}, seconds = SECONDS): DirectoryNode {
  const node = emptyTree({ ...MTIME, seconds })
  for (const [name, child] of Object.entries(children)) node.children.set(byteString(name), child)
  return node
}

/** Bytes that say where they stand. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + seed) & 0xff)
}

/** `text 0` … as empty or short files. */
function numbered(count: number, name: (index: number) => string): Record<string, FileNode> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [name(index), file(`${index}`)]))
}

/** Needs about 200 KiB besides; `clusterBytes` of the volume, so that files end at, before and after its borders. */
export function fatTree(clusterBytes: number): FileTree {
  return folder({
    ...workoutNodes(file, folder),
    MLO: file('the first'),
    'README.TXT': file('short'),
    'lower.txt': file('lower by its flags'),
    'lower.TXT.d': folder({ 'upper.TXT': file('one part lower'), 'LOWER.ext': file('the other part') }),
    'CamelCase.Txt': file('mixed'),
    empty: file(''),
    'a name with blanks and more than thirteen.text': file(pattern(clusterBytes + 1)),
    'thirteen-long': file(pattern(clusterBytes - 1)),
    'two clusters': file(pattern(2 * clusterBytes)),
    'Grüße aus Köln.txt': file('umlauts'),
    日本語のファイル: file('kana and kanji'),
    'thread 🧵.txt': file('a surrogate pair'),
    ['x'.repeat(255)]: file('longest'),
    ['ü'.repeat(120)]: file('long in UTF-8'),
    '.hidden': file('dot'),
    'BCM271~2.DTB': file('a real name that looks made up'),
    'bcm2710-rpi-3-b.dtb': file('1'),
    'bcm2710-rpi-3-b-plus.dtb': file('2'),
    'before 1980': file('', 0),
    'after 2107': file('', 2 ** 33),
    'in 2050': file('', 2_524_608_001),
    EFI: folder({ BOOT: folder({ 'BOOTX64.EFI': file(pattern(clusterBytes * 2 + 17, 9)) }), 'empty folder': folder() }),
    overlays: folder(numbered(120, (index) => `overlay-number-${index}.dtbo`)),
  })
}

/** What of `extTree` JFFS2 has a place for. */
export function jffs2Tree(): FileTree {
  const tree = extTree(1024)
  for (const [name, node] of [...tree.children]) {
    if (name.length > 254 || node.mtime.seconds < 0 || node.mtime.seconds > 0xffff_ffff) tree.children.delete(name)
  }
  for (const [, node] of walkTree(tree)) {
    node.uid &= 0xffff
    node.gid &= 0xffff
    if (node.type === 'symlink') node.target = node.target.slice(0, 254) as typeof node.target
  }
  return tree
}

/** GRUB reads such a file of ext4 from no writer's volume. */
export const BEGINS_WITH_HOLE = 'begins with a hole'

/** Every kind of node, a hashed directory, attributes past 16 and 31 bits. Needs about 3 MiB besides. */
export function extTree(blockBytes: number): FileTree {
  const linked = file('one file, three names')
  const at = (seconds: number, more: Partial<NodeAttributes> = {}): NodeAttributes => ({
    ...attributes(seconds),
    ...more,
  })
  const holes = (...starts: number[]): RegularFileNode => ({
    type: 'file',
    ...at(SECONDS),
    content: {
      sizeBytes: 2_000_000,
      extents: starts.map((offset) => ({ offset, length: 5000, source: { kind: 'bytes', bytes: pattern(5000, 7) } })),
    },
  })
  return folder({
    ...workoutNodes(file, folder),
    'a file': linked,
    bin: folder({ linked, 'linked too': linked, suid: { ...file('suid'), mode: 0o4755, uid: 70_000, gid: 100_000 } }),
    empty: file(''),
    'one block': file(pattern(blockBytes)),
    'many blocks': file(pattern(300 * blockBytes + 1)),
    'holes inside': holes(0, 600_000, 1_800_000),
    [BEGINS_WITH_HOLE]: holes(1_000_000),
    'short link': { type: 'symlink', ...at(SECONDS), target: byteString('../bin/linked') },
    'long link': { type: 'symlink', ...at(SECONDS), target: byteString('päth/'.repeat(50)) },
    console: { type: 'char', ...at(SECONDS, { mode: 0o620 }), major: 5, minor: 1 },
    disk: { type: 'block', ...at(SECONDS), major: 259, minor: 70_000 },
    fifo: { type: 'fifo', ...at(SECONDS) },
    socket: { type: 'socket', ...at(SECONDS) },
    'größe-漢字-🧵': file('unicode'),
    ['n'.repeat(255)]: file('a long name'),
    'before 1970': file('', -86_400),
    'after 2038': file('', 4_000_000_000),
    'after 2106': file('', 5_000_000_000),
    sticky: { ...folder(), mode: 0o1777, uid: 1000 },
    hashed: folder(numbered(600, (index) => `an entry of a hashed directory, number ${index}`)),
    ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`folder ${index}`, folder({ in: file('x') })])),
  })
}

const NAME_ALPHABETS = [
  [...'abcdefghijklmnopqrstuvwxyz'],
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_~'],
  [...'aAbBcC019 .-+,;=[]~'],
  [...'äöüßéçñåÆŁřžЖяΩ漢字かなカナ한글'],
  [...'🧵🦀𝄞a'],
]
const FAT_SIZES = [0, 1, 511, 512, 513, 2047, 2048, 2049, 4095, 4096, 4097, 32_768, 65_537]
const FAT_SECONDS = [0, 315_532_799, 315_532_800, SECONDS, 2 ** 31, 4_354_819_198, 4_354_819_199, 2 ** 33]

/** Less than 3 MB: a directory of many entries has short files and no directories. */
export function randomFatTree(random: Random, depth = 3): FileTree {
  const children: Record<string, FileNode> = {}
  const taken = new Set<string>()
  const isWide = random.chance(15)
  const count = isWide ? 30 + random.below(150) : random.below(9)
  for (let index = 0; index < count; index++) {
    const name = randomFatName(random)
    const key = name.toUpperCase().toLowerCase()
    if (taken.has(key)) continue
    taken.add(key)
    const hasChildren = !isWide && depth > 0 && random.chance(30)
    const sizeBytes = isWide ? random.below(600) : random.pick(FAT_SIZES)
    children[name] = hasChildren
      ? randomFatTree(random, depth - 1)
      : file(pattern(sizeBytes, random.below(256)), random.pick(FAT_SECONDS))
  }
  return folder(children, random.pick(FAT_SECONDS))
}

function randomFatName(random: Random): string {
  if (random.chance(25)) return `shared prefix ${random.below(60)}.data`
  const alphabet = random.pick(NAME_ALPHABETS)
  const part = (length: number) => Array.from({ length }, () => random.pick(alphabet)).join('')
  const length = random.pick([1, 2, 6, 8, 9, 12, 13, 14, 26, 40, 60])
  const name = random.chance(50) ? `${part(Math.min(length, 8))}.${part(3)}` : part(length)
  // FAT drops what stands at the end; a name of that alone is none.
  return name.replace(/[. ]+$/, '') || '_'
}
