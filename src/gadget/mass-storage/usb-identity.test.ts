import { describe, expect, it } from 'vitest'
import { derivedMac, derivedSerial } from './usb-identity.js'

describe('what is derived from the seed', () => {
  it('stays what it is', () => {
    expect(derivedSerial('stick.img')).toBe('B1A5EC77FBE1')
    expect(derivedMac('stick.img', 'ecm', 'host')).toBe('42:a6:e1:ac:50:df')
    expect(derivedMac('stick.img', 'ecm', 'dev')).toBe('9e:f6:75:1f:7c:79')
  })

  it('differs from seed to seed, from function to function, and at both ends', () => {
    const macs = ['a', 'b'].flatMap((seed) =>
      (['ecm', 'rndis', 'ncm'] as const).flatMap((name) =>
        (['host', 'dev'] as const).map((end) => derivedMac(seed, name, end)),
      ),
    )
    expect(new Set(macs).size).toBe(12)
    expect(derivedSerial('a')).not.toBe(derivedSerial('b'))
  })

  it('is an address of one station, locally administered, and a serial number as the class has it', () => {
    for (let seed = 0; seed < 100; seed++) {
      expect(derivedMac(String(seed), 'ncm', 'host')).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/)
      expect(derivedSerial(String(seed))).toMatch(/^[0-9A-F]{12}$/)
    }
  })
})
