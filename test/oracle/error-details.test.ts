/** What the library's errors carry beside their messages. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { plan } from '../../src/build.js'
import { LayoutError } from '../../src/errors.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()

it('a payload that is too large for its volume says by how much, in numbers, to a program', async () => {
  mkdirSync(join(scratch, 'root'))
  writeFileSync(join(scratch, 'root', 'large'), Buffer.alloc(9_000_000, 1))
  const config = join(scratch, 'a.yaml')
  writeFileSync(config, 'image: a.img\npartitions:\n  - { name: r, size: 4MiB, fs: ext4/root }\n')
  const error: unknown = await plan({ config }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(LayoutError)
  const { details, cause, problems } = error as LayoutError
  expect(details).toMatchObject({ neededBytes: expect.any(Number), availableBytes: expect.any(Number) })
  expect(details.neededBytes).toBeGreaterThan(9_000_000)
  expect(cause).toBeInstanceOf(LayoutError)
  expect(problems[0]!.position).toMatchObject({ line: 3 })
})
