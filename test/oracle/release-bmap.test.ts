/**
 * A block map says which bytes matter, and so does the manifest: a release in which the two differ is found out, whoever made
 * them differ, and nothing is flashed by such a map. Signatures that verify cannot check are named.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { DiskloomError } from '../../src/errors.js'
import { readPublicKey } from '../../src/proof/signing-key.js'
import { verifyRelease } from '../../src/proof/verify-release.js'
import { entryOf, putTogether, takeApart } from '../support/forged-zip.js'
import { scratchFolder } from '../support/oracle.js'
import { makeRelease, RELEASE_CONFIG, type Release } from '../support/release.js'
import { runCli } from '../support/run-cli.js'

const scratch = scratchFolder()
const CONFIG = RELEASE_CONFIG.replace(
  /^bundle: .*/m,
  'bundle: { include: [NOTES.txt], meta: true }\noutputs: [raw, zip, bmap]',
)
let release: Release
let text: string

beforeAll(async () => {
  release = await makeRelease(scratch, CONFIG)
  text = readFileSync(join(release.folder, 'board.img.bmap'), 'utf8')
})

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The map with another text and a sum of its own that is right. */
function changed(from: RegExp, to: string): string {
  const own = /<BmapFileChecksum> (\w+)/.exec(text)![1]!
  const zeroed = text.replace(from, to).replace(own, '0'.repeat(64))
  expect(zeroed).not.toBe(text.replace(own, '0'.repeat(64)))
  return zeroed.replace('0'.repeat(64), sha256(zeroed))
}

let copies = 0

/** A copy of the release without signatures, in which the map is another and every sum of it is right. */
function forged(map: string): string {
  const folder = join(scratch, `copy-${copies++}`)
  cpSync(release.folder, folder, { recursive: true })
  const at = (name: string) => join(folder, name)
  for (const name of ['manifest.json', 'SHA256SUMS']) {
    for (const suffix of ['.sig', '.sshsig', '.minisig']) rmSync(at(name + suffix))
  }
  const replaceSum = (name: string, before: string, after: string) => {
    writeFileSync(at(name), readFileSync(at(name), 'utf8').replaceAll(before, after))
  }
  const manifestBefore = sha256(readFileSync(at('manifest.json')))
  writeFileSync(at('board.img.bmap'), map)
  replaceSum('manifest.json', sha256(text), sha256(map))
  writeFileSync(
    at('manifest.json'),
    readFileSync(at('manifest.json'), 'utf8').replace(
      /("path": "board\.img\.bmap",\s*"size_bytes": )\d+/,
      (_, start: string) => `${start}${Buffer.byteLength(map)}`,
    ),
  )
  replaceSum('SHA256SUMS', sha256(text), sha256(map))
  replaceSum('SHA256SUMS', manifestBefore, sha256(readFileSync(at('manifest.json'))))
  const sums = readFileSync(at('SHA256SUMS'), 'utf8')
  writeFileSync(at('SHA256SUMS'), sums.replace(/^.*manifest\.json\.\w*sig\n/gm, ''))
  return folder
}

async function findingsOf(path: string): Promise<string> {
  try {
    await verifyRelease(path)
    return ''
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    return error.problems.map(({ message }) => message).join('\n')
  }
}

