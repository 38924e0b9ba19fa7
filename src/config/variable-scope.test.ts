import { describe, expect, it } from 'vitest'
import { loadText } from '../../test/support/load-text.js'

const KIB = 1024
const MIB = KIB ** 2

const bytes = (count: number) => ({ kind: 'bytes', bytes: count })

// `$` before a brace, without the linter taking these texts for template literals.
const $ = '\u0024'

describe('variables', () => {
  const seedOf = (seed: string, lines = '', options = {}) =>
    loadText(`image: x\n${lines}\nseed: ${seed}\npartitions: []\n`, options).spec.seed

  it('come from --set, then vars, then the environment', () => {
    const environment = { V: 'environment' }
    expect(seedOf(`${$}{V}`, '', { environment })).toBe('environment')
    expect(seedOf(`${$}{V}`, 'vars: { V: config }', { environment })).toBe('config')
    expect(seedOf(`${$}{V}`, 'vars: { V: config }', { environment, set: { V: 'line' } })).toBe('line')
    expect(seedOf(`${$}{V:-default}`)).toBe('default')
  })

  it('let a definition ask the environment for its own name', () => {
    const lines = `vars: { V: "${$}{V:-1.0}", W: "v${$}{V}" }`
    expect(seedOf(`${$}{W}`, lines)).toBe('v1.0')
    expect(seedOf(`${$}{W}`, lines, { environment: { V: '2.0' } })).toBe('v2.0')
  })

  it('may stand for values of any type', () => {
    const text = `image: x\npartitions:\n  - { fs: "${$}{FS}", size: "${$}{SIZE}", bootable: "${$}{BOOT}", options: { inodes: "${$}{N}" } }\n`
    const { spec } = loadText(text, { set: { FS: 'ext4/root', SIZE: '64MiB', BOOT: 'true', N: '500' } })
    expect(spec.partitions[0]).toMatchObject({
      size: bytes(64 * MIB),
      bootable: true,
      volume: { options: { inodes: 500 } },
    })
  })

  it('warn of a --set that nothing asks for', () => {
    const { warnings } = loadText(`image: "x${$}{VERSION:-}"\npartitions: []\n`, { set: { VERSOIN: '1' } })
    expect(warnings).toEqual([
      {
        finding: 'unused-setting',
        message: `--set VERSOIN=… is not used: nothing in the config asks for ${$}{VERSOIN}`,
        hint: 'Did you mean "VERSION"?',
      },
    ])
  })
})
