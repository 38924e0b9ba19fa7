import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../bytes/text.js'
import { DiskOrder } from './disk-order.js'

function pathsOf(...paths: string[]): { path: ByteString }[] {
  return paths.map((path) => ({ path: byteString(path) }))
}

describe('DiskOrder', () => {
  it('puts listed paths first, and the folders above them', () => {
    const order = new DiskOrder(['MLO', '/EFI/BOOT/BOOTX64.EFI'])
    const root = order.sort(pathsOf('A', 'EFI', 'MLO', 'Z'), '' as ByteString).map(({ path }) => path)
    expect(root).toEqual(['MLO', 'EFI', 'A', 'Z'])
    expect(root.map((path) => order.rankOf(path, order.rootRank))).toEqual([0, Infinity, Infinity, Infinity])
    expect(order.unmet()).toEqual(['EFI/BOOT/BOOTX64.EFI'])
  })

  it('hands a folder’s rank down to the data below', () => {
    const order = new DiskOrder(['./boot/', 'boot/last'])
    const boot = order.rankOf(byteString('boot'), order.rootRank)
    const inside = order.sort(pathsOf('boot/a', 'boot/last'), byteString('boot'))
    expect(inside.map(({ path }) => [path, order.rankOf(path, boot)])).toEqual([
      ['boot/last', 1],
      ['boot/a', 0],
    ])
    expect(order.byData([{ rank: 1 }, { rank: Infinity }, { rank: 0 }, { rank: Infinity }]).map((x) => x.rank)).toEqual(
      [0, 1, Infinity, Infinity],
    )
    expect(order.unmet()).toEqual([])
  })
})