/** A range of data, and the first of the fills. */
const FIRST_RANGE = /<Range chksum="\w+"> [\d-]+ <\/Range>\n/
const OTHERS: readonly (readonly [what: string, map: () => string, says: RegExp])[] = [
  [
    'a range that it leaves out',
    () => changed(FIRST_RANGE, ''),
    /board\.img\.bmap: there are \d+ bytes that manifest\.json specifies and \S+ does not map, the first at byte 0$/m,
  ],
  [
    'another sum of data',
    () => changed(/chksum="\w{4}/, 'chksum="0000'),
    /bytes 0 to \d+ of the image give sha256 \w+, the map has 0000/,
  ],
  [
    'another size of image',
    () => changed(/<ImageSize> \d+/, '<ImageSize> 41939000'),
    /it is of an image of 41939000 bytes, manifest\.json says 41943040|is not between/,
  ],
]

describe('the block map of a release', () => {
  it('agrees with the manifest as it was built, and its changes are all found', async () => {
    expect(await findingsOf(forged(text))).toBe('')
    const { files } = await verifyRelease(release.folder, { key: readPublicKey(release.keys.open) })
    expect(files).toContain('board.img.bmap')
    expect((await verifyRelease(release.zip)).files).toContain('.meta/image.bmap')
  })

  it.each(OTHERS)('is refused with %s', async (_, map, says) => {
    expect(await findingsOf(forged(map()))).toMatch(says)
  })

  it('is refused with blocks that the manifest does not specify', async () => {
    const ranges = [...text.matchAll(/<Range chksum="\w+"> (\d+)(?:-(\d+))? <\/Range>/g)]
    // The first gap that no range covers gets one of a block.
    const free = ranges
      .map(([, from, to]) => Number(to ?? from) + 1)
      .find((block, at) => Number(ranges[at + 1]?.[1] ?? block) > block)!
    const zeros = sha256(Buffer.alloc(4096))
    const before = ranges.findIndex(([, from, to]) => Number(to ?? from) + 1 === free)
    const line = ranges[before]![0]
    const map = changed(new RegExp(line), `${line}\n        <Range chksum="${zeros}"> ${free} </Range>`)
    expect(await findingsOf(forged(map))).toMatch(
      new RegExp(
        `there are 4096 bytes that \\S+ maps and manifest\\.json does not specify, the first at byte ${free * 4096}$`,
        'm',
      ),
    )
  })

  it('is compared where the raw image is not there, too', async () => {
    const folder = forged(changed(FIRST_RANGE, ''))
    rmSync(join(folder, 'board.img'))
    expect(await findingsOf(folder)).toMatch(/does not map, the first at byte 0/)
    expect(await findingsOf(join(folder, 'board.img.bmap'))).toMatch(/does not map, the first at byte 0/)
  })

  it('is compared in a bundle', async () => {
    const parts = takeApart(readFileSync(release.zip))
    const entryNamed = (name: string) => parts.entries.findIndex(({ localName }) => localName.toString() === name)
    const contentOf = (name: string) => inflateRawSync(parts.entries[entryNamed(name)]!.packed)
    const inZip = contentOf('.meta/image.bmap').toString('utf8')
    expect(inZip).toBe(text)
    const map = changed(FIRST_RANGE, '')
    const replace = (name: string, change: (before: string) => string) => {
      parts.entries[entryNamed(name)] = entryOf(name, Buffer.from(change(contentOf(name).toString('utf8'))))
    }
    const manifestBefore = sha256(contentOf('manifest.json'))
    replace('manifest.json', (before) => before.replaceAll(sha256(text), sha256(map)))
    const manifestAfter = sha256(contentOf('manifest.json'))
    replace('SHA256SUMS', (before) =>
      before.replaceAll(sha256(text), sha256(map)).replace(manifestBefore, manifestAfter),
    )
    replace('.meta/image.bmap', () => map)
    const path = join(scratch, 'forged.zip')
    writeFileSync(path, putTogether(parts))
    expect(await findingsOf(path)).toMatch(/\.meta\/image\.bmap: there are \d+ bytes that manifest\.json specifies/)
  })

  it('is not flashed by where a manifest beside the image specifies other blocks', async () => {
    const folder = forged(changed(FIRST_RANGE, ''))
    const target = join(scratch, 'card')
    const image = join(folder, 'board.img')
    const map = join(folder, 'board.img.bmap')
    const result = await runCli('flash', image, target, '--file', '--yes', '-q', '--bmap', map)
    expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining('does not map, the first at byte 0') })
    expect(existsSync(target)).toBe(false)
    const right = join(release.folder, 'board.img.bmap')
    expect(await runCli('flash', image, target, '--file', '--yes', '-q', '--bmap', right)).toMatchObject({ status: 0 })
  })
})

describe('signatures that verify does not check', () => {
  it('are named: those of other tools, those of other files, and all where there is no key', async () => {
    const folder = join(scratch, 'signed')
    cpSync(release.folder, folder, { recursive: true })
    writeFileSync(join(folder, 'board.img.zip.minisig'), 'untrusted comment: x\n')
    const others = [
      'SHA256SUMS.minisig',
      'SHA256SUMS.sshsig',
      'board.img.zip.minisig',
      'manifest.json.minisig',
      'manifest.json.sshsig',
    ]
    const key = readPublicKey(release.keys.open)
    expect((await verifyRelease(folder, { key })).unchecked).toEqual(others)
    expect((await verifyRelease(folder)).unchecked).toEqual([...others, 'SHA256SUMS.sig', 'manifest.json.sig'].sort())
    expect((await verifyRelease(release.zip, { key })).unchecked).toEqual(
      others.filter((name) => !name.includes('.zip.')),
    )
    expect((await verifyRelease(join(folder, 'board.img.zip'), { key })).unchecked).toContain('manifest.json.minisig')
    const { stderr } = await runCli('verify', folder, '--key', release.keys.open)
    expect(stderr).toContain(`signatures not checked: ${others.join(', ')} (`)
  })
})
