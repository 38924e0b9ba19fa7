import { describe, expect, it } from 'vitest'
import type { DirectoryNode, RegularFileNode, Unkept } from './file-tree.js'
import { EMPTY_CONTENT } from './file-tree.js'
import type { FileStatus } from './folder-listing.js'
import { FolderMarks, type FolderMarksOptions, gitMode } from './folder-marks.js'
import { settleUnkept } from './unkept.js'

const USER = process.geteuid?.() ?? 0
const GROUP = process.getegid?.() ?? 0
const OTHER = Math.max(USER, GROUP) + 1

const status = (mode: number, uid = USER, gid = GROUP): FileStatus => {
  const none = { linkCount: 1, sizeBytes: 0, blocks: 0, mtimeNs: 0n, ctimeNs: 0n, dev: 0n, ino: 0n, rdev: 0n }
  return { mode, uid, gid, ...none }
}
const ATTRIBUTES = { mode: 0o644, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } }
const file = (): RegularFileNode => ({ type: 'file', ...ATTRIBUTES, content: EMPTY_CONTENT })
const folder = (): DirectoryNode => ({ type: 'directory', ...ATTRIBUTES, children: new Map() })

function markOf(options: FolderMarksOptions, found: FileStatus, node: RegularFileNode | DirectoryNode = file()) {
  const marks = new FolderMarks('/payload', options)
  const { unkept } = marks.node(node, found)
  expect(marks.count).toBe(unkept === undefined ? 0 : 1)
  return unkept
}

describe('owners that a folder has and the image does not', () => {
  const byDefault = { owner: { kind: 'root', byDefault: true } } as const

  it.each([
    ['of another user', OTHER, GROUP],
    ['of another group', USER, OTHER],
    ['of another group beside root', 0, OTHER],
  ])('are marked: %s', (_, uid, gid) => {
    expect(markOf({ ...byDefault, configPath: ['here'] }, status(0o100644, uid, gid))).toEqual({
      owner: { uid, gid },
      configPath: ['here'],
    })
  })

  it('are not marked where they are root or the builder', () => {
    for (const uid of [0, USER])
      for (const gid of [0, GROUP]) expect(markOf(byDefault, status(0, uid, gid))).toBe(undefined)
  })

  it('are not marked where the config says who owns the files', () => {
    const map = { kind: 'map', uid: new Map(), gid: new Map() } as const
    for (const owner of [{ kind: 'root' }, { kind: 'keep' }, map] as const) {
      expect(markOf({ owner }, status(0o100644, OTHER, OTHER))).toBe(undefined)
    }
  })
})

describe('modes: git', () => {
  it.each([
    [0o100664, 0o644],
    [0o100600, 0o644],
    [0o100744, 0o755],
    [0o100700, 0o755],
    // Git asks the owner's bit alone.
    [0o100655, 0o644],
    [0o104755, 0o755],
    [0o040700, 0o755],
    [0o042775, 0o755],
    [0o041777, 0o755],
    [0o120755, 0o777],
    [0o020660, 0o660],
    [0o010622, 0o622],
  ])('%o becomes %o', (mode, expected) => {
    expect(gitMode(mode)).toBe(expected)
  })

  it('marks the bits that git does not keep, but for a folder that has inherited its group', () => {
    const options = { owner: { kind: 'keep' }, modes: 'git' } as const
    expect(markOf(options, status(0o104755))).toEqual({ modeBits: 0o4000 })
    expect(markOf(options, status(0o102755))).toEqual({ modeBits: 0o2000 })
    expect(markOf(options, status(0o041777), folder())).toEqual({ modeBits: 0o1000 })
    expect(markOf(options, status(0o042775), folder())).toBe(undefined)
    expect(markOf({ owner: { kind: 'keep' } }, status(0o104755))).toBe(undefined)
  })
})

it('a mark is lifted by what the config decides later', () => {
  const owner = { uid: OTHER, gid: OTHER }
  const unkept: Unkept = { owner, modeBits: 0o4000, xattrs: ['security.ima'] }
  const after = (given: Parameters<typeof settleUnkept>[1]): Unkept | undefined => {
    const node = { ...file(), unkept }
    settleUnkept(node, given)
    return node.unkept
  }
  expect(after({ uid: 0 })).toEqual({ modeBits: 0o4000, xattrs: ['security.ima'] })
  expect(after({ mode: 0o4755 })).toEqual({ owner, xattrs: ['security.ima'] })
  expect(after({})).toEqual(unkept)
})
