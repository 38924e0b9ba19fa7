import { describe, expect, it } from 'vitest'
import { parseTarget, resolvePlace } from './target.js'

const existing =
  (...paths: string[]) =>
  (path: string): boolean =>
    paths.includes(path)

describe('a target', () => {
  it.each([
    ['sd.img', ['sd.img'], { image: 'sd.img' }],
    ['sd.img:2', ['sd.img'], { image: 'sd.img', rest: '2' }],
    ['sd.img:root:/etc/fstab', ['sd.img'], { image: 'sd.img', rest: 'root:/etc/fstab' }],
    ['sd.img:/a:b', ['sd.img'], { image: 'sd.img', rest: '/a:b' }],
    ['a:b/sd.img:/x', ['a:b/sd.img'], { image: 'a:b/sd.img', rest: '/x' }],
    ['12:30.img', ['12:30.img'], { image: '12:30.img' }],
    ['-:2:/etc', ['-'], { image: '-', rest: '2:/etc' }],
  ])('%s is cut where the image ends', (text, files, target) => {
    expect(parseTarget(text, existing(...files))).toEqual(target)
  })

  it('is refused where there is no image, whatever it could have been', () => {
    expect(() => parseTarget('sd.img:2:/etc', existing())).toThrow(
      'Cannot open "sd.img:2:/etc": there is no such image',
    )
  })

  it('is refused where two images fit', () => {
    expect(() => parseTarget('a:b:/c', existing('a', 'a:b'))).toThrow(
      'Cannot tell what "a:b:/c" means: "a" and "a:b" are both there, one of them is accepted',
    )
  })
})

const CHOICES = [
  { number: 1, name: 'boot', label: 'BOOT' },
  { number: 2, name: 'root', label: 'system' },
  { number: 3, name: 'root:a', label: undefined },
  { number: 4, name: '1', label: undefined },
  { number: 5, name: 'twin', label: undefined },
  { number: 6, name: 'twin', label: undefined },
]

const place = (rest: string | undefined) => {
  const { partition, path } = resolvePlace(rest, CHOICES, `sd.img:${rest}`)
  return [partition?.number, path]
}

describe('a place on a disk', () => {
  it.each([
    [undefined, undefined, undefined],
    ['', undefined, undefined],
    ['2', 2, undefined],
    ['root', 2, undefined],
    ['system:/', 2, []],
    ['root:/etc/fstab', 2, ['etc', 'fstab']],
    ['root:a:/etc', 3, ['etc']],
    ['root:/a:/b', 2, ['a:', 'b']],
    ['1:/x', 1, ['x']],
    ['2:/etc//./fstab/', 2, ['etc', 'fstab']],
    ['/etc/2:/x', undefined, ['etc', '2:', 'x']],
    ['/ä', undefined, ['\xc3\xa4']],
  ])('%s is partition %s and path %j', (rest, number, path) => {
    expect(place(rest)).toEqual([number, path])
  })

  it.each([
    [
      '7:/x',
      'Cannot find partition "7" of "sd.img:7:/x": there are 1 "boot", 2 "root", 3 "root:a", 4 "1", 5 "twin", 6 "twin"',
    ],
    ['twin:/x', 'Cannot tell what "sd.img:twin:/x" means: partitions 5, 6 are all called "twin"'],
    ['root:/../x', 'Cannot use path "/../x" of "sd.img:root:/../x": ".." is not accepted'],
    ['nothing:etc', 'Cannot find partition "nothing" of "sd.img:nothing:etc"'],
  ])('%s is refused', (rest, message) => {
    expect(() => place(rest)).toThrow(message)
  })
})
