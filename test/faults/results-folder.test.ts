/** The folder of results is never of two builds: whoever is killed when, and whoever else writes there. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { openImage } from '../../src/inspect.js'
import { assertCommitted, CommitLock, type Journal } from '../../src/outputs/commit-lock.js'
import { applyStep, commitSteps } from '../../src/outputs/commit-results.js'
import { OutputFolder } from '../../src/outputs/output-folder.js'
import { verifyRelease } from '../../src/proof/verify-release.js'
import { COMMIT_FILE, OWNER_FILE, ownerText, privateName } from '../../src/scratch/owner-mark.js'
import { processSpace } from '../../src/scratch/process-identity.js'
import { scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()
const RUNNER = makeCommandRunner(process.env)
const NO_TOOLS = { ...RUNNER, locate: () => undefined }
const ENDED_PID = 4_194_305
const NEW_FILES = ['disk', 'disk.zip', 'gadget/modules.list', 'manifest.json', 'manifest.json.sig', 'SHA256SUMS']
const OLD_ONLY = ['disk.zst', 'old/list']

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

function put(folder: string, name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true })
  writeFileSync(join(folder, name), text)
}

/** A folder with old results, and the room of a process that has ended when it had finished the new ones. */
function killedCommit(doneSteps: number): { folder: string; steps: number } {
  const folder = mkdtempSync(join(scratch, 'killed-'))
  for (const name of [...NEW_FILES, ...OLD_ONLY]) put(folder, name, 'old')
  const room = privateName({ space: processSpace(), pid: ENDED_PID }, '0123456789ab')
  for (const name of NEW_FILES) put(folder, `${room}/files/${name}`, 'new')
  const ino = statSync(join(folder, room)).ino
  const owner = { folder: String(ino), locked: true, space: processSpace(), pid: ENDED_PID }
  writeFileSync(join(folder, room, OWNER_FILE), ownerText(owner))
  const moves = NEW_FILES.map((name) => ({ from: `${room}/files/${name}`, to: name }))
  const journal: Journal = { rooms: [room], removes: OLD_ONLY, moves }
  const entry = { space: processSpace(), pid: ENDED_PID, locked: true, ...journal }
  writeFileSync(join(folder, COMMIT_FILE), `${JSON.stringify(entry)}\n`)
  const steps = commitSteps(journal)
  for (const step of steps.slice(0, doneSteps)) applyStep(folder, step)
  return { folder, steps: steps.length }
}

const ALL_NEW = Object.fromEntries(NEW_FILES.toSorted().map((name) => [name, 'new']))

describe('a build that is killed while it puts its results in place', () => {
  const { steps } = killedCommit(0)
  it.each(Array.from({ length: steps + 1 }, (_, done) => done))(
    'after %i changes: is seen by those who read, and finished by the next that writes',
    async (done) => {
      const { folder } = killedCommit(done)
      const before = contents(folder)
      // Also without the journal a mixture has nothing that vouches for it.
      const results = Object.entries(before).filter(([name]) => [...NEW_FILES, ...OLD_ONLY].includes(name))
      const isMixed = new Set(results.map(([, text]) => text)).size > 1 || results.length < steps / 2
      if (isMixed) expect(existsSync(join(folder, 'SHA256SUMS'))).toBe(false)
      await expect(assertCommitted(folder, 0)).rejects.toThrow('they may be of two builds')
      const next = await OutputFolder.open(folder, RUNNER)
      expect(contents(folder)).toEqual(ALL_NEW)
      expect(existsSync(join(folder, 'old'))).toBe(false)
      await next.discard()
      await assertCommitted(folder, 0)
    },
  )

  it('is noticed by inspect and verify', async () => {
    const { folder } = killedCommit(7)
    await expect(openImage(folder)).rejects.toThrow('they may be of two builds')
    await expect(verifyRelease(folder)).rejects.toThrow('they may be of two builds')
  })

  it('moves nothing out of a room that no diskloom made, and nothing out of the folder', async () => {
    const folder = mkdtempSync(join(scratch, 'forged-'))
    put(scratch, 'outside', 'precious')
    put(folder, '.mine/files/a', 'mine')
    const forged = {
      ...{ space: processSpace(), pid: ENDED_PID, locked: true, rooms: ['.mine'], removes: ['b'] },
      moves: [{ from: '.mine/files/a', to: 'b' }],
    }
    put(folder, 'b', 'precious')
    writeFileSync(join(folder, COMMIT_FILE), JSON.stringify(forged))
    await (await OutputFolder.open(folder, RUNNER)).discard()
    expect(contents(folder)).toEqual({ '.mine/files/a': 'mine', b: 'precious' })
    writeFileSync(join(folder, COMMIT_FILE), JSON.stringify({ ...forged, removes: ['../outside'] }))
    await (await OutputFolder.open(folder, RUNNER)).discard()
    expect(readFileSync(join(scratch, 'outside'), 'utf8')).toBe('precious')
  })
})

