/** `content:` of a volume: one path, or a list of entries that are laid over one another. */
import * as z from 'zod'
import { group } from '../../schema/group.js'
import { fileSystemId } from '../../schema/identifiers.js'
import { anyText, choice, flag, integer, leaf, quantity, text } from '../../schema/leaf.js'
import type { Quantity } from '../../schema/quantity.js'
import { Refusal } from '../../schema/refusal.js'
import type { FileSystemWord } from '../fs-word.js'
import type { AccountSpec, ContentEntry } from '../spec.js'
import { volumePath } from './file-names.js'
import { fileSystem } from './file-system.js'
import { options } from './options.js'

const MAX_U32 = 0xffff_ffff
/** As the kernel packs device numbers: 12 and 20 bits. */
const MAX_MAJOR = 0xfff
const MAX_MINOR = 0xf_ffff

/** Ids in decimal, as text keys. */
const idMap = z.record(
  z.string().regex(/^\d+$/, { error: 'an id of the host in decimal' }),
  integer({ maximum: MAX_U32 }),
)

export const ownerMap = group(
  {
    uid: idMap.describe('User ids: { 1000: 0 }').exactOptional(),
    gid: idMap.describe('Group ids: { 1000: 0 }').exactOptional(),
  },
  { noun: 'an owner map' },
)

export const ownerRule = choice(['root', 'keep'])

/** Of an entry, a volume or the whole config. */
export function modesRule() {
  return choice(['host', 'git'])
}

/** `root`, `0:0`, `www-data:adm`, `1000`. */
const ACCOUNT = /^([A-Za-z0-9_][\w.-]*\$?)(?::([A-Za-z0-9_][\w.-]*\$?))?$/

function entryOwner() {
  const accepted = 'accepted are USER:GROUP or USER, each a number or a name in the volume, and keep'
  return leaf(
    (value): AccountSpec | 'keep' | Refusal => {
      if (value === 'keep') return value
      const match = ACCOUNT.exec(value)
      const words = match?.slice(1).filter((word) => word !== undefined) ?? []
      const tooLarge = words.find((word) => /^\d+$/.test(word) && Number(word) > MAX_U32)
      if (tooLarge !== undefined) return new Refusal(`${tooLarge} is out of range`, `ids are 0 to ${MAX_U32}`)
      const [user, group = user] = words
      return user === undefined ? new Refusal(`"${value}" is no owner`, accepted) : { user, group: group! }
    },
    { type: ['string', 'integer'] },
  )
}

export function octalMode() {
  return leaf(
    (value): number | Refusal => {
      if (/^(?:0o?)?[0-7]{3,4}$/.test(value)) return Number.parseInt(value.replace(/^0o/, ''), 8)
      return new Refusal(`"${value}" is no mode`, 'accepted are three or four octal digits such as 0755')
    },
    { type: ['string', 'integer'] },
  )
}

function deviceWord() {
  const accepted = 'accepted are "c MAJOR MINOR", "b MAJOR MINOR" and p (a fifo), as mknod takes them'
  return leaf(
    (value): Extract<ContentEntry, { kind: 'char' | 'block' | 'fifo' }> | Refusal => {
      if (value === 'p') return { kind: 'fifo' }
      const [, type, ...digits] = /^([cb])\s+(\d{1,7})[\s:,]\s*(\d{1,7})$/.exec(value) ?? []
      if (type === undefined) return new Refusal(`"${value}" is no device`, accepted)
      const [major, minor] = digits.map(Number) as [number, number]
      if (major > MAX_MAJOR || minor > MAX_MINOR) {
        return new Refusal(`"${value}" is out of range`, `the largest numbers are ${MAX_MAJOR} and ${MAX_MINOR}`)
      }
      return { kind: type === 'c' ? 'char' : 'block', major, minor }
    },
    { type: 'string' },
  )
}

/** One pattern, or a list of them; gives the list. */
function patterns() {
  return z.union([text().transform((pattern): readonly string[] => [pattern]), z.array(text())])
}

/** A volume inside a file. Written out by hand, since it holds entries of content in turn. */
export interface NestedImageInput {
  readonly fs: FileSystemWord
  readonly size?: Quantity
  readonly free?: Quantity
  readonly content?: string | (string | ContentEntryInput)[]
  readonly label?: string
  readonly fs_uuid?: string
  readonly owner?: 'root' | 'keep' | z.output<typeof ownerMap>
  readonly holes?: 'none' | 'host' | 'all'
  readonly xattrs?: 'none' | 'keep'
  readonly modes?: 'host' | 'git'
  readonly options?: z.output<typeof options>
}

