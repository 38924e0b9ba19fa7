/** `diskloom verify`: what was built passes, and each way of damaging it is found and named. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { BuildOptions } from '../../src/build.js'
import { runCommandLine } from '../../src/cli/command-line.js'
import { DifferenceError, DiskloomError, FormatError } from '../../src/errors.js'
import { type Manifest, parseManifest } from '../../src/proof/manifest-schema.js'
import { readPublicKey } from '../../src/proof/signing-key.js'
import { verifyBundleStream, verifyRelease } from '../../src/proof/verify-release.js'
import { capturedTerminal } from '../support/captured-terminal.js'
import { entryOf, putTogether, takeApart } from '../support/forged-zip.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { makeRelease, RELEASE_CONFIG, type Release, writeFlipped } from '../support/release.js'

const scratch = scratchFolder()
const SMALL_CONFIG = `
image: board.img
size: 5MiB
source_date_epoch: 1760000000
partitions:
  - { name: kernel, size: 1MiB, fs: boot.bin }
  - { name: rootfs, size: 2MiB, fs: ext2/boot }
`
let release: Release
let manifest: Manifest
let key: ReturnType<typeof readPublicKey>

beforeAll(async () => {
  release = await makeRelease(scratch)
  manifest = parseManifest(readFileSync(join(release.folder, 'manifest.json')), 'manifest.json')
  key = readPublicKey(release.keys.open)
})

/** In pieces of odd length, as a pipe may give them. */
function inPieces(bytes: Buffer, length = 4097): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
    })(),
  )
}

/** The messages that a check ends with; none when it passes. */
async function findingsOf(check: Promise<unknown>): Promise<string[]> {
  try {
    await check
    return []
  } catch (error) {
    if (!(error instanceof DiskloomError)) throw error
    expect(error).toBeInstanceOf(DifferenceError)
    return error.problems.map(({ message }) => message)
  }
}

describe('build --verify', () => {
  const config = join(scratch, 'verified.yaml')
  /** The real build, and something that happens to its results before they are read back. */
  const buildWith = (damage: (folder: string) => void) => async () => {
    const { build, plan } = await import('../../src/build.js')
    return {
      plan,
      build: async (options: BuildOptions) => {
        const result = await build(options)
        damage(result.folder)
        return result
      },
    }
  }
  const run = async (damage: (folder: string) => void) => {
    writeFileSync(config, 'image: verified\nsize: 4MiB\npartitions:\n  - { name: root, fs: ext2 }\n')
    const terminal = capturedTerminal()
    const args = ['build', config, '--out', join(scratch, 'verified-out'), '--verify']
    const status = await runCommandLine(args, terminal, { loadBuild: buildWith(damage) })
    return { status, ...terminal.written }
  }

  it('passes what was written', async () => {
    expect(await run(() => {})).toMatchObject({ status: 0, stdout: expect.stringContaining('verified') })
  })

  it('ends with exit code 1 and the place where a byte of the image turned', async () => {
    const { status, stderr } = await run((folder) => {
      const image = join(folder, 'verified')
      writeFlipped(image, readFileSync(image), (1 << 20) + 1024)
    })
    expect(status).toBe(1)
    expect(stderr).toContain('root')
  })
})

