import { expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'
import { familyOf } from '../../test/support/volume-specs.js'
import { starterConfig } from './starter.js'

it('loads as it stands', () => {
  const { spec, warnings } = loadText(starterConfig())
  expect(warnings).toEqual([])
  expect(spec.name).toBe('sdcard.img')
  expect(spec.partitions.map(({ name, volume }) => [name, familyOf(volume)])).toEqual([
    ['boot', 'fat'],
    ['root', 'ext'],
  ])
})

it('loads with every comment that holds config taken in', () => {
  const opened = starterConfig()
    .replace(/^( *)# (- \{ name)/gm, '$1$2')
    .replace(/^ {4}# (options:\n) {4}# (.*\n) {4}# (.*\n)/m, '    $1    $2    $3')
    .replace(/^# (gadget:\n)# (.*\n)# (.*\n)/m, '$1$2$3')
  const { spec } = loadText(opened)
  expect(spec.partitions.map(({ name }) => name)).toEqual(['u-boot', 'boot', 'root'])
  expect(spec.partitions[2]!.volume).toMatchObject({ options: { journal_size: 16 * 1024 ** 2 } })
  expect(spec.gadget?.deviceTrees[0]?.node).toBe('&usb_hs')
})
