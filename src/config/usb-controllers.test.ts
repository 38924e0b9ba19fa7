import { describe, expect, it } from 'vitest'
import { endpointsNeeded, haveRoom, USB_CONTROLLERS } from './usb-controllers.js'

describe('endpointsNeeded', () => {
  it.each([
    [0, { in: 1, out: 1 }],
    [1, { in: 3, out: 2 }],
    [3, { in: 7, out: 4 }],
  ])('storage and %i functions need %j', (others, needed) => {
    expect(endpointsNeeded(others)).toEqual(needed)
  })
})

describe('haveRoom', () => {
  it.each([
    [{ in: 3, out: 2, either: 0 }, true],
    [{ in: 2, out: 9, either: 0 }, false],
    [{ in: 9, out: 1, either: 0 }, false],
    [{ in: 2, out: 1, either: 2 }, true],
    [{ in: 2, out: 1, either: 1 }, false],
    [{ in: 0, out: 0, either: 5 }, true],
    [{ in: 0, out: 0, either: 4 }, false],
  ])('three IN and two OUT of %j: %s', (counts, fits) => {
    expect(haveRoom(counts, { in: 3, out: 2 })).toBe(fits)
  })

  it('every controller of the table has room for storage alone', () => {
    for (const counts of Object.values(USB_CONTROLLERS)) expect(haveRoom(counts, endpointsNeeded(0))).toBe(true)
  })
})
