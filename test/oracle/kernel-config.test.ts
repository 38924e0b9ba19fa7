/**
 * The kernel's own tools judge the fragment: merge_config.sh merges it into the defconfig of a board, and conf settles the
 * result over all of Debian's kernel source. What was asked must still be there then.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withFetched } from '../support/fetched-package.js'
import { boardFiles } from '../support/gadget-text.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'

/** Kconfig asks the compiler, the assembler and the linker who they are; none of the options here depends on them. */
const TOOLCHAIN = `#!/bin/sh
case "$*" in
*--version*) echo 'GNU ld (GNU Binutils) 2.40' ;;
*-E*) echo 'GCC 12 2 0' ;;
*) exit 1 ;;
esac
`
const ASSEMBLER = 'GNU assembler (GNU Binutils) 2.40'

describeWithTools("the kernel's config", ['bash', 'awk'], () =>
  withFetched(['fetch-linux-source.sh'], "Debian's kernel source", (source) => {
    const scratch = scratchFolder()

    it.each([
      ['configfs', '  luns: [/a]\n  functions: [acm, ecm, rndis, ncm]', 'stm32_defconfig'],
      ['g_mass_storage', '  driver: g_mass_storage\n  luns: [/a]', 'multi_v7_defconfig'],
    ])('has what %s needs', async (name, keys, defconfig) => {
      const folder = join(scratch, name)
      mkdirSync(folder)
      const { texts } = await boardFiles(keys)
      const fragment = texts['kernel.config']!
      writeFileSync(join(folder, 'fragment'), fragment)
      const toolchain = join(folder, 'toolchain')
      writeFileSync(
        toolchain,
        TOOLCHAIN.replace('*--version*)', `*-Wa,--version*) echo '${ASSEMBLER}' ;;\n*--version*)`),
      )
      chmodSync(toolchain, 0o755)

      const merged = runTool(
        'bash',
        [
          'scripts/kconfig/merge_config.sh',
          ...['-m', '-O', folder, `arch/arm/configs/${defconfig}`, join(folder, 'fragment')],
        ],
        { cwd: source },
      )
      expect(merged).toMatchObject({ status: 0 })
      const settled = runTool(
        'env',
        [
          ...[
            `KCONFIG_CONFIG=${join(folder, '.config')}`,
            'srctree=.',
            'ARCH=arm',
            'SRCARCH=arm',
            'KERNELVERSION=6.1.0',
          ],
          ...['CC', 'LD', 'HOSTCC', 'NM', 'OBJCOPY', 'RUSTC', 'BINDGEN', 'PAHOLE'].map(
            (tool) => `${tool}=${toolchain}`,
          ),
          ...['scripts/kconfig/conf', '--olddefconfig', 'Kconfig'],
        ],
        { cwd: source },
      )
      expect(settled, settled.stderr).toMatchObject({ status: 0 })
      const config = new Set(readFileSync(join(folder, '.config'), 'utf8').split('\n'))
      const asked = fragment.split('\n').filter((line) => line.startsWith('CONFIG_'))
      expect(asked.length).toBeGreaterThan(10)
      expect(asked.filter((line) => !config.has(line))).toEqual([])
    })
  }),
)
