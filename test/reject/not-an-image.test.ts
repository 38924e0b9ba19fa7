/**
 * Files that are no image of a disk or a volume, archives without one or with several, and images
 * that were cut off.
 */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { crc32 } from '../../src/bytes/crc32.js'
import { FormatError } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { type ImageReadOptions, readImageFile } from '../../src/readers/read-image-file.js'
import { mbrSector } from '../support/mbr-sector.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { runCli } from '../support/run-cli.js'

const folder = scratchFolder()
const at = (name: string): string => join(folder, name)
const options: ImageReadOptions = { workFolder: folder, runner: makeCommandRunner(process.env) }
const KIB = 1024

/** What reading a file of these bytes as a disk ends with: the message and the hint. */
async function refusal(path: string, more: Partial<ImageReadOptions> = {}): Promise<string> {
  try {
    const { release, verdict } = await readImageFile(path, { ...options, ...more })
    release()
    return `taken: ${verdict.evidence?.what ?? 'without evidence'}`
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return `${error.message} ${error.hint ?? ''}`
  }
}

function written(name: string, bytes: string | Uint8Array): string {
  writeFileSync(at(name), bytes)
  return at(name)
}

const hex = (text: string, length = 4 * KIB): Buffer =>
  Buffer.concat([Buffer.from(text, 'hex'), Buffer.alloc(length, 0xa5)])
const utf16 = (text: string, mark = ''): Buffer => Buffer.from(mark + text, 'utf16le')
const placed = (offset: number, text: string, length = 8 * KIB): Buffer => {
  const bytes = Buffer.alloc(length, 0xa5)
  bytes.write(text, offset, 'hex')
  return bytes
}

function program(): Buffer {
  const bytes = Buffer.alloc(4 * KIB, 0xa5)
  bytes.write('MZ')
  bytes.writeUInt32LE(0x80, 60)
  bytes.write('PE\0\0', 0x80)
  return bytes
}

/** A sound disk, and what VHDs of fixed size and DMGs have behind it. */
function disk(trailer: string): Buffer {
  const bytes = Buffer.alloc(1 << 20)
  bytes.set(mbrSector(1, 1000))
  bytes.write(trailer, bytes.length - 512)
  return bytes
}

