import { describe, expect, it } from 'vitest'
import { compareVersions } from './compare-versions.js'

describe('compareVersions', () => {
  it('puts versions in order', () => {
    const inOrder = ['0.9', '1.0-rc1', '1.0-rc2', '1.0', '1.0.1', '1.2', '1.10', '2026.11.30', '2026.12.01']
    inOrder.forEach((a, index) => {
      inOrder.forEach((b, other) => {
        expect(Math.sign(compareVersions(a, b)), `${a} and ${b}`).toBe(Math.sign(index - other))
      })
    })
  })

  it('takes a v before it, and another separator, for the same', () => {
    expect(compareVersions('v1.2.3', '1.2_3')).toBe(0)
    expect(compareVersions('1.02', '1.2')).toBe(0)
  })

  it('compares numbers of any length', () => {
    expect(compareVersions('1.99999999999999999998', '1.99999999999999999999')).toBeLessThan(0)
  })
})