/** All keys together, so that one list completes in editors; which ones go together is checked with what they mean. */
export const contentEntry = group(
  {
    folder: text().describe('A folder of the host whose content is laid in').exactOptional(),
    tar: text().describe('A tar, plain or packed by gzip, xz, zstd, bzip2 or lz4').exactOptional(),
    cpio: text().describe('A cpio (newc), plain or packed').exactOptional(),
    list: text().describe(`A list of gen_init_cpio; in its locations, \${NAME} is the config's`).exactOptional(),
    to: volumePath()
      .describe('folder, tar, cpio, list: the folder of the volume that gets it. rename: the new path')
      .exactOptional(),
    include: patterns().describe('folder, tar, cpio, list: only what matches, [etc/**, "*.conf"]').exactOptional(),
    exclude: patterns().describe('folder, tar, cpio, list: all but what matches, ["*.pyc", .git]').exactOptional(),
    links: choice(['follow', 'replace'])
      .describe(
        'folder, tar, cpio, list: what a folder does where the volume has a symbolic link. follow, the default: it goes into the folder that the link leads to; replace: it takes its place. Given with a folder, follow also reads the symlinks of the folder as what they lead to',
      )
      .exactOptional(),
    owner: z
      .union([entryOwner(), ownerMap])
      .describe('Who owns it: USER:GROUP by number or name, keep (as the source has it), or a map of ids')
      .exactOptional(),
    modes: modesRule()
      .describe('folder, file: permission bits: host (as they are there), or git (0644, 0755 where it is executable)')
      .exactOptional(),
    device_table: text()
      .describe("Buildroot's makedevs table: owners, modes and device nodes, |xattr lines too")
      .exactOptional(),
    remove: patterns().describe('Takes away what matches, with all below: [usr/share/doc, "*.a"]').exactOptional(),
    rename: text().describe('A path, or a pattern that matches one: gets the name in `to`').exactOptional(),
    set: patterns().describe('Gives `mode` and `owner` to what matches').exactOptional(),
    path: volumePath()
      .describe(
        'A path of the volume; gets what text, file, directory, link, device or image says, with the folders above it',
      )
      .exactOptional(),
    text: anyText().describe('path: a file with this content').exactOptional(),
    file: text().describe('path: a file of the host, under this name').exactOptional(),
    directory: flag().describe('path: true makes a folder, where there is none').exactOptional(),
    link: text().describe('path: a symbolic link to this').exactOptional(),
    device: deviceWord().describe('path: a device or fifo as mknod has it: "c 5 1", "b 8 0", p').exactOptional(),
    image: z
      .lazy((): z.ZodType<NestedImageInput> => nestedImage)
      .describe('path: a file that is itself a volume, ready formatted: { fs: fat, size: 5MiB, content: files }')
      .exactOptional(),
    mode: octalMode().describe('set, path: permission bits in octal, such as 0644').exactOptional(),
  },
  { noun: 'an entry of content' },
)

export const content = z.union([text(), z.array(z.union([text(), contentEntry]))])

/** What a partition says of its volume, for a volume that has no partition. */
const nestedImage = group(
  {
    fs: fileSystem().describe('As the fs of a partition: fat, ext4/FOLDER …'),
    size: quantity(['auto'])
      .describe('Size of the file: 5MiB. Default: auto, the smallest that holds the content')
      .exactOptional(),
    free: quantity(['percent']).describe('With size: auto, the room that is left in the volume').exactOptional(),
    content: content.describe('What the volume holds').exactOptional(),
    label: text().describe('Label of the volume').exactOptional(),
    fs_uuid: fileSystemId()
      .describe('UUID or volume id. Default: derived from the seed and from where the file stands')
      .exactOptional(),
    owner: z.union([ownerRule, ownerMap]).describe('Who owns the files, as of a partition').exactOptional(),
    holes: choice(['none', 'host', 'all']).describe('Which holes files get, as of a partition').exactOptional(),
    xattrs: choice(['none', 'keep']).describe('Extended attributes, as of a partition').exactOptional(),
    modes: modesRule().describe('Permission bits of files of the host, as of a partition').exactOptional(),
    options: options.describe('Options of the file system').exactOptional(),
  },
  { noun: 'an image in a file' },
)

export type ContentEntryInput = z.output<typeof contentEntry>
