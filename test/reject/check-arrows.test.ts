import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../support/diskloom.js'
import { runTool, scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()
let count = 0

/** Runs the check over a made source folder of the given files. */
function check(files: Record<string, string>) {
  const src = join(scratch, String(count++), 'src')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(src, name)), { recursive: true })
    writeFileSync(join(src, name), text)
  }
  return runTool(process.execPath, [join(PROJECT, 'scripts/check-arrows.mjs'), src])
}

describe('check-arrows', () => {
  it('accepts arrows that point down', () => {
    const result = check({
      'bytes/text.ts': '',
      'outputs/raw.ts': "import { t } from '../bytes/text.js'\n// import nothing from '../layout/plan.js'\n",
    })
    expect(result.stderr).toBe('')
    expect(result.status).toBe(0)
  })

  it.each([
    [
      'an output that knows a format',
      'outputs/zip.ts',
      'filesystems/fat/plan.ts',
      "import type { P } from '../filesystems/fat/plan.js'\n",
    ],
    [
      'a format that knows another',
      'filesystems/fat/plan.ts',
      'filesystems/ext4/inode.ts',
      "export * from '../ext4/inode.js'\n",
    ],
    [
      'an arrow upwards in an import of several lines',
      'bytes/text.ts',
      'image/extent.ts',
      "import {\n  a,\n} from '../image/extent.js'\n",
    ],
    ['a dynamic import upwards', 'layout/plan.ts', 'cli/main.ts', "const m = await import('../cli/main.js')\n"],
    [
      'a worker from above',
      'image/read.ts',
      'outputs/worker.ts',
      "new Worker(new URL('./../outputs/worker.js', import.meta.url))\n",
    ],
  ])('finds %s', (_name, from, to, text) => {
    const result = check({ [from]: text, [to]: '' })
    expect(result.stderr).toContain(`src/${from}:1: `)
    expect(result.stderr).toContain(`may not import src/${to}`)
    expect(result.status).toBe(1)
  })

  it('finds a cycle and shows its way round', () => {
    const result = check({
      'image/a.ts': "import './b.js'\n",
      'image/b.ts': "import type { C } from './c.js'\n",
      'image/c.ts': "import { a } from './a.js'\n",
    })
    expect(result.stderr).toContain('import cycle: src/image/a.ts → src/image/b.ts → src/image/c.ts → src/image/a.ts')
    expect(result.status).toBe(1)
  })

  it('finds a folder that has no place in the house', () => {
    expect(check({ 'utils/misc.ts': '' }).stderr).toContain('src/utils/misc.ts: belongs to no unit')
  })

  it('does not pass over an empty folder', () => {
    expect(check({ 'README.md': '' }).status).toBe(1)
  })
})