const FOREIGN: readonly (readonly [name: string, bytes: string | Buffer, words: string])[] = [
  ['doctype', '<!DOCTYPE html>\n<html></html>\n', 'an HTML page'],
  ['lower case', '<!doctype html>\n<html lang=en></html>\n', 'an HTML page'],
  ['html without a doctype', '<html><body>You are being redirected.</body></html>', 'an HTML page'],
  ['html after blanks', '\n\r\n \t<HTML><HEAD>', 'an HTML page'],
  ['html after a mark', '\u{feff}<!DOCTYPE html>', 'an HTML page'],
  ['html after a comment', '<!-- saved -->\n<html>', 'an HTML page'],
  ['xhtml', '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0">', 'an HTML page'],
  ['html in UTF-16', utf16('<!DOCTYPE html>', '\u{feff}'), 'an HTML page'],
  ['html in UTF-16 without a mark', utf16('<html><body></body></html>'), 'an HTML page'],
  ['html in UTF-16BE', utf16('<html>', '\u{feff}').swap16(), 'an HTML page'],
  [
    'error of a store',
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>',
    'an XML file',
  ],
  ['bmap', '<?xml version="1.0" ?>\n<bmap version="2.0"></bmap>\n', 'a block map (bmap)'],
  ['json', '{"message":"Not Found","status":"404"}\n', 'a JSON file'],
  ['json list', '[\n  { "name": "a" }\n]', 'a JSON file'],
  ['manifest', '{ "manifest_version": 1, "tool": {} }', 'a manifest of diskloom'],
  ['Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n', 'a Git LFS pointer'],
  ['git-annex', '/annex/objects/SHA256E-s1234--abcd.img\n', 'a git-annex pointer'],
  ['text', 'Not Found\n', 'a text file'],
  ['long text', 'Not Found. '.repeat(10_000), 'a text file'],
  [
    'text of an older encoding',
    Buffer.from(`Caf\xe9 und K\xf6nig: ${'nicht gefunden '.repeat(20)}`, 'latin1'),
    'a text file',
  ],
  ['blanks', ' \n\n', 'a text file of blanks'],
  ['script', '#!/bin/sh\nexit 0\n', 'a script'],
  ['sums', `${'ab'.repeat(32)}  disk.img\n`, 'a list of checksums'],
  ['BSD sums', `SHA256 (disk.img) = ${'ab'.repeat(32)}\n`, 'a list of checksums'],
  ['PGP, armoured', '-----BEGIN PGP SIGNATURE-----\n', 'a PGP signature'],
  [
    'PGP, binary',
    Buffer.concat([Buffer.from('8975', 'hex').subarray(0, 1), Buffer.from([0x00, 0x5d]), Buffer.alloc(0x5d, 0xc3)]),
    'a PGP signature',
  ],
  ['ssh signature', '-----BEGIN SSH SIGNATURE-----\n', 'an SSH signature'],
  ['minisign', 'untrusted comment: signature\nRWQ\n', 'a minisign signature'],
  ['ed25519', Buffer.alloc(64, 0xa5), 'a signature of 64 bytes'],
  ['Intel HEX', ':10010000214601360121470136007EFE09D2190140\n:00000001FF\n', 'an Intel HEX file'],
  ['S-records', 'S00F000068656C6C6F202020202000003C\nS9030000FC\n', 'a file of S-records'],
  ['VMDK descriptor', '# Disk DescriptorFile\nversion=1\n', 'a VMDK descriptor'],
  ['PDF', Buffer.from('%PDF-1.7\n%\xe2\xe3\n', 'latin1'), 'a PDF document'],
  ['7z', hex('377abcaf271c'), 'a 7z archive'],
  ['RAR', hex('526172211a0700'), 'a RAR archive'],
  ['lz4', hex('04224d18'), 'an lz4 file'],
  ['lzop', hex('894c5a4f'), 'an lzop file'],
  ['VMDK', hex('4b444d56'), 'a VMDK disk'],
  ['VHDX', hex('7668647866696c65'), 'a VHDX disk'],
  ['VDI', placed(64, '7f10dabe'), 'a VDI disk'],
  ['VHD', hex('636f6e6563746978'), 'a VHD disk'],
  ['VHD of fixed size', disk('conectix'), 'a VHD disk of fixed size'],
  ['DMG', disk('koly'), 'a DMG disk of macOS'],
  ['cpio', hex('303730373031'), 'a cpio archive'],
  ['Debian package', hex('213c617263683e0a'), 'a Debian package'],
  ['AppleDouble', hex('0005160700020000'), 'an AppleDouble file'],
  ['ELF', hex('7f454c4602010100'), 'an ELF program'],
  ['PE', program(), 'a program for Windows or UEFI'],
  ['UF2', hex('5546320a57515d9e'), 'a UF2 file'],
  ['DfuSe', hex('4466755365'), 'a DfuSe file'],
  [
    'DFU',
    Buffer.concat([Buffer.alloc(4096, 0xa5), Buffer.from('ffffffffffff0001554644105a5a5a5a', 'hex')]),
    'a DFU file',
  ],
  ['Android boot', hex('414e44524f494421'), 'an Android boot image'],
  ['Rockchip update', hex('524b4657'), 'a Rockchip update image'],
  ['Allwinner update', hex('494d414745575459'), 'an Allwinner update image'],
  ['arm64 kernel', placed(56, '41524d64'), 'a Linux kernel for ARM64'],
  ['x86 kernel', placed(510, '55aa0000486472530000'), 'a Linux kernel for x86'],
  ['device tree', hex('d00dfeed'), 'a flattened device tree'],
  ['page in sectors', Buffer.from('<html>404</html>'.padEnd(64 * KIB, '\0')), 'an HTML page'],
  [
    'padded VMDK descriptor',
    Buffer.from('# Disk DescriptorFile\nversion=1\n'.padEnd(10 * KIB, '\0')),
    'a VMDK descriptor',
  ],
  ['plain ISO', placed(32_769, '4344303031', 64 * KIB), 'an ISO 9660 image of a CD without a partition table'],
  ['zeros', Buffer.alloc(64 * KIB), 'a file of nothing but zeros'],
  ['noise', Buffer.alloc(64 * KIB, 0xa5), 'nothing in it says that it is a disk or a volume'],
]

