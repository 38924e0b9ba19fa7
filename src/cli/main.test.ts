/** The command as a process: pipes, terminals, exit codes. What it says is tested in command-line.test.ts. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT, runCommand } from '../../test/support/diskloom.js'
import { describeWithTools, runTool } from '../../test/support/oracle.js'

const folder = mkdtempSync(join(tmpdir(), 'diskloom-main-'))
afterAll(() => rmSync(folder, { recursive: true }))

const MAIN = join(PROJECT, 'dist/cli/main.js')
const config = join(folder, 'board.yaml')
beforeAll(() => {
  writeFileSync(join(folder, 'boot.bin'), Buffer.alloc(100_000, 'boot'))
  const lines = [
    'image: disk',
    'size: 8MiB',
    'table: gpt',
    'partitions:',
    '  - { name: boot, size: 1MiB, fs: boot.bin }',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
})

describe('diskloom', () => {
  it('builds, prints the results, and ends with 0', () => {
    const { status, stdout } = runCommand(['build', config, '--out', join(folder, 'out')])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ {2}disk +8 MiB$/m)
    expect(readdirSync(join(folder, 'out/disk'))).toContain('disk.zip')
  })

  it('writes nothing with plan', () => {
    const before = readdirSync(folder)
    const { status, stdout } = runCommand(['plan', config], { cwd: folder })
    expect({ status, before }).toEqual({ status: 0, before: readdirSync(folder) })
    expect(stdout).toMatch(/^ +1 +boot +2048 +4095 /m)
  })

  it('ends with the code of what went wrong', () => {
    expect(runCommand(['build', join(folder, 'none.yaml')]).status).toBe(6)
    expect(runCommand(['bild']).status).toBe(2)
  })

  it('minds no reader that goes', () => {
    const gone = spawnSync('bash', ['-c', `"$0" "$1" schema | true; echo \${PIPESTATUS[0]}`, process.execPath, MAIN], {
      encoding: 'utf8',
    })
    expect(gone).toMatchObject({ stdout: '0\n', stderr: '' })
  })

  it.runIf(existsSync('/dev/full'))('says that standard output is full', () => {
    const full = spawnSync('bash', ['-c', `"$0" "$1" schema >/dev/full`, process.execPath, MAIN], { encoding: 'utf8' })
    expect(full).toMatchObject({ status: 6, stderr: 'error: Cannot write the output: the disk is full\n' })
  })
})

describeWithTools('diskloom on a terminal', ['script', 'stty'], () => {
  /** Runs a command line on a terminal of 80 columns and gives what was drawn. */
  function onTerminal(command: string, environment: string): string {
    const { status, stdout } = runTool('script', [
      '-qec',
      `stty cols 80; env -u CI -u NO_COLOR ${environment} ${command}`,
      '/dev/null',
    ])
    expect(status).toBe(0)
    return stdout
  }
  const build = `${process.execPath} ${MAIN} build ${config} --out ${join(folder, 'drawn')}`

  it('draws the phases as a list, shows the cursor again, and colours', () => {
    const drawn = onTerminal(build, 'TERM=xterm')
    const end = drawn.slice(drawn.lastIndexOf('\x1b[?25l'))
    for (const title of ['Config', 'Payload', 'Layout', 'Image and outputs'])
      expect(end).toContain(`✔\x1b[39m ${title}`)
    expect(end).toContain('\x1b[?25h')
    expect(end).toContain('\x1b[1m\x1b[32m')
  })

  it('writes plain lines where a terminal cannot redraw, and no colour where none is wanted', () => {
    const plain = onTerminal(build, 'TERM=dumb')
    expect(plain).not.toContain('\x1b')
    expect(plain).toContain('Weaving the image\r\n')
    expect(onTerminal(`${process.execPath} ${MAIN} plan ${config}`, 'TERM=xterm NO_COLOR=1')).not.toContain('\x1b')
  })
})
