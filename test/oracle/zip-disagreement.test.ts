/** Forged bundles from which the tools of Debian really take different content, and that the page about them lists each forgery. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imageOfBytes } from '../../src/image/extent.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { ZipFile } from '../../src/outputs/zip-file.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'
import { noise } from '../support/release.js'
import { forgedBundle, ZIP_FORGERIES } from '../support/zip-forgeries.js'

const scratch = scratchFolder()
const PYTHON = 'import sys,zipfile;sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("card.img"))'

async function bundle(): Promise<Buffer> {
  const path = join(scratch, 'whole.zip')
  const zip = await ZipFile.create(path, INLINE_THREADS, { level: 6 })
  await zip.add({ name: 'card.img', content: imageOfBytes(noise(2000, 1)), modifiedSeconds: 0 })
  await zip.add({ name: 'NOTES.txt', content: imageOfBytes(Buffer.from('Burn it.\n')), modifiedSeconds: 0 })
  await zip.finish()
  return readFileSync(path)
}

/** What each tool gives when it is asked for the image; exit codes do not matter, since a pipe to a card ignores them. */
function given(path: string): Map<string, string> {
  const commands: Record<string, readonly [command: string, args: string[]]> = {
    unzip: ['unzip', ['-p', path, 'card.img']],
    python: ['python3', ['-c', PYTHON, path]],
    bsdtar: ['bsdtar', ['-xOf', path, 'card.img']],
    '7zz': ['7zz', ['e', '-so', path, 'card.img']],
    funzip: ['funzip', [path]],
  }
  return new Map(
    Object.entries(commands).map(([tool, [command, args]]) => {
      const { stdout } = spawnSync(command, args)
      return [tool, createHash('sha256').update(stdout).digest('hex')]
    }),
  )
}

describeWithTools('tools that read zips', ['unzip', 'python3', 'bsdtar', '7zz', 'funzip'], () => {
  it('take one content from what the writer writes, and several from forgeries', async () => {
    const zip = await bundle()
    const path = join(scratch, 'asked.zip')
    writeFileSync(path, zip)
    expect(new Set(given(path).values()).size).toBe(1)
    for (const row of [
      'a second directory in the comment',
      'two entries of one name',
      'relative_offset_of_local_header',
      'local compression_method',
      'external_file_attributes',
    ]) {
      writeFileSync(path, forgedBundle(zip, ZIP_FORGERIES.find((forgery) => forgery.row === row)!))
      expect(new Set(given(path).values()).size, row).toBeGreaterThan(1)
    }
  })
})

describe('docs/design/zip-bundles.md', () => {
  it('has a row for each forgery, and a forgery for each row', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/design/zip-bundles.md'), 'utf8')
    const rows = [...page.matchAll(/^\| ([^|]+?) \|.*\| (read|refused) \|$/gm)].map(([, row, verdict]) => [
      row,
      verdict,
    ])
    expect(rows).toEqual(ZIP_FORGERIES.map(({ row, readUnsigned }) => [row, readUnsigned ? 'read' : 'refused']))
  })
})