describe('a release as it was built', () => {
  it('passes as a folder, as a bundle and as a stream', async () => {
    const files = ['PartList.cfg', 'SHA256SUMS', 'board.img', 'layout.svg', 'manifest.json']
    for (const check of [
      () => verifyRelease(release.folder, { key }),
      () => verifyRelease(release.zip, { key }),
      () => verifyBundleStream(inPieces(readFileSync(release.zip)), 'standard input', { key }),
    ]) {
      const verified = await check()
      expect(verified.signed).toBe(true)
      expect(verified.files).toEqual(expect.arrayContaining(files))
    }
  })

  it('passes without a key, which says nothing of who made it', async () => {
    expect((await verifyRelease(release.zip)).signed).toBe(false)
  })

  it.each([
    [
      'an MBR with logical partitions',
      RELEASE_CONFIG.replace('partitions:', 'table: mbr\npartitions:').replace(
        '{ name: spare,',
        '{ name: spare, logical: true,',
      ),
    ],
    ['sectors of 4096 bytes', RELEASE_CONFIG.replace('size: 40MiB', 'size: 40MiB\nsector_size: 4096')],
    ['no table at all', RELEASE_CONFIG.replace('size: 40MiB', 'size: 40MiB\ntable: none')],
    [
      'a fill, and a boot blob over the first sector',
      RELEASE_CONFIG.replace(
        'partitions:',
        'table: mbr\npartitions:\n  - { name: loader, in_table: false, start: 1s, fs: NOTES.txt, fill: 0xFF, size: 100KiB }',
      ),
    ],
  ])('passes with %s', async (_, config) => {
    const other = await makeRelease(scratch, config)
    const verified = await verifyRelease(other.folder, { key: readPublicKey(other.keys.open) })
    expect(verified.files).toContain('board.img')
    await verifyRelease(other.zip, { key: readPublicKey(other.keys.open) })
  })

  it('passes as a raw image alone, and says what nothing vouches for, as on a card that was used before', async () => {
    const folder = copyOf(release)
    const path = join(folder, 'board.img')
    const image = readFileSync(path)
    const dirty = Buffer.alloc(image.length, 0xd1)
    for (const [start, end] of specifiedIn(manifest)) image.copy(dirty, start, start, end)
    expect(dirty.equals(image)).toBe(false)
    writeFileSync(path, dirty)
    const specified = specifiedIn(manifest).reduce((sum, [start, end]) => sum + end - start, 0)
    const { unvouched } = await verifyRelease(path, { key })
    const unvouchedBytes = unvouched.reduce((sum, { start, end }) => sum + end - start, 0)
    expect(unvouchedBytes + specified).toBe(image.length)
    const terminal = capturedTerminal()
    expect(await runCommandLine(['verify', path, '--key', release.keys.open], terminal)).toBe(0)
    expect(terminal.written.stderr).toContain(`not vouched for: ${unvouchedBytes} bytes in ${unvouched.length} ranges`)
    writeFlipped(path, dirty, manifest.partitions[0]!.start_byte)
    expect(await findingsOf(verifyRelease(path, { key }))).toEqual([expect.stringContaining('partition "kernel"')])
  })

  it('vouches for all of a raw image alone whose plain sum is signed', async () => {
    const full = await makeRelease(scratch, SMALL_CONFIG, { fullSha256: true })
    const own = readPublicKey(full.keys.open)
    expect((await verifyRelease(full.image, { key: own })).unvouched).toEqual([])
    const image = readFileSync(full.image)
    writeFlipped(full.image, image, 32768)
    expect(await findingsOf(verifyRelease(full.image, { key: own }))).toEqual([
      expect.stringContaining('its SHA-256 is'),
    ])
  })
})

