import { describe, expect, it } from 'vitest'
import { nextArguments } from './kernel-arguments.js'

describe('nextArguments', () => {
  it.each([
    [
      'a=1  b',
      [
        ['a', '1'],
        ['b', undefined],
      ],
    ],
    [
      'a="x y" b=2',
      [
        ['a', 'x y'],
        ['b', '2'],
      ],
    ],
    [
      '"a=x y" b',
      [
        ['a', 'x y'],
        ['b', undefined],
      ],
    ],
    ['a=x"y z"', [['a', 'x"y z"']]],
    [
      'a="x" ro=0" b',
      [
        ['a', 'x'],
        ['ro', '0" b'],
      ],
    ],
    [
      'a=\xc3\xa0b',
      [
        ['a', '\xc3'],
        ['b', undefined],
      ],
    ],
  ])('splits %s as the kernel does', (line, expected) => {
    expect(nextArguments(line)).toEqual(expected)
  })
})
