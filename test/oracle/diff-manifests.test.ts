/** diff of two manifests compares what they say; a folder that one side lacks is one line. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { cli, runCli } from '../support/run-cli.js'

const folder = scratchFolder()
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  mkdirSync(at('tree/share/doc/deep'), { recursive: true })
  writeFileSync(at('tree/motd'), 'one\n')
  for (const name of ['a', 'b', 'deep/c']) writeFileSync(at(`tree/share/doc/${name}`), name)
  writeFileSync(
    at('board.yaml'),
    `image: card.img
table: mbr
source_date_epoch: 1700000000
vars: { SIZE: 16MiB }
partitions: [{ name: root, size: '\${SIZE}', fs: ext4/tree }]
`,
  )
  await cli('build', at('board.yaml'), '--out', at('v1'))
  writeFileSync(at('tree/motd'), 'two!\n')
  rmSync(at('tree/share/doc'), { recursive: true })
  await cli('build', at('board.yaml'), '--out', at('v2'), '--set', 'SIZE=17MiB')
})

const manifest = (version: string): string => at(`${version}/card.img/manifest.json`)

it('names fields and files of two manifests', async () => {
  const { status, stdout } = await runCli('diff', manifest('v1'), manifest('v2'))
  expect(status).toBe(1)
  expect(stdout).toMatch(/size_bytes 16777216 → 17825792/)
  expect(stdout).toMatch(/! \/motd: size 4 → 5, sha256 [0-9a-f]{12}… → [0-9a-f]{12}…/)
  expect(stdout).toContain('- /share/doc/deep/c (file, 6 bytes)')
  expect((await runCli('diff', manifest('v1'), manifest('v1'))).status).toBe(0)
})

it('leaves out what is ignored, and sums of wholes with it', async () => {
  const { stdout } = await runCli('diff', manifest('v1'), manifest('v2'), '--ignore', 'places,figures')
  expect(stdout).not.toMatch(/size_bytes|mapped_sha256|used/)
  expect(stdout).toContain('! /motd')
})

it('compares no manifest with an image', async () => {
  const { status, stderr } = await runCli('diff', manifest('v1'), at('v2/card.img'))
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('only one of them is a manifest') })
})

it('shows a removed and an added folder as one line with a count', async () => {
  const [old, now] = [at('v1/card.img'), at('v2/card.img')]
  const ignored = ['--ignore', 'times,figures,places']
  const removed = (await runCli('diff', old, now, ...ignored)).stdout
  expect(removed).toContain('- /share/doc (directory, with 4 entries below it)')
  expect(removed).not.toContain('/share/doc/a')
  expect((await runCli('diff', now, old, ...ignored)).stdout).toContain(
    '+ /share/doc (directory, with 4 entries below it)',
  )
  expect((await runCli('diff', old, now, ...ignored, '--markdown')).stdout).not.toContain('/share/doc/a')
})
