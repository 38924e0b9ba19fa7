/**
 * The grammar of `fs:`: a type word, optionally followed by `/PATH` (`ext4/program`: format, then the content of ./program);
 * any other text is the path of a raw file. A raw file whose path begins like a type word is written with `./` before it.
 */

import { nearestWord } from '../bytes/nearest.js'
import { Refusal } from '../schema/refusal.js'
import type { FileSystemType } from './spec.js'

export type FileSystemWord =
  | { readonly kind: 'format'; readonly type: FileSystemType; readonly folder?: string }
  | { readonly kind: 'raw'; readonly path: string }

const TYPES: ReadonlyMap<string, FileSystemType> = new Map([
  ['ext2', 'ext2'],
  ['ext3', 'ext3'],
  ['ext4', 'ext4'],
  ['fat', 'fat'],
  ['fat12', 'fat12'],
  ['fat16', 'fat16'],
  ['fat32', 'fat32'],
  ['vfat', 'fat'],
  ['jffs2', 'jffs2'],
  ['u-boot-env', 'u-boot-env'],
  ['ubi', 'ubi'],
  ['ubifs', 'ubifs'],
  ['squashfs', 'squashfs'],
  ['erofs', 'erofs'],
  ['btrfs', 'btrfs'],
  ['f2fs', 'f2fs'],
  ['xfs', 'xfs'],
  ['swap', 'swap'],
  ['verity', 'verity'],
])

/** Around a volume, not one. */
const LUKS_WORDS = new Set(['luks', 'luks2', 'crypto_LUKS'])
/** Words that nobody means as a file name, and that are no format of ours. */
const FOREIGN_WORDS = new Set([
  'exfat',
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

export const FILE_SYSTEM_WORDS: readonly string[] = [...TYPES.keys()]
const ACCEPTED = `accepted are ${FILE_SYSTEM_WORDS.join(', ')}, each alone or with /FOLDER, or the path of a raw file`

export function parseFileSystemWord(text: string): FileSystemWord | Refusal {
  const slash = text.indexOf('/')
  const word = slash < 0 ? text : text.slice(0, slash)
  const rest = slash < 0 ? undefined : text.slice(slash + 1)
  const type = TYPES.get(word)
  if (type !== undefined) {
    if (rest === undefined) return { kind: 'format', type }
    if (type === 'swap') return new Refusal(`"${text}" would put files into swap`, 'accepted is swap alone')
    if (type === 'verity') {
      const hint = 'Say which partition it covers: covers: NAME'
      return new Refusal(`"${text}" would put files among hashes`, 'accepted is verity alone', hint)
    }
    if (type === 'ubi')
      return new Refusal(
        `"${text}" would put files into UBI, which holds volumes`,
        'accepted is ubi alone, with a list of volumes:',
        `For a volume with the content of ${rest === '' ? 'a folder' : rest}: volumes: [{ name: NAME, fs: ubifs/${rest === '' ? 'FOLDER' : rest} }]`,
      )
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
  if (TYPES.has(lower))
    return new Refusal(
      `"${text}" is not in lower case`,
      ACCEPTED,
      `Did you mean "${text.replace(word, lower)}"? ${asFile}`,
    )
  return { kind: 'raw', path: text }
}

/** `ext44`, `fta32`: a raw file by the grammar, but hardly meant as one. The word that may have been meant. */
export function meantFileSystemWord(path: string): string | undefined {
  const word = path.split('/', 1)[0]!
  const known = nearestWord(word, FILE_SYSTEM_WORDS)
  const oneSlip = known !== undefined && Math.abs(known.length - word.length) <= 1
  return oneSlip && /\d/.test(word) && !word.includes('.') ? known : undefined
}
