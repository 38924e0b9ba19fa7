/** Payload that may not be read and folders that may not be written, as somebody who is not root meets them. */
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PACKAGE } from '../support/diskloom.js'
import { scratchFolder, tool } from '../support/oracle.js'
import { makeProject } from '../support/rejected-build.js'

const scratch = scratchFolder()
const HEAD = 'image: disk.img\nsize: 64MiB\ntable: gpt\npartitions:\n'

const NOBODY_ID = 65_534

/** Modules are loaded before the user changes: the project may stand where nobody may look. */
const BUILD_AS_NOBODY = `
const { build } = await import(process.argv[1])
const folder = process.argv[2]
if (process.getuid() === 0) {
  process.setgroups([])
  process.setgid(${NOBODY_ID})
  process.setuid(${NOBODY_ID})
}
const tell = ({ code, message }) => console.log(JSON.stringify({ code, message }))
await build({ config: folder + '/board.yaml', out: folder + '/out', environment: {} }).then(
  () => tell({ code: 'none', message: 'the build went through' }),
  tell,
)
`

describe('what may not be read or written', () => {
  /** Builds the project in `folder` in a process of its own, which is nobody's where the tests are root's. */
  function failureAsNobody(folder: string): { code: string; message: string } {
    const text = tool(process.execPath, '--input-type=module', '-e', BUILD_AS_NOBODY, PACKAGE, folder)
    return JSON.parse(text) as { code: string; message: string }
  }

  it('unreadable payload, all of it at once', () => {
    chmodSync(scratch, 0o755)
    const folder = makeProject(scratch, {
      config: `${HEAD}  - { name: a, size: 1MiB, fs: secret.bin }\n  - { name: b, size: 8MiB, fs: ext4/tree }\n`,
      files: { 'secret.bin': 'x', 'tree/key': 'x', 'tree/closed/file': 'x' },
    })
    chmodSync(folder, 0o755)
    for (const name of ['secret.bin', 'tree/key', 'tree/closed']) chmodSync(join(folder, name), 0o000)
    const error = failureAsNobody(folder)
    chmodSync(join(folder, 'tree/closed'), 0o755) // so that the scratch folder can be removed
    for (const name of ['secret.bin', 'tree/key', 'tree/closed']) expect(error.message).toContain(name)
    expect(error.code).toBe('LAYOUT')
  })

  it('an output folder that is not writable', () => {
    const folder = makeProject(scratch, { config: `${HEAD}  - { name: a, size: 8MiB }\n` })
    chmodSync(folder, 0o755)
    for (const name of ['out', 'out/disk.img']) {
      mkdirSync(join(folder, name))
      chmodSync(join(folder, name), 0o555)
      const error = failureAsNobody(folder)
      chmodSync(join(folder, name), 0o755)
      expect(error.code).toBe('IO')
      expect(error.message).toMatch(/Cannot (write into|make the folder) .*out\/disk\.img: permission denied/)
    }
  })
})
