import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { kernelModule, type ModuleSketch, makeBuildTree, NOTE_MODULES } from '../../test/support/kernel-module.js'
import { ConfigError, FormatError, LayoutError } from '../errors.js'
import { moduleClosure } from './module-index.js'
import { readModuleTree } from './read-module-tree.js'

const scratch = mkdtempSync(join(tmpdir(), 'diskloom-modules-'))
afterAll(() => rmSync(scratch, { recursive: true }))

let number = 0

function buildTree(
  modules: Readonly<Record<string, ModuleSketch>>,
  files: Readonly<Record<string, string>> = {},
): string {
  const folder = join(scratch, `${number++}`, 'linux')
  makeBuildTree(folder, modules, files)
  return folder
}

function read(modulesDir: string, ...modules: string[]) {
  return readModuleTree({ modulesDir, modules, configPath: ['gadget'] })
}

function order(modulesDir: string, ...modules: string[]): readonly string[] {
  return moduleClosure(modules, read(modulesDir, ...modules), ['gadget', 'modules']).paths
}

describe('readModuleTree of a build folder', () => {
  it('closes over what the modules say of themselves', () => {
    const folder = buildTree(NOTE_MODULES, { 'include/config/kernel.release': '4.2.0-dirty\n' })
    expect(order(folder, 'g_mass_storage')).toEqual(Object.keys(NOTE_MODULES))
    expect(read(folder, 'g_mass_storage')).toMatchObject({
      kind: 'build',
      location: '/linux',
      hostRoot: join(folder, '..'),
      indexes: { version: '4.2.0-dirty' },
    })
  })

  it('takes modules.order of every age', () => {
    for (const line of ['kernel/fs/a.ko', 'fs/a.ko', 'fs/a.o']) {
      const folder = buildTree({ 'fs/a.ko': {} }, { 'modules.order': `${line}\n` })
      expect(order(folder, 'a')).toEqual(['fs/a.ko'])
    }
  })

  it('follows soft dependencies, through the aliases of modules that nobody asked', () => {
    const folder = buildTree({
      'fs/jbd2.ko': { info: ['softdep=pre: crypto-crc32c post: after'] },
      'crypto/crc32c-generic.ko': { info: ['alias=crypto-crc32c', 'depends=base'] },
      'lib/base.ko': {},
      'lib/after.ko': {},
      'lib/other.ko': {},
    })
    expect(order(folder, 'jbd2')).toEqual(['lib/base.ko', 'crypto/crc32c-generic.ko', 'fs/jbd2.ko', 'lib/after.ko'])
  })

  it('knows what is built in', () => {
    const folder = buildTree({ 'a.ko': {} }, { 'modules.builtin': 'kernel/drivers/usb/gadget/udc/udc-core.ko\n' })
    const closure = moduleClosure(['udc-core', 'a'], read(folder, 'udc-core', 'a'), [])
    expect(closure).toMatchObject({ builtin: ['udc_core'], paths: ['a.ko'], problems: [] })
  })

  it('names the symbol that switches a missing module on', () => {
    const files = {
      '.config': '# CONFIG_USB_MASS_STORAGE is not set\nCONFIG_SND_DUMMY=m\n',
      'sound/drivers/Makefile': 'obj-$(CONFIG_SND_DUMMY) += snd-dummy.o\n',
    }
    const folder = buildTree({ 'a.ko': {} }, files)
    expect([...read(folder, 'g_mass_storage', 'snd_dummy', 'nothing').symbols]).toEqual([
      ['g_mass_storage', { name: 'USB_MASS_STORAGE', state: 'off' }],
      ['snd_dummy', { name: 'SND_DUMMY', state: 'm' }],
    ])
  })

  it('finds the Kbuild files of a folder apart from the sources', () => {
    const sources = buildTree({}, { 'drivers/Makefile': 'obj-$(CONFIG_PARTED) += parted.o\n' })
    const folder = buildTree({ 'a.ko': {} })
    symlinkSync(sources, join(folder, 'source'))
    expect([...read(folder, 'parted').symbols]).toEqual([['parted', { name: 'PARTED' }]])
  })

  it('refuses modules that need one another, and shows how', () => {
    const folder = buildTree({
      'a.ko': { info: ['depends=b'] },
      'b.ko': { info: ['depends=c,d'] },
      'c.ko': { info: ['depends='] },
      'd.ko': { info: ['depends=b'] },
    })
    expect(() => read(folder, 'a')).toThrow(ConfigError)
    expect(() => read(folder, 'a')).toThrow(
      'Cannot order the modules: b needs d needs b, so none of them can be the first',
    )
  })

  it('refuses a tree that is not whole', () => {
    const without = buildTree({ 'a.ko': { info: ['depends=gone'] } })
    expect(() => read(without, 'a')).toThrow(/"a": it needs gone, which modules\.order of kernel linux does not name$/)
    const unbuilt = buildTree({ 'a.ko': {} })
    rmSync(join(unbuilt, 'a.ko'))
    expect(() => read(unbuilt, 'a')).toThrow(/modules\.order names a\.ko, which is not there$/)
    const text = buildTree({ 'a.ko': {} }, { 'a.ko': 'a text that is long enough' })
    expect(() => read(text, 'a')).toThrow(FormatError)
    const unordered = buildTree({})
    rmSync(join(unordered, 'modules.order'))
    expect(() => read(unordered, 'a')).toThrow(/the kernel is not built there, it has no modules\.order$/)
  })
})

describe('readModuleTree of another folder', () => {
  it('refuses one that is not there', () => {
    expect(() => read(join(scratch, 'none'), 'a')).toThrow(LayoutError)
    expect(() => read(join(scratch, 'none'), 'a')).toThrow(/none: there is no such folder$/)
  })

  it('tells how to index an installed tree', () => {
    const folder = join(scratch, 'root/lib/modules/6.1')
    mkdirSync(join(folder, 'kernel'), { recursive: true })
    // make modules_install leaves it there, too.
    writeFileSync(join(folder, 'modules.order'), 'kernel/a.ko\n')
    writeFileSync(join(folder, 'kernel/a.ko'), kernelModule({}))
    expect(() => read(folder, 'a')).toThrow(
      expect.objectContaining({
        problems: [
          {
            message: `Cannot read the module tree ${folder}: it has no modules.dep`,
            hint: `Make it: depmod -b ${join(scratch, 'root')} 6.1`,
            path: ['gadget', 'modules_dir'],
          },
        ],
      }),
    )
  })
})