describe('a damaged folder', () => {
  it('names the file whose bytes, size or presence is wrong', async () => {
    const folder = copyOf(release)
    const list = join(folder, 'PartList.cfg')
    const sums = readFileSync(list)
    writeFlipped(list, sums, 3)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      expect.stringMatching(/^Cannot verify PartList\.cfg: its SHA-256 is [0-9a-f]{64}, [0-9a-f]{64} is expected$/),
    ])
    truncateSync(list, 5)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      `Cannot verify PartList.cfg: it has 5 bytes, ${sums.length} are expected`,
    ])
    rmSync(list)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual(['Cannot verify PartList.cfg: it is not there'])
  })

  it('names the partition in which a bit of the image turned', async () => {
    for (const { name, start_byte, runs } of partitionsOf(manifest)) {
      const folder = copyOf(release)
      const image = join(folder, 'board.img')
      const first = runs.find((run) => !run.includes(':')) ?? runs[0]!
      writeFlipped(image, readFileSync(image), start_byte + Number(first.split('+')[0]))
      const [finding, ...rest] = await findingsOf(verifyRelease(folder, { key }))
      expect(finding).toContain(`Cannot verify partition "${name}" (bytes ${start_byte} to `)
      expect(finding).toMatch(name === 'spare' ? /is 0x01, 0x00 is expected/ : /mapped SHA-256 is .*, .* is expected/)
      expect(rest).toEqual([])
    }
  })

  it('tells the field of the table', async () => {
    const folder = copyOf(release)
    const image = join(folder, 'board.img')
    const bytes = readFileSync(image)
    writeFlipped(image, bytes, bytes.length - 512 + 24)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      expect.stringContaining('what stands outside the partitions'),
      expect.stringMatching(/GPT of board\.img: HeaderCRC32 of the backup header is 0x\w+, 0x\w+ is expected/),
      expect.stringMatching(/MyLBA of the backup header is 81918, 81919 is expected/),
    ])
  })

  it('tells a missing, a foreign and a broken signature from one another', async () => {
    const folder = copyOf(release)
    const signature = join(folder, 'manifest.json.sig')
    const foreign = (await makeRelease(scratch)).keys.open
    expect(await findingsOf(verifyRelease(folder, { key: readPublicKey(foreign) }))).toEqual([
      expect.stringContaining('manifest.json.sig is no signature of it by this key'),
    ])
    truncateSync(signature, 63)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      expect.stringContaining('has 63 bytes, 64 are expected'),
    ])
    rmSync(signature)
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([expect.stringContaining('it is not signed')])
  })

  it('does not take a manifest that was changed to fit a changed file', async () => {
    const folder = copyOf(release)
    const path = join(folder, 'manifest.json')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"name": "rootfs"', '"name": "rooted"'))
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      expect.stringContaining('is no signature of it by this key'),
    ])
    expect((await findingsOf(verifyRelease(folder)))[0]).toContain(
      'PartitionName of entry 3 is rootfs, rooted is expected',
    )
    writeFileSync(path, text.replace(/"mapped_sha256": "./, '"mapped_sha256": "'))
    await expect(verifyRelease(folder)).rejects.toBeInstanceOf(DiskloomError)
  })

  it('names the file of a partition (split) that is damaged or cut', async () => {
    const other = await makeRelease(
      scratch,
      RELEASE_CONFIG.replace('partitions:', 'outputs: [split, bmap]\npartitions:'),
    )
    const own = readPublicKey(other.keys.open)
    const { files } = await verifyRelease(other.folder, { key: own })
    const pieces = files.filter((file) => file.endsWith('.img') && file !== 'board.img')
    expect(pieces).toHaveLength(5)
    for (const piece of pieces) {
      const path = join(other.folder, piece)
      const bytes = readFileSync(path)
      writeFlipped(path, bytes, 0)
      expect(await findingsOf(verifyRelease(other.folder, { key: own }))).toEqual([
        expect.stringMatching(new RegExp(`^Cannot verify ${piece}[:,]`)),
      ])
      writeFileSync(path, bytes)
      truncateSync(path, bytes.length - 1)
      expect(await findingsOf(verifyRelease(other.folder, { key: own }))).toEqual([
        `Cannot verify ${piece}: it has ${bytes.length - 1} bytes, ${bytes.length} are expected`,
      ])
      writeFileSync(path, bytes)
    }
    await verifyRelease(other.folder, { key: own })
  })

  it('refuses what is no release', async () => {
    await expect(verifyRelease(scratch)).rejects.toThrow(/there is no manifest\.json in it/)
    await expect(verifyRelease(join(scratch, 'nothing'))).rejects.toThrow(/it does not exist/)
    const alone = join(scratch, 'alone')
    mkdirSync(alone)
    copyFileSync(release.image, join(alone, 'board.img'))
    await expect(verifyRelease(join(alone, 'board.img'))).rejects.toBeInstanceOf(FormatError)
  })
})