describe('what is no image', () => {
  it.each(FOREIGN)('%s', async (_, bytes, words) => {
    const path = written('foreign', bytes)
    const text = await refusal(path)
    expect(text).toContain(words)
    expect(text).toContain('--as-is')
    expect(await refusal(path, { demand: 'nothing' })).toMatch(/^taken/)
    // A page that was compressed on its way is a page still.
    expect(await refusal(written('foreign.gz', gzipSync(bytes)))).toContain(words)
  })

  it('nothing without proof is taken, whatever its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2048 }), fc.nat(0xffff), async (bytes, seed) => {
        const noise = Buffer.alloc(8 * KIB)
        for (let index = 0, state = seed + 1; index < noise.length; index++) {
          state = (Math.imul(state, 1103515245) + 12345) >>> 0
          noise[index] = state >>> 24
        }
        noise.set(bytes)
        let text: string
        try {
          text = await refusal(written('noise', noise))
        } catch (error) {
          text = (error as Error).message
        }
        expect(text).not.toMatch(/^taken/)
      }),
      { numRuns: process.env.DISKLOOM_DEEP === '1' ? 5000 : 100, seed: 13 },
    )
  })
})

describe('what proves an image', () => {
  const VOLUME_SIGNS: readonly (readonly [what: string, offset: number, sign: string])[] = [
    ['squashfs', 0, '68737173'],
    ['Btrfs', 65_600, '5f42485266535f4d'],
    ['UBI volumes', 0, '55424923'],
    ['NTFS', 3, '4e54465320202020'],
    ['Allwinner', 8 * KIB + 4, '65474f4e2e425430'],
    ['Allwinner', 128 * KIB + 4, '65474f4e2e425430'],
    ['Rockchip', 32 * KIB, '524b4e53'],
    ['i.MX', 33 * KIB, 'd1002041'],
    ['STM32MP', 0, '53544d32'],
    ['Zynq', 32, '665599aa584e4c58'],
    ['U-Boot legacy image', 0, '27051956'],
    ['squashfs at byte 131072', 128 * KIB, `68737173${'00'.repeat(24)}04000000`],
  ]
  it.each(VOLUME_SIGNS)('%s at %i', async (what, offset, sign) => {
    const bytes = Buffer.alloc(512 * KIB)
    bytes.write(sign, offset, 'hex')
    expect(await refusal(written('proven', bytes), {})).toMatch(new RegExp(`^taken: .*${what}`))
  })

  it('images of U-Boot behind a loader without a sign, as in NOR flash', async () => {
    const nor = Buffer.alloc(512 * KIB, 0xa5)
    const header = Buffer.alloc(64)
    header.writeUInt32BE(0x27051956)
    header.write('kernel', 32)
    nor.set(header, 320 * KIB)
    expect(await refusal(written('nor', nor))).toContain('nothing in it says')
    // The CRC-32 of a header belongs to its proof.
    header.writeUInt32BE(crc32(header), 4)
    nor.set(header, 320 * KIB)
    expect(await refusal(written('nor', nor))).toBe('taken: a legacy image of U-Boot at byte 327680')
    nor.fill(0xa5)
    nor.write(`d00dfeed${'00'.repeat(52)}00000001${'00'.repeat(4)}00000001696d6167657300`, 128 * KIB, 'hex')
    expect(await refusal(written('nor', nor))).toBe('taken: a FIT image of U-Boot at byte 131072')
  })

  it('an MBR, with partitions or empty with a signature; not two bytes alone', async () => {
    const disk = Buffer.alloc(1 << 20)
    disk.set(mbrSector(1, 2047))
    expect(await refusal(written('mbr', disk))).toBe('taken: an MBR')
    expect(await refusal(written('mbr', disk.fill(0, 446, 510)))).toBe('taken: an MBR')
    expect(await refusal(written('mbr', disk.fill(0xa5, 0, 510)))).toContain('nothing in it says')
  })
})

