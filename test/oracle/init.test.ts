/** What `init` writes can be planned and built as it is. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readyConfigNames } from '../../src/config/starter.js'
import { scratchFolder } from '../support/oracle.js'
import { cli, runCli } from '../support/run-cli.js'

const folder = scratchFolder()

it('the starter plans and builds without a payload', async () => {
  const config = join(folder, 'board.yaml')
  await cli('init', config)
  expect(await runCli('plan', config)).toMatchObject({ status: 0, stderr: '' })
  await cli('build', config, '--out', join(folder, 'out'), '--only', 'image', '--strict')
  const image = join(folder, 'out/sdcard.img/sdcard.img')
  expect(await cli('cat', `${image}:root:/etc/hostname`)).toBe('board\n')
})

it.each(readyConfigNames().map((name) => [name]))('--from %s plans where it is put', async (name) => {
  const target = join(folder, name!)
  expect(await cli('init', target, '--from', name!)).toBe(`${join(target, `${name}.yaml`)}\n`)
  expect((await runCli('plan', join(target, `${name}.yaml`))).status).toBe(0)
  expect((await runCli('init', target, '--from', name!)).status).toBe(6)
})

it('--from lists the names where there is no such config', async () => {
  const { status, stderr } = await runCli('init', '--from', 'ab-slot')
  expect(status).toBe(2)
  for (const name of readyConfigNames()) expect(stderr).toContain(name)
  expect(stderr).toContain('Did you mean "ab-slots"?')
})