describe('bytes where the manifest specifies nothing', () => {
  const LOADER = Buffer.from('RKNS-evil-idbloader')
  const FIRST_GAP = 32768

  it('are found in the image of a folder, in the file of a partition and in a bundle, by the place of the first', async () => {
    const other = await makeRelease(
      scratch,
      RELEASE_CONFIG.replace('partitions:', 'outputs: [raw, zip, split]\npartitions:'),
    )
    const own = readPublicKey(other.keys.open)
    const { partitions, stretches } = parseManifest(readFileSync(join(other.folder, 'manifest.json')), 'manifest.json')
    const kernel = partitions.find(({ name }) => name === 'kernel')!
    const [run] = stretches.find(({ start_byte }) => start_byte === kernel.start_byte)!.runs
    const behind = Number(run!.split('+')[1]) + 1000
    const spare = partitions.find(({ name }) => name === 'spare')!
    // Before the first partition, behind a raw blob, and deep in a partition without content.
    for (const offset of [FIRST_GAP, kernel.start_byte + behind, spare.start_byte + 2 * 1048576 + 1]) {
      const says = `byte ${offset} of the disk is 0x52, 0x00 is expected where the manifest specifies nothing`
      const folder = copyOf(other)
      const path = join(folder, 'board.img')
      const image = readFileSync(path)
      LOADER.copy(image, offset)
      writeFileSync(path, image)
      expect(await findingsOf(verifyRelease(folder, { key: own }))).toEqual([expect.stringContaining(says)])
      const parts = takeApart(readFileSync(other.zip))
      parts.entries[0] = entryOf('board.img', image)
      const bundle = join(scratch, 'gap.zip')
      writeFileSync(bundle, putTogether(parts))
      const stream = inPieces(readFileSync(bundle), 1 << 16)
      for (const check of [verifyRelease(bundle, { key: own }), verifyBundleStream(stream, 'gap.zip', { key: own })]) {
        expect(await findingsOf(check)).toEqual([expect.stringContaining(says)])
      }
    }
    const folder = copyOf(other)
    const piece = join(
      folder,
      other.result.outputs.find(({ startByte }) => startByte === spare.start_byte)!.path.slice(other.folder.length + 1),
    )
    const bytes = readFileSync(piece)
    LOADER.copy(bytes, 1048576 + 7)
    writeFileSync(piece, bytes)
    expect(await findingsOf(verifyRelease(folder, { key: own }))).toEqual([
      expect.stringContaining(`byte ${spare.start_byte + 1048576 + 7} of the disk is 0x52`),
    ])
  }, 60_000)
})

