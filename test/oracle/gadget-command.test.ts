/** `diskloom gadget`: what `build` would write into the folder of board files, and nothing else. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { runCommandLine } from '../../src/cli/command-line.js'
import { capturedTerminal } from '../support/captured-terminal.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()

const SECTION = `gadget:
  modules: [libcomposite, g_mass_storage]
  device_tree: { file: board.dts, node: "&usb", dr_mode: peripheral }
`

function project(name: string, config: string): string {
  const folder = join(scratch, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'board.dts'), '/dts-v1/;\n/ { usb: usb { dr_mode = "host"; }; };\n')
  writeFileSync(join(folder, 'board.yaml'), config)
  return folder
}

async function run(folder: string, ...args: string[]) {
  const terminal = capturedTerminal()
  const command = ['gadget', join(folder, 'board.yaml'), '--out', join(folder, 'alone'), ...args]
  const status = await runCommandLine(command, terminal)
  return { status, ...terminal.written }
}

function filesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    names.map(({ name, parentPath }) => [
      join(parentPath, name).slice(folder.length + 1),
      readFileSync(join(parentPath, name), 'base64'),
    ]),
  )
}

describe('diskloom gadget', () => {
  it('writes what build writes there, and says where', async () => {
    const folder = project('same', `image: disk\npartitions: [{ name: a, fs: fat, size: 1MiB }]\n${SECTION}`)
    const { status, stdout, stderr } = await run(folder)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/alone\/disk\/\n {2}gadget\/modules\.list +\d+ B\n {2}gadget\/board\.dts +\d+ B\n/)
    await build({ config: join(folder, 'board.yaml'), out: join(folder, 'whole'), environment: {} })
    const alone = filesBelow(join(folder, 'alone/disk'))
    expect(Object.keys(alone).sort()).toEqual(['gadget/board.dts', 'gadget/board.dts.patch', 'gadget/modules.list'])
    expect(filesBelow(join(folder, 'whole/disk'))).toMatchObject(alone)
  })

  it('reads no payload of a partition', async () => {
    const folder = project('no-payload', `image: disk\npartitions: [{ name: a, fs: not-built-yet.img }]\n${SECTION}`)
    expect(await run(folder, '--quiet')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('refuses a config without the section, and leaves nothing', async () => {
    const folder = project('no-section', 'image: disk\npartitions: []\n')
    expect(await run(folder)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/^error: Cannot make the board files of .*board\.yaml: it has no gadget section/),
    })
    expect(readdirSync(folder)).not.toContain('alone')
  })

  it('gives the result as JSON', async () => {
    const folder = project('json', `image: disk\npartitions: []\n${SECTION}`)
    const { status, stdout } = await run(folder, '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      event: 'result',
      outputs: [{ kind: 'gadget', path: expect.stringMatching(/gadget\/modules\.list$/) }, {}, {}],
    })
  })
})
