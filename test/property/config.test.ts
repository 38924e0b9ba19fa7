/** Whatever a config holds, it is read, or refused with problems that point into it. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { configJsonSchema } from '../../src/config/json-schema.js'
import type { LoadedConfig } from '../../src/config/spec.js'
import { ConfigError } from '../../src/errors.js'
import { loadText } from '../support/load-text.js'

const TIMEOUT_MS = 600_000
const RUNS = process.env.DISKLOOM_DEEP ? 20_000 : 400

const SOUND = `image: linux_burn_image
size: 7456MiB
vars: { NAME: data, PATH: "a/\${NAME}" }
partitions:
  - &base { name: kernel, start: 33792s, end: 164863s, fs: boot.img }
  - { name: program, start: 164864s, end: 689151s, fs: ext4/program, options: { inodes: 4096, features: [^64bit] } }
  - { <<: *base, name: "\${NAME}", start: 689152s, end: 7180799s }
  - name: others
    fs: fat32
    content: [x, "\${PATH}"]
    attributes: [hidden]
bundle:
  include: [u-boot.bin, { path: a, name: b }]
gadget: { modules: [libcomposite], device_tree: { file: a.dts, node: "&usb", dr_mode: otg } }
`

/** Undefined where it was refused as it should be. */
function loadOrRefuse(text: string): LoadedConfig | undefined {
  try {
    return loadText(text, { set: { SET: '1' } })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const lines = text.split('\n')
    for (const { message, position, frame } of error.problems) {
      expect(message).toMatch(/^Cannot /)
      expect(frame).toContain('^')
      expect(position!.line).toBeGreaterThanOrEqual(1)
      expect(position!.line).toBeLessThanOrEqual(lines.length)
      expect(position!.column).toBeLessThanOrEqual(lines[position!.line - 1]!.length + 1)
    }
    return undefined
  }
}

/** Every key of the schema, and every word that it lists. */
function wordsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  const { properties, enum: words, ...rest } = node as { properties?: object; enum?: unknown[] }
  const nested = Object.values({ ...rest, ...properties }).flatMap(wordsOf)
  return [...Object.keys(properties ?? {}), ...(words ?? []).map(String), ...nested]
}

const WORDS = [...new Set(wordsOf(configJsonSchema()))]
const NASTY = [
  '',
  '~',
  '0',
  '-1',
  '1e999',
  '0x',
  '9007199254740993',
  '50%',
  'rest',
  '12MB',
  '\u0024{A',
  '\u0024{SET}',
  '\u0024{A:-\u0024{B}}',
  '__proto__',
  'constructor',
  'ext4/',
  'a\u0000b',
  '\ud800',
  'ext4',
  'a'.repeat(300),
]

const scalar = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.constantFrom(...WORDS),
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...WORDS), fc.string()), tie('value'), { maxKeys: 8 }),
  ),
}))
const partition = fc.dictionary(fc.constantFrom(...WORDS), value, { maxKeys: 8 })
const config = fc.record(
  {
    image: scalar,
    size: scalar,
    table: scalar,
    partitions: fc.array(partition, { maxLength: 4 }),
    vars: value,
    gadget: value,
    bundle: value,
    include: value,
    outputs: value,
    gpt: value,
    sector_size: scalar,
  },
  { requiredKeys: [] },
)

/** A stretch of the sound config replaced. */
const mutation = fc.record({
  at: fc.nat(SOUND.length),
  remove: fc.nat(12),
  insert: fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      '&a ',
      '*base',
      '<<: ',
      '\n',
      '\t',
      '"',
      "'",
      '|',
      '\u0024{',
      '- ',
      '#',
      '!x ',
      '%',
    ),
  ),
})

describe('any config is read or refused', () => {
  it(
    'any text',
    async () => {
      await fc.assert(
        fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void loadOrRefuse(text)),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'any values under the keys of the schema',
    async () => {
      await fc.assert(
        fc.property(config, (plain) => void loadOrRefuse(stringify(plain))),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'the sound config with up to three slips',
    async () => {
      await fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          const mutate = (text: string, { at, remove, insert }: (typeof mutations)[number]): string =>
            text.slice(0, at) + insert + text.slice(at + remove)
          loadOrRefuse(mutations.reduce(mutate, SOUND))
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it('the sound config itself, always to the same meaning', () => {
    expect(loadOrRefuse(SOUND)?.spec.partitions.map(({ name }) => name)).toEqual([
      'kernel',
      'program',
      'data',
      'others',
    ])
    expect(loadOrRefuse(SOUND)?.spec).toEqual(loadOrRefuse(SOUND)?.spec)
  })
})
