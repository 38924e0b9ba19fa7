import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deviceTreeSpec } from '../../test/support/device-tree-spec.js'
import type { GadgetSpec } from '../config/spec.js'
import { LayoutError } from '../errors.js'
import { deviceTreePaths } from './read-device-tree.js'
import { readGadgetInputs } from './read-gadget-inputs.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-gadget-'))
afterAll(() => rmSync(folder, { recursive: true }))

function spec(file: string, modulesDir?: string): GadgetSpec {
  return {
    installRoot: '',
    modules: ['a'],
    ...(modulesDir !== undefined && { modulesDir }),
    deviceTrees: [deviceTreeSpec(file, '&a')],
    configPath: ['gadget'],
  }
}

describe('readGadgetInputs', () => {
  it('reads the device tree and the index files, of which only modules.dep must be there', async () => {
    const tree = join(folder, 'root/lib/modules/6.1.0')
    mkdirSync(tree, { recursive: true })
    writeFileSync(join(tree, 'modules.dep'), 'a.ko:\n')
    writeFileSync(join(folder, 'board.dts'), 'text')
    expect(await readGadgetInputs(spec(join(folder, 'board.dts'), tree))).toMatchObject({
      deviceTrees: [{ kind: 'source', path: join(folder, 'board.dts'), file: { name: 'board.dts', text: 'text' } }],
      moduleTree: {
        kind: 'installed',
        indexes: { version: '6.1.0', dep: 'a.ko:\n', builtin: '', softdep: '', alias: '' },
        location: '/lib/modules/6.1.0',
        hostRoot: join(folder, 'root'),
      },
    })
  })

  it('finds what a device tree includes, and what that includes', () => {
    mkdirSync(join(folder, 'soc'), { recursive: true })
    writeFileSync(join(folder, 'main.dts'), '#include "soc/a.dtsi"\n#include <b.dtsi>\n#include <none.dtsi>\n')
    writeFileSync(join(folder, 'soc/a.dtsi'), '/include/ "c.dtsi"\n#include "../main.dts"\n#include "macros.h"\n')
    for (const name of ['c.dtsi', 'b.dtsi', 'macros.h']) writeFileSync(join(folder, 'soc', name), '')
    const spec = deviceTreeSpec(join(folder, 'main.dts'), '&a', {}, { includeFolders: [join(folder, 'soc')] })
    const names = ['main.dts', 'soc/a.dtsi', 'soc/c.dtsi', 'soc/b.dtsi']
    expect(deviceTreePaths([spec])).toEqual(names.map((name) => join(folder, name)))
  })

  it('tells of everything that is missing at once', async () => {
    const tree = join(folder, 'empty/lib/modules/6.1.0')
    mkdirSync(tree, { recursive: true })
    const attempt = readGadgetInputs(spec(join(folder, 'none.dts'), tree))
    await expect(attempt).rejects.toBeInstanceOf(LayoutError)
    await expect(attempt).rejects.toMatchObject({
      problems: [
        {
          message: `Cannot read device tree ${join(folder, 'none.dts')}: it does not exist`,
          path: ['gadget', 'device_tree', 'file'],
        },
        {
          message: `Cannot read the module tree ${tree}: it has no modules.dep`,
          hint: `Make it: depmod -b ${join(folder, 'empty')} 6.1.0`,
          path: ['gadget', 'modules_dir'],
        },
      ],
    })
  })

  it('says what else is in the way', async () => {
    await expect(readGadgetInputs(spec(folder))).rejects.toThrow(/it is a folder$/)
  })
})
