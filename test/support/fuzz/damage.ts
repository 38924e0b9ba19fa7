/** Damages from a seed: a few bytes changed where it matters, and cut off in one of five cases. */
import { Random } from '../random-ext-tree.js'

/** Of the image: in these most changes are made. */
export interface Stretch {
  readonly offset: number
  readonly length: number
}

const MOST_CHANGES = 6
const CHANGE_SIZES = [1, 1, 2, 4] as const
/** At which limits stand: of signs, of widths, of FAT's clusters. */
const LIMITS = [
  ...[0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xfff7, 0xffff],
  ...[0x0ffffff7, 0x0fffffff, 0x7fffffff, 0x80000000, 0xffffffff],
]

/** The whole as case `seed` has it: always the same. */
export function damaged(whole: Uint8Array, stretches: readonly Stretch[], seed: number): Buffer {
  const random = new Random(seed)
  const bytes = Buffer.from(whole)
  const last = bytes.length - 4
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) {
    const at = random.chance(90) ? placeThatSaysSomething(whole, random.pick(stretches), random) : random.below(last)
    const size = random.pick(CHANGE_SIZES)
    bytes.writeUIntLE(number(random) % 2 ** (8 * size), Math.min(at, last), size)
  }
  return random.chance(20) ? bytes.subarray(0, random.below(bytes.length)) : bytes
}

/** Most of a table of inodes or entries is zeros: the first of three places that is none. */
function placeThatSaysSomething(whole: Uint8Array, { offset, length }: Stretch, random: Random): number {
  const places = [0, 1, 2].map(() => offset + random.below(length))
  return places.find((at) => whole[at] !== 0) ?? places[0]!
}

function number(random: Random): number {
  const kind = random.below(3)
  return kind === 0 ? random.below(2 ** 32) : kind === 1 ? random.below(300) : random.pick(LIMITS)
}
