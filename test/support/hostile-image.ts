/** An image whose every text is an attack on the terminal, the merge request or the page that shows it. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from '../../src/bytes/crc32.js'
import { cli } from './run-cli.js'

/** A colour, the title of a window, C1, bidirectional marks, invisible characters, line ends, markup and mentions. */
export const HOSTILE_CHARACTERS =
  '\x1b[31m\x1b]0;t\x07\x9b31m\u061c\u200b\u200e\u202e\u2066\u2028\u2029\ufeff\x7f\n## inject\r|`<b>&"\'[x](y)@all'

const SECTOR = 512
const NAME_OFFSET = 56
const NAME_UNITS = 36
const ENTRY_BYTES = 128

/** Names of files on an ext volume, one of them not UTF-8. */
export const HOSTILE_NAMES: readonly Buffer[] = [
  Buffer.from(`n${HOSTILE_CHARACTERS}`),
  Buffer.from('\xff\x1b[2J\n## inject', 'latin1'),
]

/**
 * Builds `folder`/hostile.img: GPT, a FAT and an ext2 volume whose names, labels and links are hostile. `variant` is
 * part of every file's content, so that images differ.
 */
export async function makeHostileImage(folder: string, variant: string): Promise<string> {
  const tree = Buffer.from(join(folder, 'tree'))
  mkdirSync(tree)
  const below = (name: Buffer): Buffer => Buffer.concat([tree, Buffer.from('/'), name])
  for (const name of HOSTILE_NAMES) {
    mkdirSync(below(name))
    writeFileSync(Buffer.concat([below(name), Buffer.from('/'), Buffer.from(`f${HOSTILE_CHARACTERS}`)]), variant)
  }
  symlinkSync(HOSTILE_CHARACTERS, below(Buffer.from('link')))
  writeFileSync(below(Buffer.from('text')), `a line\n${variant}${HOSTILE_CHARACTERS}\n`)
  mkdirSync(join(folder, 'fat'))
  writeFileSync(join(folder, 'fat/placeholder-1.txt'), variant)
  const config = join(folder, 'hostile.yaml')
  writeFileSync(
    config,
    `image: hostile.img
table: gpt
source_date_epoch: 0
outputs: [raw, zip]
partitions:
  - { name: one, size: 2MiB, fs: fat12/fat, label: PLACEHOLDER }
  - { name: two, size: 4MiB, fs: ext2/tree, label: placeholder-2 }
`,
  )
  await cli('build', config, '--out', join(folder, 'out'))
  const image = join(folder, 'out/hostile.img/hostile.img')
  writeFileSync(image, spoiled(readFileSync(image)))
  return image
}

/** Puts hostile texts where the config does not let them in: names of the table, labels, long names. */
function spoiled(image: Buffer): Buffer {
  const replace = (before: Buffer, after: Buffer): void => {
    for (let at = image.indexOf(before); at >= 0; at = image.indexOf(before, at + 1)) {
      after.copy(image, at, 0, before.length)
    }
  }
  replace(Buffer.from('PLACEHOLDER'), Buffer.from('\x1b[31mX\x07\x9b\n##', 'latin1'))
  replace(Buffer.from('placeholder-2'), Buffer.from('\x1b[32m\u202e\n## i'))
  // The first piece of a long name: five characters of UTF-16.
  replace(Buffer.from('place', 'utf16le'), Buffer.from('\x1b\u202e\n\ud800#', 'utf16le'))
  const header = image.subarray(SECTOR, 2 * SECTOR)
  const entries = image.subarray(2 * SECTOR, 2 * SECTOR + 128 * ENTRY_BYTES)
  for (const index of [0, 1]) {
    const name = Buffer.from(`${index}${HOSTILE_CHARACTERS}`.slice(0, NAME_UNITS), 'utf16le')
    name.copy(entries, index * ENTRY_BYTES + NAME_OFFSET)
  }
  header.writeUInt32LE(crc32(entries), 88)
  header.writeUInt32LE(0, 16)
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
  return image
}
