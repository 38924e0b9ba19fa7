/** Whatever is wrong with a path, wherever a config names one: an error of diskloom's own, never a bug. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, plan } from '../../src/build.js'
import { DiskloomError } from '../../src/errors.js'
import { gadget } from '../../src/gadget.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()

/** Kinds of paths that cannot be used, or not everywhere; `PATH` in a config becomes each of them. */
const BROKEN: Readonly<Record<string, string>> = {
  'that is not there': 'missing',
  'below a file': 'file/below',
  'in a loop of links': 'loop',
  'below a loop of links': 'loop/below',
  'of a link to nowhere': 'nowhere',
  'with a name that is too long': 'n'.repeat(300),
  'that is too long': 'folder/'.repeat(800),
  'with a NUL in it': 'a\\0b',
  'of a folder that leads back to itself': 'circle',
  'of a socket': 'socket',
  'of a file in place of a folder or an archive': 'file',
  'of an empty file': 'empty',
  'of a folder in place of a file': 'folder',
}

/** Where a config names a path; each with what else the config needs. */
const PLACES: Readonly<Record<string, string>> = {
  'fs: a raw file': 'partitions: [{ name: a, size: 8MiB, fs: "PATH" }]',
  'fs: ext4': 'partitions: [{ name: a, size: 8MiB, fs: "ext4/PATH" }]',
  'fs: fat': 'partitions: [{ name: a, size: 8MiB, fs: "fat/PATH" }]',
  'fs: u-boot-env': 'partitions: [{ name: a, size: 8MiB, fs: "u-boot-env/PATH" }]',
  'content: a path': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: "PATH" }]',
  'content: a list': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ list: "PATH" }] }]',
  'content: a device table': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ device_table: "PATH" }] }]',
  'content: a tar': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ tar: "PATH" }] }]',
  'content: a cpio': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ cpio: "PATH" }] }]',
  'content: a folder': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ folder: "PATH" }] }]',
  'content: a file': 'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ path: /x, file: "PATH" }] }]',
  'content: a volume in a file':
    'partitions: [{ name: a, size: 8MiB, fs: ext4, content: [{ path: /x, image: { fs: "fat/PATH", size: 1MiB } }] }]',
  'bundle.include': 'partitions: [{ name: a, size: 8MiB }]\nbundle: { include: ["PATH"] }',
  include: 'partitions: [{ name: a, size: 8MiB }]\ninclude: "PATH"',
  'luks.key_file': 'partitions: [{ name: a, size: 32MiB, fs: ext4, luks: { key_file: "PATH" } }]',
  'budget.history': 'partitions: [{ name: a, size: 8MiB, fs: ext4 }]\nbudget: { history: "PATH" }',
  'gadget.modules_dir': 'partitions: [{ name: a, size: 8MiB }]\ngadget: { modules_dir: "PATH", modules: [x] }',
  'gadget.modules_into':
    'partitions: [{ name: a, size: 8MiB }]\ngadget: { modules_dir: folder, modules: [x], modules_into: "PATH" }',
  'gadget.device_tree':
    'partitions: [{ name: a, size: 8MiB }]\ngadget: { device_tree: { file: "PATH", node: "&usb0", dr_mode: peripheral } }',
  'gadget.initramfs': 'partitions: [{ name: a, size: 8MiB }]\ngadget: { initramfs: { content: ["PATH"] } }',
}

const base = mkdtempSync(join(scratch, 'paths-'))
mkdirSync(join(base, 'folder/inner'), { recursive: true })
mkdirSync(join(base, 'circle'))
symlinkSync('.', join(base, 'circle/again'))
symlinkSync('loop', join(base, 'circle/loop'))
writeFileSync(join(base, 'file'), 'some text\n')
writeFileSync(join(base, 'empty'), '')
symlinkSync('loop', join(base, 'loop'))
symlinkSync('nowhere-at-all', join(base, 'nowhere'))
spawnSync(process.execPath, [
  '-e',
  "process.chdir(process.argv[1]); require('net').createServer().listen('socket', () => process.kill(process.pid, 9))",
  base,
])

/** What the command line would exit with is decided by this alone. */
async function isOurs(action: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return error instanceof DiskloomError ? undefined : String((error as Error).stack)
  }
}

describe.each(Object.entries(PLACES))('%s', (place, text) => {
  it.each(Object.entries(BROKEN))('a path %s', async (_, path) => {
    const config = join(mkdtempSync(join(base, 'config-')), '..', `${place.replace(/\W/g, '-')}-${path.length}.yaml`)
    writeFileSync(config, `image: disk.img\n${text.replaceAll('PATH', path)}\n`)
    expect(await isOurs(() => plan({ config, environment: process.env }))).toBeUndefined()
    if (place.startsWith('gadget')) {
      expect(await isOurs(() => gadget({ config, out: join(base, 'out'), environment: process.env }))).toBeUndefined()
    }
    if (place === 'budget.history') {
      expect(await isOurs(() => build({ config, out: join(base, 'out'), environment: process.env }))).toBeUndefined()
    }
  })
})
