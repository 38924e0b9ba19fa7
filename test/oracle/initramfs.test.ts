// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the lists' own syntax
/** `gadget.initramfs`: what is in it, however it is packed, by `gadget`, by `build`, and in the bundle. */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, inputs } from '../../src/build.js'
import { DiskloomError } from '../../src/errors.js'
import { gadget } from '../../src/gadget.js'
import { verifyRelease } from '../../src/proof/verify-release.js'
import { makeBuildTree, NOTE_MODULES } from '../support/kernel-module.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()
let number = 0

/** A folder with a config, the note's board and whatever else. */
function project(section: string, files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = join(scratch, `${number++}`)
  mkdirSync(folder)
  makeBuildTree(join(folder, 'linux'), NOTE_MODULES)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const config = `image: disk\nsource_date_epoch: 1700000000\npartitions: [{ name: a, fs: fat, size: 1MiB }]\ngadget:\n${section.replace(/^/gm, '  ')}\n`
  writeFileSync(join(folder, 'board.yaml'), config)
  return folder
}

async function made(folder: string) {
  const { outputs, warnings } = await gadget({
    config: join(folder, 'board.yaml'),
    out: join(folder, 'out'),
    environment: {},
  })
  return { outputs, warnings, at: (name: string) => join(folder, 'out/disk/gadget', name) }
}

/** `-rwxr-xr-x 1 0 0 5 init`, one for each entry: modes, links, owner, size, name. */
function listing(archive: string): string[] {
  return tool('cpio', '-itvn', '--quiet', '-F', archive)
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^(\S+) +(\d+) +(\d+) +(\d+) +([\d, ]+) \w+ +\d+ +\S+ (.*)$/, '$1 $2 $3 $4 $5 $6'))
}

const LIST = `dir /dev 0755 0 0
nod /dev/console 0600 0 0 c 5 1
file /init \${INSTALL_ROOT}/init.sh 0755 0 0
`