const TOOLS = ['bash', 'tar', 'zip', 'xz', 'bzip2', 'zstd', 'gzip']

describeWithTools('the image in an archive', TOOLS, () => {
  const disk = Buffer.alloc(1 << 20)
  beforeAll(() => {
    disk.set(mbrSector(1, 2047))
    disk.fill('content', 512 * KIB, 600 * KIB)
    for (const name of ['sd.img', 'release-1.2']) written(name, disk)
    written('other.img', Buffer.alloc(1 << 20, 0xa5))
    written('README', 'read me\n')
    written('LICENSE', 'MIT\n')
    written('sd.img.md5.txt', `${'ab'.repeat(16)}  sd.img\n`)
    tool(
      'bash',
      '-euc',
      'cd "$0"; mkdir -p __MACOSX d; cp sd.img __MACOSX/._sd.img; cp sd.img .hidden; cp sd.img d/a.img',
      folder,
    )
  })
  const shell = (script: string): void => void tool('bash', '-euc', `cd "$0"; ${script}`, folder)
  async function expectDisk(name: string, format: string, more: Partial<ImageReadOptions> = {}): Promise<void> {
    const opened = await readImageFile(at(name), { ...options, ...more })
    expect(opened.format).toBe(format)
    expect(opened.image.sizeBytes).toBe(disk.length)
    opened.release()
  }

  it.each([
    ['tar cf a.tar sd.img', 'a.tar', 'tar of raw'],
    ['tar cf a.tar README LICENSE sd.img', 'a.tar', 'tar of raw'],
    ['tar cSf a.tar ./sd.img', 'a.tar', 'tar of raw'],
    ['tar czf a.tgz sd.img', 'a.tgz', 'gz of tar of raw'],
    ['tar cJf a.txz sd.img', 'a.txz', 'xz of tar of raw'],
    ['tar cjf a.tbz sd.img', 'a.tbz', 'bz2 of tar of raw'],
    ['tar c --zstd -f a.tzst sd.img', 'a.tzst', 'zst of tar of raw'],
    ['xz --format=lzma -kc sd.img > a.lzma', 'a.lzma', 'lzma of raw'],
    ['bzip2 -kc sd.img > a.bz2', 'a.bz2', 'bz2 of raw'],
    ['gzip -kf sd.img; tar cf a.tar sd.img.gz', 'a.tar', 'tar of gz of raw'],
    ['rm -f a.zip; xz -kf sd.img; zip -q a.zip README sd.img.xz', 'a.zip', 'zip of xz of raw'],
    ['rm -f a.zip; zip -q a.zip sd.img; gzip -kf a.zip', 'a.zip.gz', 'gz of zip of raw'],
    ['rm -f a.zip; zip -q a.zip README LICENSE sd.img.md5.txt release-1.2', 'a.zip', 'zip of raw'],
    ['rm -f a.zip; zip -q a.zip __MACOSX/._sd.img .hidden sd.img', 'a.zip', 'zip of raw'],
    ['rm -f a.zip; zip -q a.zip d/a.img __MACOSX/._sd.img', 'a.zip', 'zip of raw'],
  ])('%s', async (script, name, format) => {
    shell(script)
    await expectDisk(name, format)
  })

  it('several are an error that names them, and --member chooses', async () => {
    shell('rm -f two.zip; zip -q two.zip other.img sd.img; tar cf two.tar other.img sd.img')
    for (const name of ['two.zip', 'two.tar']) {
      expect(await refusal(at(name))).toMatch(/2 files in it may be the image, "other.img" \(.*\), "sd.img" \(an MBR\)/)
      await expectDisk(name, `${name.slice(4)} of raw`, { entry: 'sd.img' })
      expect(await refusal(at(name), { entry: 'other.img' })).toContain('nothing in it says')
      expect(await refusal(at(name), { entry: 'third.img' })).toContain('no such entry, it has other.img, sd.img')
    }
    await expect(readImageFile(at('sd.img'), { ...options, entry: 'sd.img' })).rejects.toThrow(
      'a zip or a tar has members',
    )
  })

  it('none is an error that says what is there', async () => {
    shell('rm -f none.zip; zip -q none.zip README LICENSE .hidden; tar czf none.tgz README')
    expect(await refusal(at('none.zip'))).toContain('it holds "README", "LICENSE", ".hidden", one image')
    expect(await refusal(at('none.tgz'))).toContain('it holds "README", one image')
  })
})

