/** `budget:`: too full, filling up, and growing from release to release. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, plan } from '../../src/build.js'
import { type DiskloomError, LayoutError } from '../../src/errors.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { makeProject } from '../support/rejected-build.js'

const scratch = scratchFolder()
const MIB = 1 << 20

function project(budget: string, fileBytes: number): string {
  return makeProject(scratch, {
    config: `
image: board.img
source_date_epoch: 1760000000
budget: ${budget}
partitions:
  - { name: boot, size: 4MiB, fs: fat/empty }
  - { name: rootfs, size: 32MiB, fs: ext4/tree }
  - { name: blob, fs: tree/file }
`,
    files: { 'tree/file': { sizeBytes: fileBytes }, empty: 'folder' },
  })
}

const planned = async (folder: string) => plan({ config: join(folder, 'board.yaml'), environment: {} })

async function release(folder: string, version: string, fileBytes: number) {
  rmSync(join(folder, 'tree/file'))
  writeFileSync(join(folder, 'tree/file'), Buffer.alloc(fileBytes, 1))
  return build({
    config: join(folder, 'board.yaml'),
    out: join(folder, 'out'),
    environment: {},
    only: 'image',
    set: { VERSION: version },
  })
}

describe('a budget', () => {
  it('fails a partition that is fuller than it allows, at its place in the config, before anything is written', async () => {
    const error = await planned(project('{ warn: 50%, fail: 80% }', 20 * MIB)).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(LayoutError)
    const { problems } = error as DiskloomError
    expect(problems).toHaveLength(1)
    expect(problems[0]!.message).toMatch(
      /^Cannot keep partition "rootfs" within its budget: .* of 32 MiB are in use \(8\d\.\d %\), at most 80 % are accepted$/,
    )
    expect(problems[0]!.position?.line).toBe(7)
  })

  it('warns of one that fills up, and says nothing of one made to fit', async () => {
    const { warnings } = await planned(project('{ warn: 50%, fail: 95% }', 20 * MIB))
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Partition "rootfs" fills up: .* the budget warns from 50 % on$/),
    ])
    expect((await planned(project('{ warn: 50% }', MIB))).warnings).toEqual([])
  })

  it.each([
    ['{ warn: 95%, fail: 80% }', /Cannot warn at 95%: the build fails at 80% already/],
    ['{ warn: 0% }', /accepted are 1% to 100%/],
    ['{ warn: 10MiB }', /is no share of a partition, accepted are 1% to 100%/],
    ['{ release: "1" }', /there is no history to name it in/],
  ])('%s is refused', async (budget, message) => {
    await expect(planned(project(budget, MIB))).rejects.toThrow(message)
  })
})

describe('the history', () => {
  it('gets a line for each release, and tells which one will no longer fit', async () => {
    const folder = project(`{ fail: 90%, history: sizes.jsonl, release: "$\{VERSION}" }`, MIB)
    const lines = () => readFileSync(join(folder, 'sizes.jsonl'), 'utf8').trim().split('\n')
    const first = await release(folder, '1.0', 4 * MIB)
    expect(first.growth?.find(({ name }) => name === 'rootfs')).toMatchObject({ growthBytes: undefined })
    const second = await release(folder, '1.1', 7 * MIB)
    const growth = second.growth?.find(({ name }) => name === 'rootfs')
    expect(growth?.growthBytes).toBeCloseTo(3 * MIB, -4)
    // 28.8 MiB are allowed, about 9.6 in use, 3 more a release.
    expect(growth?.releasesLeft).toBe(Math.floor((28.8 * MIB - growth!.usedBytes) / growth!.growthBytes!))
    expect(second.warnings.filter(({ finding }) => finding !== 'not-pinned')).toEqual([])
    expect(lines().map((line) => (JSON.parse(line) as { release: string }).release)).toEqual(['1.0', '1.1'])

    // The same release again: its line is replaced, growth is not counted twice.
    await release(folder, '1.1', 10 * MIB)
    expect(lines()).toHaveLength(2)
    const third = await release(folder, '1.2', 16 * MIB)
    expect(third.warnings.filter(({ finding }) => finding !== 'not-pinned').map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^Partition "rootfs" grows by 6(\.\d+)? MiB a release \(the last 3\): the 2nd release from now no longer fits into 28\.8 MiB$/,
      ),
    ])
    await expect(release(folder, '1.3', 27 * MIB)).rejects.toBeInstanceOf(LayoutError)
    expect(lines(), 'a build that failed is no release').toHaveLength(3)
  })

  it('without names counts a change of sizes as a release', async () => {
    const folder = project('{ history: sizes.jsonl }', MIB)
    for (const size of [MIB, 2 * MIB]) {
      rmSync(join(folder, 'tree/file'))
      writeFileSync(join(folder, 'tree/file'), Buffer.alloc(size, 1))
      for (let again = 0; again < 2; again++) {
        await build({ config: join(folder, 'board.yaml'), out: join(folder, 'out'), environment: {}, only: 'image' })
      }
    }
    expect(readFileSync(join(folder, 'sizes.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2)
  })

  it('is refused where it cannot be written, before anything is built, and can be put elsewhere', async () => {
    const folder = project('{ history: none/sizes.jsonl }', MIB)
    const options = { config: join(folder, 'board.yaml'), out: join(folder, 'out'), environment: {} }
    await expect(build(options)).rejects.toThrow(
      `Cannot write the history ${folder}/none/sizes.jsonl: it does not exist`,
    )
    expect(existsSync(join(folder, 'out'))).toBe(false)
    const history = join(folder, 'elsewhere.jsonl')
    await build({ ...options, only: 'image', history })
    expect(readFileSync(history, 'utf8').trim().split('\n')).toHaveLength(1)
    // Nothing new to write, so it does not matter whether it could be.
    await build({ ...options, only: 'image', history })
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([])
  })

  it('that an edit broke is refused with its line', async () => {
    const folder = project('{ history: sizes.jsonl }', MIB)
    writeFileSync(join(folder, 'sizes.jsonl'), '{"release":null,"partitions":{}}\n<<<<<<< HEAD\n')
    await expect(planned(folder)).rejects.toThrow(/sizes\.jsonl: line 2 is no/)
  })
})

describeWithTools('the share in use', ['dumpe2fs'], () => {
  it('is what dumpe2fs counts as not free', async () => {
    const folder = project('{ history: sizes.jsonl }', 5 * MIB)
    const {
      outputs,
      plan: made,
      growth,
    } = await build({
      config: join(folder, 'board.yaml'),
      out: join(folder, 'out'),
      environment: {},
      only: 'image',
    })
    const { startByte, endByte } = made.partitions[1]!
    const volume = join(scratch, 'rootfs.img')
    writeFileSync(volume, readFileSync(outputs[0]!.path).subarray(startByte, endByte))
    const header = tool('dumpe2fs', '-h', volume)
    const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(header)![1])
    const used = (number('Block count') - number('Free blocks')) * number('Block size')
    expect(growth?.find(({ name }) => name === 'rootfs')?.usedBytes).toBe(used)
  })
})