describeWithTools('an initramfs', ['cpio', 'bsdtar', 'gzip', 'xz', 'zstd'], () => {
  it('has a list, a folder, an archive, single files, the modules and other results', async () => {
    const folder = project(
      `modules: [g_mass_storage]
modules_dir: linux
mode: "0755"
device_tree: { file: board.dts, node: "&usb", dr_mode: peripheral }
initramfs:
  compression: none
  content:
    - board.initramfs
    - overlay
    - more.tar
    - { path: /etc/hostname, text: "board\\n" }
    - { path: /bin/sh, link: busybox }
  results: { /etc/board.dts: board.dts, /etc/usb.patch: board.dts.patch }`,
      {
        'board.initramfs': LIST,
        'init.sh': '#!/bin/sh\n',
        'overlay/etc/rc': '#!/bin/sh\n',
        'tar/tmp/x': 'x',
        'board.dts': '/dts-v1/;\n/ { usb: usb { dr_mode = "host"; }; };\n',
      },
    )
    tool('bsdtar', '--uid', '7', '--gid', '8', '-cf', join(folder, 'more.tar'), '-C', join(folder, 'tar'), 'tmp/x')
    const { at, warnings } = await made(folder)
    expect(warnings).toEqual([])
    const size = (path: string) => readFileSync(join(folder, 'linux', path)).length
    const [libcomposite, function_, legacy] = Object.keys(NOTE_MODULES).map(size)
    expect(listing(at('initramfs.cpio'))).toEqual([
      'drwxr-xr-x 2 0 0 0 bin',
      'lrwxrwxrwx 1 0 0 8 bin/sh -> busybox',
      'drwxr-xr-x 2 0 0 0 dev',
      'crw------- 1 0 0 5,   1 dev/console',
      'drwxr-xr-x 2 0 0 0 etc',
      '-rw-r--r-- 1 0 0 55 etc/board.dts',
      '-rw-r--r-- 1 0 0 6 etc/hostname',
      '-rw-r--r-- 1 0 0 10 etc/rc',
      expect.stringMatching(/^-rw-r--r-- 1 0 0 \d+ etc\/usb\.patch$/),
      '-rwxr-xr-x 1 0 0 10 init',
      'drwxr-xr-x 2 0 0 0 lib',
      'drwxr-xr-x 2 0 0 0 lib/modules',
      `-rwxr-xr-x 1 0 0 ${legacy} lib/modules/g_mass_storage.ko`,
      `-rwxr-xr-x 1 0 0 ${libcomposite} lib/modules/libcomposite.ko`,
      `-rwxr-xr-x 1 0 0 ${function_} lib/modules/usb_f_mass_storage.ko`,
      'drwxr-xr-x 2 0 0 0 tmp',
      '-rw-r--r-- 1 7 8 1 tmp/x',
    ])
  })

  it('takes the list with the modules in it where a list gets them', async () => {
    const folder = project(
      'modules: [libcomposite]\nmodules_dir: linux\nmodules_into: board.initramfs\ninitramfs: { content: board.initramfs, modules: false, compression: none }',
      { 'board.initramfs': LIST, 'init.sh': '' },
    )
    const { at } = await made(folder)
    expect(tool('cpio', '-it', '--quiet', '-F', at('initramfs.cpio'))).toContain('lib/modules/libcomposite.ko\n')
    expect(readFileSync(join(folder, 'board.initramfs'), 'utf8')).toBe(LIST)
  })

  for (const [compression, ...unpack] of [
    ['gz', 'gzip', '-dc'],
    ['xz', 'xz', '-dc'],
    ['zst', 'zstd', '-qdc'],
  ]) {
    it(`is the same archive in ${compression}`, async () => {
      const payload = { 'big/zeros': new Uint8Array(9 << 20), 'big/text': 'text\n'.repeat(100_000) }
      const section = (word: string) => `initramfs: { content: big, compression: ${word} }`
      const plain = await made(project(section('none'), payload))
      const packed = await made(project(section(compression!), payload))
      const unpacked = join(scratch, `${number}.cpio`)
      tool('sh', '-c', '"$@" >"$0"', unpacked, ...unpack, packed.at(`initramfs.cpio.${compression}`))
      tool('cmp', unpacked, plain.at('initramfs.cpio'))
    })
  }

  it('is one frame of zstd, as kernels take no second one', async () => {
    const { at } = await made(
      project('initramfs: { content: big, compression: zst }', { 'big/a': new Uint8Array(9 << 20) }),
    )
    expect(tool('zstd', '-lv', at('initramfs.cpio.zst'))).toMatch(/^# Zstandard Frames: 1$/m)
  })

  it('comes out of build as out of gadget, stands in the bundle, and is verified', async () => {
    const folder = project('initramfs: { content: overlay, name: root.cpio.gz, level: 9 }', {
      'overlay/init': '#!/bin/sh\n',
    })
    const alone = await made(folder)
    const { folder: results } = await build({
      config: join(folder, 'board.yaml'),
      out: join(folder, 'all'),
      environment: {},
    })
    tool('cmp', join(results, 'gadget/root.cpio.gz'), alone.at('root.cpio.gz'))
    const zip = join(results, 'disk.zip')
    expect(tool('bsdtar', '-tf', zip)).toContain('gadget/root.cpio.gz\n')
    tool('sh', '-c', 'bsdtar -xOf "$0" gadget/root.cpio.gz | cmp - "$1"', zip, alone.at('root.cpio.gz'))
    for (const release of [results, zip]) await verifyRelease(release, { key: undefined, signal: undefined })
    const only = await build({
      config: join(folder, 'board.yaml'),
      out: join(folder, 'bundle'),
      only: 'bundle',
      environment: {},
    })
    tool('cmp', join(only.folder, 'disk.zip'), zip)
  })

  it('names what it depends on', async () => {
    const folder = project(
      'modules: [libcomposite]\nmodules_dir: linux\ninitramfs: { content: [board.initramfs, overlay] }',
      {
        'board.initramfs': LIST,
        'init.sh': '#!/bin/sh\n',
        'overlay/a/b': 'b',
      },
    )
    const found = await inputs({ config: join(folder, 'board.yaml'), environment: {} })
    expect(found.map((path) => String(path).slice(folder.length + 1))).toEqual([
      'board.initramfs',
      'board.yaml',
      'init.sh',
      'linux/drivers/usb/gadget/libcomposite.ko',
      'linux/modules.order',
      'overlay',
      'overlay/a',
      'overlay/a/b',
    ])
  })
})

describe('an initramfs is refused', () => {
  async function refusal(section: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const folder = project(section, files)
    const error = await made(folder).catch((thrown: unknown) => thrown)
    if (!(error instanceof DiskloomError)) throw error
    return error.problems.map(({ message, position }) =>
      `${position?.file}:${position?.line}: ${message}`.replaceAll(`${folder}/`, ''),
    )
  }

  it('for wrong lines, each at its place', async () => {
    const list = 'dir /a 0755 0 0\nfifo /b 0644 0 0\nfile /../x init.sh 0644 0 0\n'
    expect(await refusal('initramfs: { content: x.list }', { 'x.list': list })).toEqual([
      'x.list:2: Cannot read the line "fifo /b 0644 0 0": accepted are file, dir, nod, slink, pipe, sock',
      'x.list:3: Cannot read file "init.sh": it does not exist, a file that this user can read is accepted',
    ])
    expect(await refusal('initramfs: { content: x.list }', { 'x.list': list, 'init.sh': '' })).toEqual([
      'x.list:2: Cannot read the line "fifo /b 0644 0 0": accepted are file, dir, nod, slink, pipe, sock',
      'x.list:3: Cannot put "/../x" of "x.list" into a tree: it leads out of the tree, ".." is not accepted',
    ])
  })

  it('for a result that there is not, and for two of one name', async () => {
    expect(await refusal('modules: [a]\ninitramfs: { modules: false, results: { /x: modules.lst } }')).toEqual([
      expect.stringMatching(
        /^board\.yaml:6: Cannot put modules\.lst into the initramfs: there is no such result, accepted are modules\.list$/,
      ),
    ])
    expect(
      await refusal('modules: [a]\ninitramfs: { content: d, modules: false, name: modules.list }', { 'd/x': '' }),
    ).toEqual([
      expect.stringMatching(/Cannot write gadget\/modules\.list: two results of the gadget section have that name/),
    ])
  })

  it('for what a cpio has no place for', async () => {
    expect(await refusal('initramfs: { content: [{ path: "/TRAILER!!!", text: "" }] }')).toEqual([
      'board.yaml:5: Cannot put "/TRAILER!!!" into a cpio: that name ends the archive',
    ])
  })

  it('for more than one frame of zstd holds', async () => {
    const section = 'initramfs: { content: d, compression: zst }'
    const folder = project(section, { 'd/large': '' })
    truncateSync(join(folder, 'd/large'), 600 << 20)
    await expect(made(folder)).rejects.toThrow(
      /Cannot pack the initramfs as zst: it is of 600\.0 MiB, one frame of at most 512 MiB is accepted/,
    )
  })

  it('for modules whose root nobody knows', async () => {
    expect(await refusal('modules: [a]\ninitramfs: {}')).toEqual([
      'modules.list:5: Cannot expand "${INSTALL_ROOT}" in "${INSTALL_ROOT}/lib/modules/a.ko": it is not set',
    ])
  })
})