describe('an image that was cut off', () => {
  it('a squashfs, which is known by its signs alone', async () => {
    const bytes = Buffer.alloc(512 * KIB)
    bytes.write('hsqs')
    bytes.writeBigUInt64LE(1n << 20n, 40)
    const cut = written('cut.squashfs', bytes)
    expect(await refusal(cut)).toContain('it is cut off at byte 524288')
    const { status, stdout, stderr } = await runCli('verify', cut)
    expect(stdout + stderr).toContain('the length of the volume is 1048576, at most 524288')
    expect(status).toBe(1)
  })

  const config = (table: string, partitions: string): string =>
    `image: s.img\nsize: 16MiB\nsource_date_epoch: 1700000000\ntable: ${table}\noutputs: [raw]\npartitions: [ ${partitions} ]\n`
  const primary = '{ name: a, size: 2MiB, fs: fat12 }, { name: b, size: 8MiB, fs: ext4 }'
  const KINDS: readonly (readonly [kind: string, text: string, keptBytes: number, words: string])[] = [
    ['GPT', config('gpt', primary), 9_000_448, 'partition 2 "b" at byte 11534336, the backup GPT at byte 16777216'],
    ['GPT, behind its partitions', config('gpt', primary), 12 << 20, 'the backup GPT at byte 16777216'],
    ['MBR', config('mbr', primary), 9_000_448, 'partition 2 at byte 11534336'],
    [
      'MBR, logical',
      config(
        'mbr',
        `${primary}, { name: c, size: 1MiB, fs: fat12, logical: true }, { name: d, size: 1MiB, fs: fat12, logical: true }`,
      ),
      (13 << 20) + 512 * KIB,
      'the extended partition',
    ],
    ['ext', config('none', '{ name: a, fs: ext4, size: 16MiB }'), 9 << 20, 'the volume at byte 16777216'],
    ['FAT', config('none', '{ name: a, fs: fat16, size: 16MiB }'), 9 << 20, 'the volume at byte 16777216'],
  ]

  it.each(KINDS)('%s: raw, packed, on standard input', async (kind, text, keptBytes, words) => {
    const project = join(folder, kind.replace(/\W+/g, '-'))
    tool('mkdir', '-p', project)
    writeFileSync(join(project, 's.yaml'), text)
    const { folder: out } = await build({ config: join(project, 's.yaml'), out: join(project, 'out'), environment: {} })
    // Elsewhere than beside its manifest, which would say that the length is wrong.
    const cut = written('cut.img', readFileSync(join(out, 's.img')))
    expect(await refusal(cut)).toMatch(/^taken/)
    truncateSync(cut, keptBytes)
    const bytes = readFileSync(cut)
    const expected = new RegExp(`it is cut off at byte ${keptBytes}.*${words}`)
    expect(await refusal(cut)).toMatch(expected)
    expect(await refusal(written('cut.gz', gzipSync(bytes, { level: 1 })))).toMatch(expected)
    expect(await refusal('-', { stdin: Readable.from([bytes]) })).toMatch(expected)
    expect(await refusal(cut, { demand: 'nothing' })).toMatch(/^taken/)
    for (const command of [
      ['flash', cut, at('card'), '--file', '--yes'],
      ['convert', cut, '-o', at('copy.img')],
    ]) {
      const { status, stderr } = await runCli(...command)
      expect(stderr).toContain('it is cut off')
      expect(status).toBe(5)
    }
    expect((await runCli('verify', cut)).status).toBe(1)
  })
})

