import { expect, it } from 'vitest'
import { ownerInVolume } from './ownership.js'

const BUILDER = { uid: 1000, gid: 100 }

it('gives everything to root unless told otherwise', () => {
  expect(ownerInVolume({ kind: 'root' }, BUILDER)).toEqual({ uid: 0, gid: 0 })
  expect(ownerInVolume({ kind: 'keep' }, BUILDER)).toEqual(BUILDER)
})

it('maps users and groups apart; what is not named goes to root', () => {
  const ownership = { kind: 'map', uid: new Map([[1000, 5]]), gid: new Map([[1000, 6]]) } as const
  expect(ownerInVolume(ownership, BUILDER)).toEqual({ uid: 5, gid: 0 })
  expect(ownerInVolume(ownership, { uid: 100, gid: 1000 })).toEqual({ uid: 0, gid: 6 })
})