describe('what a release says twice', () => {
  it.each([
    [
      'a line of SHA256SUMS that the manifest does not have',
      (text: string) => `${text}${'0'.repeat(64)}  other.zip\n`,
      /other\.zip: SHA256SUMS names it/,
    ],
    [
      'another sum',
      (text: string) => text.replace(/^\w{8}(\w{56} {2}PartList)/m, '00000000$1'),
      /PartList\.cfg: SHA256SUMS says 00000000/,
    ],
    [
      'a missing line',
      (text: string) => text.replace(/^.*PartList.*\n/m, ''),
      /PartList\.cfg: SHA256SUMS has no line of it/,
    ],
    [
      'two lines of one file',
      (text: string) => text.replace(/^(.*PartList.*\n)/m, '$1$1'),
      /PartList\.cfg: SHA256SUMS names it twice/,
    ],
  ] as const)('is compared: %s', async (_, change, says) => {
    const folder = copyOf(release)
    const path = join(folder, 'SHA256SUMS')
    writeFileSync(path, change(readFileSync(path, 'utf8')))
    const findings = await findingsOf(verifyRelease(folder, { key }))
    expect(findings[0]).toMatch(says)
    expect(findings[1]).toContain('SHA256SUMS.sig is no signature of it by this key')
    expect((await findingsOf(verifyRelease(folder))).length).toBe(1)
  })

  it.each([
    [
      'the size of the image',
      (text: string) => text.replace(/("path": "board.img",\s*"size_bytes": )\d+/, '$1512'),
      /size of board\.img is 41943040 in one place and 512 in another/,
    ],
    [
      'the sum of a file of the bundle',
      (text: string) => text.replace(/("NOTES.txt",\s*"size_bytes": 9,\s*"sha256": ")../, '$1zz'.replace('zz', '00')),
      /SHA-256 of NOTES\.txt|NOTES\.txt: its SHA-256/,
    ],
    [
      'the sectors of a partition',
      (text: string) => text.replace(/"first_sector": \d+/, '"first_sector": 7'),
      /start of partition "kernel" is \d+ in one place and 3584/,
    ],
  ] as const)('is compared within the manifest: %s', async (_, change, says) => {
    const parts = takeApart(readFileSync(release.zip))
    const at = parts.entries.findIndex(({ localName }) => localName.toString() === 'manifest.json')
    const manifestText = inflateRawSync(parts.entries[at]!.packed).toString('utf8')
    parts.entries[at] = entryOf('manifest.json', Buffer.from(change(manifestText)))
    const path = join(scratch, 'contradicts.zip')
    writeFileSync(path, putTogether(parts))
    expect((await findingsOf(verifyRelease(path))).join('\n')).toMatch(says)
  })
})

describe('a damaged bundle', () => {
  it('is found out wherever it is cut, and told where', async () => {
    const bytes = readFileSync(release.zip)
    for (let index = 1; index < 24; index++) {
      const length = Math.floor((bytes.length * index) / 24)
      const [finding] = await findingsOf(verifyBundleStream(inPieces(bytes.subarray(0, length)), 'cut.zip', { key }))
      expect(finding).toContain(`Cannot read cut.zip: it ends at byte ${length}, within `)
    }
    const [finding] = await findingsOf(
      verifyBundleStream(inPieces(bytes.subarray(0, bytes.length - 1)), 'cut.zip', { key }),
    )
    expect(finding).toContain('within zip end of central directory')
  })

  it('is found out whichever byte of it is another', async () => {
    const small = await makeRelease(scratch, SMALL_CONFIG)
    const own = readPublicKey(small.keys.open)
    const bytes = readFileSync(small.zip)
    const path = join(scratch, 'flipped.zip')
    const count = process.env.DISKLOOM_DEEP ? 3000 : 120
    const unpacked = (zip: string): string => tool('sh', '-c', 'unzip -p "$1" | sha256sum', 'sh', zip)
    const whole = unpacked(small.zip)
    let tried = 0
    let refused = 0
    for (let index = 0; index < count; index++) {
      // Spread over the file, dense at its end, where the small entries and the directory are.
      const at = index % 2 === 0 ? Math.floor((bytes.length * index) / count) : bytes.length - 1 - index * 37
      writeFlipped(path, bytes, at)
      const stream = inPieces(readFileSync(path), 1 << 16)
      const checks = [() => verifyRelease(path, { key: own }), () => verifyBundleStream(stream, path, { key: own })]
      for (const check of checks) {
        const error = await check().catch((caught: unknown) => caught)
        if (error instanceof DiskloomError) refused++
        // A few bits of deflate only fill a byte: whoever unpacks the zip gets the same.
        else expect(unpacked(path), `byte ${at} of ${bytes.length}`).toBe(whole)
      }
      tried += checks.length
    }
    expect(refused / tried).toBeGreaterThan(0.95)
  })

  it('may not hold anything that the manifest does not vouch for', async () => {
    const path = join(scratch, 'more.zip')
    const parts = takeApart(readFileSync(release.zip))
    const entries = [...parts.entries, entryOf('evil.sh', Buffer.from('rm -rf /\n'))]
    writeFileSync(path, putTogether({ ...parts, entries }))
    expect(await findingsOf(verifyRelease(path, { key }))).toEqual([
      'Cannot verify evil.sh: manifest.json does not name it',
    ])
  })
})

describe('diskloom verify', () => {
  it('ends with 0, or with 1 and the finding', async () => {
    const good = capturedTerminal()
    expect(await runCommandLine(['verify', release.zip, '--key', release.keys.open], good)).toBe(0)
    expect(good.written.stdout).toContain('4 partitions of board.img')
    const folder = copyOf(release)
    truncateSync(join(folder, 'board.img'), 1 << 20)
    const bad = capturedTerminal()
    expect(await runCommandLine(['verify', folder, '--key', release.keys.open], bad)).toBe(1)
    expect(bad.written.stderr).toContain('board.img: it has 1048576 bytes, 41943040 are expected')
    expect(bad.written.stdout).toBe('')
  })

  it('counts the partitions that it compared, and never reads what is no regular file', async () => {
    const folder = copyOf(release)
    expect(await verifyRelease(join(folder, 'PartList.cfg'), { key })).toMatchObject({ partitions: 0 })
    rmSync(join(folder, 'board.img'))
    expect(await verifyRelease(folder, { key })).toMatchObject({ partitions: 0, missing: ['board.img'] })
    tool('mkfifo', join(folder, 'board.img'))
    expect(await findingsOf(verifyRelease(folder, { key }))).toEqual([
      'Cannot verify board.img: it is not a regular file',
    ])
    rmSync(join(folder, 'SHA256SUMS'))
    tool('mkfifo', join(folder, 'SHA256SUMS'))
    await expect(verifyRelease(folder, { key })).rejects.toThrow('SHA256SUMS: it is not a regular file')
  })
})

describeWithTools('a bundle that another tool packed again', ['unzip', 'zip'], () => {
  it('is refused, since a signature vouches for what the writer wrote', async () => {
    const folder = join(scratch, 'unpacked')
    execFileSync('unzip', ['-q', release.zip, '-d', folder])
    const path = join(scratch, 'packed.zip')
    const names = ['board.img', 'NOTES.txt', 'PartList.cfg', 'layout.svg', 'manifest.json', 'manifest.json.sig']
    execFileSync('zip', ['-q', '-X', '-0', path, ...names, 'SHA256SUMS'], { cwd: folder })
    expect(await findingsOf(verifyRelease(path, { key }))).toEqual([
      expect.stringMatching(/version_needed is 10 .*, 20 .* is expected/),
    ])
    const piped = execFileSync('zip', ['-q', '-X', '-', ...names], { cwd: folder, maxBuffer: 1 << 28 })
    expect(await findingsOf(verifyBundleStream(inPieces(piped), 'piped.zip'))).toEqual([
      expect.stringMatching(/general_purpose_flags is 8 .*, 2048 .* is expected/),
    ])
  })
})

/** [start, end) of the disk for each run. */
function specifiedIn({ stretches }: Manifest): (readonly [start: number, end: number])[] {
  return stretches.flatMap(({ start_byte, runs }) =>
    runs.map((run) => {
      const [offset, length] = run.split(':')[0]!.split('+').map(Number)
      return [start_byte + offset!, start_byte + offset! + length!] as const
    }),
  )
}

/** Partitions with the runs of their stretch. */
function partitionsOf({ partitions, stretches }: Manifest) {
  return partitions.map(({ name, start_byte }) => ({
    name,
    start_byte,
    runs: stretches.find((stretch) => stretch.start_byte === start_byte)!.runs,
  }))
}

let copies = 0
function copyOf({ folder }: Release): string {
  const target = join(scratch, `copy-${++copies}`)
  cpSync(folder, target, { recursive: true })
  expect(statSync(target).isDirectory()).toBe(true)
  return target
}