describe('two builds into one folder', () => {
  it.each([
    ['with locks of the kernel', RUNNER],
    ['without flock(1)', NO_TOOLS],
  ])('%s: what both leave is of one of them', async (_, runner) => {
    const folder = mkdtempSync(join(scratch, 'shared-'))
    const names = Array.from({ length: 30 }, (_each, index) => `file${index}`)
    const commitAs = async (who: string): Promise<void> => {
      const out = await OutputFolder.open(folder, runner)
      for (const name of names) writeFileSync(out.stage(name), who)
      await out.commit()
      await out.discard()
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(commitAs))
    const found = contents(folder)
    expect(Object.keys(found)).toEqual(names.toSorted())
    expect(new Set(Object.values(found)).size).toBe(1)
  })

  it('waits for another that is at it', async () => {
    const folder = mkdtempSync(join(scratch, 'waits-'))
    const lock = await CommitLock.take(folder, RUNNER)
    const out = await OutputFolder.open(mkdtempSync(join(scratch, 'other-')), RUNNER)
    await out.discard()
    let done = false
    const second = CommitLock.take(folder, RUNNER).then((taken) => {
      done = true
      taken.finish()
    })
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect(done).toBe(false)
    lock.finish()
    await second
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('results of an earlier build', () => {
  const CONFIG = 'image: disk.img\nsize: 8MiB\npartitions: [{ name: a, size: 2MiB, fs: ext4 }]\n'
  const environment = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' }

  function project(): { folder: string; config: string; out: string; results: string } {
    const folder = mkdtempSync(join(scratch, 'project-'))
    const config = join(folder, 'disk.yaml')
    writeFileSync(config, CONFIG)
    return { folder, config, out: join(folder, 'out'), results: join(folder, 'out/disk.img') }
  }

  it('are gone where this build does not make them', async () => {
    const { config, out, results } = project()
    await build({ config, out, environment, outputs: ['raw', 'zip', 'zst', 'html'].map(format) })
    expect(readdirSync(results)).toContain('disk.img.zst')
    const { removed, left } = await build({ config, out, environment })
    expect(removed).toEqual(['disk.img.zst', 'layout.html'])
    expect(left).toEqual([])
    await verifyRelease(results)
    const image = await build({ config, out, environment, only: 'image' })
    expect(readdirSync(results)).toEqual(['disk.img'])
    expect(image.removed).toEqual([...['PartList.cfg', 'SHA256SUMS', 'disk.img.zip', 'layout.svg', 'manifest.json']])
  })

  it('stay where somebody has changed them, and are named, as is what was never ours', async () => {
    const { config, out, results } = project()
    await build({ config, out, environment })
    writeFileSync(join(results, 'disk.img.zip'), 'mine')
    writeFileSync(join(results, 'notes.txt'), 'mine')
    const { removed, left, warnings } = await build({ config, out, environment, only: 'image' })
    expect(left).toEqual(['disk.img.zip', 'notes.txt'])
    expect(removed).not.toContain('disk.img.zip')
    expect(warnings.map(({ message }) => message)).toEqual([
      `${results}/disk.img.zip is not of this build: an earlier one wrote it, and it was changed since, so it stays`,
    ])
    expect(readFileSync(join(results, 'disk.img.zip'), 'utf8')).toBe('mine')
  })

  it('prove nothing about files that their manifest does not list', async () => {
    const { config, out, results } = project()
    await build({ config, out, environment })
    rmSync(join(results, 'manifest.json'))
    const { removed, left } = await build({ config, out, environment, only: 'image' })
    expect(removed).toEqual([])
    expect(left).toEqual(['PartList.cfg', 'SHA256SUMS', 'disk.img.zip', 'layout.svg'])
  })
})

function format(name: string) {
  return { format: name, name: undefined } as never
}
