import { describe, expect, it } from 'vitest'
import { uuidToBytes } from '../../bytes/guid.js'
import { byteString } from '../../bytes/text.js'
import { createDirectoryHasher } from './directory-hash.js'

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