describe('a plain file as the target', () => {
  const image = (): string => {
    const bytes = Buffer.alloc(1 << 20)
    bytes.set(mbrSector(1, 2047))
    bytes.fill('content', 100 * KIB, 200 * KIB)
    return written('whole.img', bytes)
  }

  it('is made, or written like a device, and read back', async () => {
    expect(await runCli('flash', image(), at('new'), '--file', '--yes', '-q')).toMatchObject({ status: 0 })
    expect(readFileSync(at('new')).equals(readFileSync(image()))).toBe(true)
    const larger = written('larger', Buffer.alloc(3 << 20, 0xd1))
    expect(await runCli('flash', image(), larger, '--file', '--yes', '-q')).toMatchObject({ status: 0 })
    expect(
      readFileSync(larger)
        .subarray(0, 1 << 20)
        .equals(readFileSync(image())),
    ).toBe(true)
    expect(readFileSync(larger)).toHaveLength(3 << 20)
  })

  it('gets what --as-is asks for, whatever it is', async () => {
    const page = written('page.img', '<html></html>'.padEnd(1024, '\n'))
    expect(await runCli('flash', page, at('page'), '--file', '--yes', '-q', '--as-is')).toMatchObject({ status: 0 })
    expect(readFileSync(at('page')).equals(readFileSync(page))).toBe(true)
  })

  it('is refused where it is too small, no plain file, given twice, or the image itself', async () => {
    const small = written('small', Buffer.alloc(512 * KIB))
    const cases: [string[], number, string][] = [
      [[small], 6, 'it has 524288 bytes, the image needs 1048576'],
      [[written('odd', Buffer.alloc((2 << 20) + 1))], 6, 'a multiple of 512 is expected'],
      [[folder], 6, 'it is a folder, a plain file is expected'],
      [[at('none/card')], 6, 'it does not exist'],
      [[small, small], 2, 'the same file is given twice'],
      [[image()], 6, 'it is the image that is read'],
    ]
    for (const [targets, status, text] of cases) {
      const result = await runCli('flash', image(), ...targets, '--file', '--yes')
      expect(result.stderr).toContain(text)
      expect(result.status).toBe(status)
    }
  })

  it('gets the image of a build by its folder', async () => {
    const project = at('folder-source')
    tool('mkdir', '-p', project)
    const config = 'image: release-1.2\nsize: 2MiB\ntable: none\npartitions: [{ name: a, size: 1MiB }]\n'
    writeFileSync(join(project, 's.yaml'), config)
    const { folder: out } = await build({ config: join(project, 's.yaml'), out: join(project, 'out'), environment: {} })
    const zip = join(out, 'release-1.2.zip')
    for (const source of [out, zip, join(out, 'release-1.2')]) {
      expect(await runCli('flash', source, at('from-folder'), '--file', '--yes', '-q')).toMatchObject({ status: 0 })
      expect(readFileSync(at('from-folder')).equals(readFileSync(join(out, 'release-1.2')))).toBe(true)
    }
    // What else the manifest names is no image: a picture, a list in the bundle.
    for (const args of [[join(out, 'layout.svg')], [join(out, 'manifest.json')], [zip, '--member', 'PartList.cfg']]) {
      const other = await runCli('flash', ...args, at('from-folder'), '--file', '--yes')
      expect(other.stderr).toContain('a disk or a volume is expected')
      expect(other.status).toBe(5)
    }
    // The same bytes without their manifest prove nothing.
    expect(await refusal(written('alone', readFileSync(join(out, 'release-1.2'))))).toContain('nothing but zeros')
    truncateSync(join(out, 'release-1.2'), 1 << 20)
    const cut = await runCli('flash', out, at('from-folder'), '--file', '--yes')
    expect(cut.stderr).toContain('release-1.2 has 1048576 bytes, 2097152 are expected by manifest.json')
    expect(cut.status).toBe(5)
  })
})
