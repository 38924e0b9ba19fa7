/**
 * The grammar of `fs:`: a type word, optionally followed by `/PATH` (`ext4/program`: format, then the content of ./program);
 * any other text is the path of a raw file. A raw file whose path begins like a type word is written with `./` before it.
 */

import { nearestWord } from '../bytes/nearest.js'
import type { FileSystem } from '../filesystems/file-system.js'
import { FILE_SYSTEM_WORDS, fileSystemOfWord } from '../filesystems/registry.js'
import { Refusal } from '../schema/refusal.js'

export type FileSystemWord =
  | { readonly kind: 'format'; readonly type: string; readonly folder?: string }
  | { readonly kind: 'raw'; readonly path: string }

/** Around a volume, not one. */
const LUKS_WORDS = new Set(['luks', 'luks2', 'crypto_LUKS'])
/** Words that nobody means as a file name, and that are no format of ours. */
const FOREIGN_WORDS = new Set([
  'ntfs',
  'msdos',
  'iso9660',
  'udf',
  'hfsplus',
  'ext',
  'cramfs',
  'romfs',
  'reiserfs',
  'jfs',
])
const EMPTY_WORDS = new Set(['none', 'raw', 'empty', 'unformatted'])

const ACCEPTED = `accepted are ${FILE_SYSTEM_WORDS.join(', ')}, each alone or with /FOLDER, or the path of a raw file`

export function parseFileSystemWord(text: string): FileSystemWord | Refusal {
  const slash = text.indexOf('/')
  const word = slash < 0 ? text : text.slice(0, slash)
  const rest = slash < 0 ? undefined : text.slice(slash + 1)
  const meant = fileSystemOfWord(word)
  if (meant !== undefined) {
    const { type, fileSystem } = meant
    if (rest === undefined) return { kind: 'format', type }
    const refusal = refuseContent(text, { word, rest, fileSystem })
    if (refusal !== undefined) return refusal
    if (rest !== '') return { kind: 'format', type, folder: rest }
    return new Refusal(
      `"${text}" names no folder after the /`,
      undefined,
      `Write "${word}" for an empty volume, "${word}/." for this folder`,
    )
  }
  if (text === '') return new Refusal('it is empty', ACCEPTED)
  const asFile = `A raw file of that name is written ./${text}`
  if (LUKS_WORDS.has(word)) {
    const hint = `Say what stands in it with fs, and luks: { key_file: … } beside it. ${asFile}`
    return new Refusal(`${word} is no file system`, ACCEPTED, hint)
  }
  if (FOREIGN_WORDS.has(word)) return new Refusal(`${word} is no format that diskloom writes`, ACCEPTED, asFile)
  if (EMPTY_WORDS.has(text))
    return new Refusal(`"${text}" is no file system`, ACCEPTED, `Leave fs out for a partition without one. ${asFile}`)
  const lower = word.toLowerCase()
  if (fileSystemOfWord(lower) !== undefined)
    return new Refusal(
      `"${text}" is not in lower case`,
      ACCEPTED,
      `Did you mean "${text.replace(word, lower)}"? ${asFile}`,
    )
  return { kind: 'raw', path: text }
}

/** `swap/files`: a word that takes no path, since nothing of the host fills it. */
function refuseContent(
  text: string,
  { word, rest, fileSystem }: { word: string; rest: string; fileSystem: FileSystem<never> },
): Refusal | undefined {
  const alone = `accepted is ${word} alone`
  switch (fileSystem.content) {
    case 'none':
      return new Refusal(`"${text}" would put files into ${word}`, alone)
    case 'hashes':
      return new Refusal(`"${text}" would put files among hashes`, alone, 'Say which partition it covers: covers: NAME')
    case 'volumes': {
      const [what, path] = rest === '' ? ['a folder', 'FOLDER'] : [rest, rest]
      return new Refusal(
        `"${text}" would put files into ${fileSystem.title}, which holds volumes`,
        `${alone}, with a list of volumes:`,
        `For a volume with the content of ${what}: volumes: [{ name: NAME, fs: ubifs/${path} }]`,
      )
    }
    default:
      return undefined
  }
}

/** `ext44`, `fta32`: a raw file by the grammar, but hardly meant as one. The word that may have been meant. */
export function meantFileSystemWord(path: string): string | undefined {
  const word = path.split('/', 1)[0]!
  // Of words that are equally near, the usual one: ext5 is rather ext4 than ext2.
  const known = nearestWord(word, ['ext4', ...FILE_SYSTEM_WORDS])
  const oneSlip = known !== undefined && Math.abs(known.length - word.length) <= 1
  return oneSlip && /\d/.test(word) && !word.includes('.') ? known : undefined
}
