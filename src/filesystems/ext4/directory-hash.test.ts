import { describe, expect, it } from 'vitest'
import { uuidToBytes } from '../../bytes/guid.js'
import { byteString } from '../../bytes/text.js'
import { createDirectoryHasher } from './directory-hash.js'
import { DX_HASH_HALF_MD4, DX_HASH_LEGACY, DX_HASH_TEA } from './disklayout/superblock.js'

const SEED = '01020304-0506-0708-090a-0b0c0d0e0f10'
const NO_SEED = '00000000-0000-0000-0000-000000000000'

describe('half MD4', () => {
  // debugfs 1.47.0: dx_hash -h half_md4 [-s SEED] NAME
  it.each([
    ['a', SEED, 0x8d08ec4c, 0x2fbccd78],
    ['a', NO_SEED, 0xd5fa7d7a, 0xacb48187],
    ['hello', SEED, 0xe2ddf968, 0xc8bc0924],
    ['file-1.txt', NO_SEED, 0x831543b8, 0xd928d810],
    ['x'.repeat(32), SEED, 0xbc1da53a, undefined],
    ['y'.repeat(33), NO_SEED, 0xcf79e5d6, undefined],
    ['z'.repeat(255), SEED, 0x870cf3d4, 0xbea6e8e1],
    ['äöü', SEED, 0xc0a2fa9e, 0x05d0090f],
  ])('%s', (name, seed, major, minor) => {
    const hasher = createDirectoryHasher(uuidToBytes(seed))
    hasher.hash(byteString(name))
    expect(hasher.major).toBe(major)
    if (minor !== undefined) expect(hasher.minor).toBe(minor)
  })
})

describe('the older ones', () => {
  const seed = uuidToBytes('01234567-89ab-cdef-0123-456789abcdef')
  const long = 'größe-漢字-🧵-and-longer-than-32-bytes-name'

  // debugfs 1.47.0: dx_hash -h legacy|tea -s SEED NAME
  it.each([
    [DX_HASH_LEGACY, 'a', 0xe74b53e2, 0],
    [DX_HASH_LEGACY, 'hello', 0x32252546, 0],
    [DX_HASH_LEGACY, long, 0xf7d30286, 0],
    [DX_HASH_TEA, 'a', 0x6d0ea4c0, 0xc18922df],
    [DX_HASH_TEA, 'hello', 0x6f5bb1a8, 0x231917c2],
    [DX_HASH_TEA, long, 0x94d0c86a, 0xa5a22f7d],
  ])('version %i of %s', (version, name, major, minor) => {
    const hasher = createDirectoryHasher(seed, { version, isSigned: true })
    hasher.hash(byteString(name))
    expect([hasher.major, hasher.minor]).toEqual([major, minor])
  })

  it('unsigned characters differ where a name has bytes above 0x7f, and only there', () => {
    for (const version of [DX_HASH_LEGACY, DX_HASH_HALF_MD4, DX_HASH_TEA]) {
      const [signed, unsigned] = [true, false].map((isSigned) => createDirectoryHasher(seed, { version, isSigned }))
      const areEqual = (name: string): boolean => {
        signed!.hash(byteString(name))
        unsigned!.hash(byteString(name))
        return signed!.major === unsigned!.major
      }
      expect([areEqual('hello'), areEqual('größe')]).toEqual([true, false])
    }
  })
})
