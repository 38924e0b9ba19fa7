import { cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { makeCommandRunner } from '../host/run-command.js'
import { clearAbandoned } from './abandoned-folders.js'
import { tryLock } from './file-lock.js'
import { OWNER_FILE, type Owner, ownerText, privateName } from './owner-mark.js'
import { PrivateFolder } from './private-folder.js'
import { processSpace } from './process-identity.js'

const scratch = mkdtempSync(join(tmpdir(), 'diskloom-private-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const RUNNER = makeCommandRunner(process.env)
const NO_TOOLS = { ...RUNNER, locate: () => undefined }
const hasLocks = RUNNER.locate('flock') !== undefined
/** Above the highest process id of Linux. */
const ENDED_PID = 4_194_305
const ELSEWHERE = 'ffffffff'

let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(scratch, 'parent-'))
})

/** A folder as a killed process would leave it. */
function leftFolder(owner: Partial<Owner>, random = '0123456789ab'): string {
  const { space = processSpace(), pid = ENDED_PID, locked = true } = owner
  const path = join(parent, privateName({ space, pid }, random))
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'big'), 'unfinished')
  writeFileSync(join(path, OWNER_FILE), ownerText({ folder: String(statSync(path).ino), locked, space, pid, ...owner }))
  return path
}

describe('a private folder', () => {
  it('can be entered by its user alone, and goes with its release', async () => {
    const folder = PrivateFolder.make(parent, { runner: RUNNER, hint: '' })
    expect(statSync(folder.path).mode & 0o777).toBe(0o700)
    await folder.settled()
    await folder.release()
    await folder.release()
    expect(readdirSync(parent)).toEqual([])
  })

  it.runIf(hasLocks)('is left alone by another process as long as its maker lives, wherever that runs', async () => {
    const folder = PrivateFolder.make(parent, { runner: RUNNER, hint: '' })
    await folder.settled()
    await clearAbandoned(parent, RUNNER)
    expect(readdirSync(parent)).toHaveLength(1)
    await folder.release()
  })

  it('gives an error where it cannot be made', () => {
    expect(() => PrivateFolder.make(join(parent, 'none'), { runner: RUNNER, hint: 'Choose another' })).toThrow(
      `Cannot make a temporary folder in ${parent}/none: it does not exist`,
    )
  })
})

describe('what other processes left', () => {
  it('is removed where the process has ended', async () => {
    leftFolder({})
    await clearAbandoned(parent, NO_TOOLS)
    expect(readdirSync(parent)).toEqual([])
  })

  it.runIf(hasLocks)('is removed where its lock is free, though its pid is of another container', async () => {
    leftFolder({ space: ELSEWHERE, pid: process.pid })
    await clearAbandoned(parent, RUNNER)
    expect(readdirSync(parent)).toEqual([])
  })

  it.runIf(hasLocks)(
    'stays where its lock is held in another container, though the pid is of nobody here',
    async () => {
      const path = leftFolder({ space: ELSEWHERE })
      const fd = openSync(join(path, OWNER_FILE), 'r+')
      expect(await tryLock(fd, RUNNER)).toBe('held')
      await clearAbandoned(parent, RUNNER)
      expect(readdirSync(parent)).toHaveLength(1)
    },
  )

  it('stays where nothing proves that its maker has ended', async () => {
    leftFolder({ space: ELSEWHERE, locked: false })
    leftFolder({ pid: process.pid, locked: false }, 'aaaaaaaaaaaa')
    await clearAbandoned(parent, RUNNER)
    expect(readdirSync(parent)).toHaveLength(2)
  })

  it('stays where there are no locks and it is of another container', async () => {
    leftFolder({ space: ELSEWHERE })
    await clearAbandoned(parent, NO_TOOLS)
    expect(readdirSync(parent)).toHaveLength(1)
  })

  it('stays where it is a copy, has no mark, or only looks like one of ours', async () => {
    const path = leftFolder({})
    cpSync(path, join(parent, privateName({ space: processSpace(), pid: ENDED_PID }, 'cccccccccccc')), {
      recursive: true,
    })
    rmSync(path, { recursive: true })
    mkdirSync(join(parent, privateName({ space: processSpace(), pid: ENDED_PID }, 'dddddddddddd')))
    writeFileSync(join(parent, privateName({ space: processSpace(), pid: ENDED_PID }, 'dddddddddddd'), 'pic'), 'x')
    for (const name of ['.photos.4194000.part', '.disk.4194305.part', '.diskloom.4026531836.4194305.abcdef']) {
      mkdirSync(join(parent, name))
      writeFileSync(join(parent, name, 'pic'), 'precious')
    }
    const before = readdirSync(parent)
    await clearAbandoned(parent, RUNNER)
    expect(readdirSync(parent)).toEqual(before)
  })

  it('goes where the process was killed before it could mark it, since there is nothing in it', async () => {
    mkdirSync(join(parent, privateName({ space: processSpace(), pid: ENDED_PID }, 'eeeeeeeeeeee')))
    await clearAbandoned(parent, RUNNER)
    expect(readdirSync(parent)).toEqual([])
  })
})
