/** manifest.json: its schema judged by another validator, its numbers by other tools, and nothing in it of the building machine. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { FormatError } from '../../src/errors.js'
import { type Manifest, manifestJsonSchema, parseManifest } from '../../src/proof/manifest-schema.js'
import { PROJECT } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { makeRelease, type Release } from '../support/release.js'

const VALIDATOR = '/usr/lib/python3/dist-packages/jsonschema/__init__.py'
const scratch = scratchFolder()
let release: Release
let path: string
let manifest: Manifest

beforeAll(async () => {
  release = await makeRelease(scratch)
  path = join(release.folder, 'manifest.json')
  manifest = parseManifest(readFileSync(path), path)
})

const ANY_FILE = { path: 'a.bin', size_bytes: 1, sha256: '0'.repeat(64) }

function withPayload(value: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const [first, ...others] = value.partitions as object[]
  return { ...value, partitions: [{ ...first, payload: names.map((path) => ({ ...ANY_FILE, path })) }, ...others] }
}

describe('manifest.json', () => {
  it('has the schema that is committed', () => {
    const committed = readFileSync(join(PROJECT, 'schema/manifest.schema.json'), 'utf8')
    expect(`${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`).toBe(committed)
  })

  it('has digests of every payload file and output', () => {
    for (const { path: name, sha256, size_bytes } of manifest.outputs) {
      if (name === 'board.img') continue
      const bytes = readFileSync(join(release.folder, name))
      expect([name, sha256, size_bytes]).toEqual([name, sha256Of(bytes), bytes.length])
    }
    const rootfs = manifest.partitions.find(({ name }) => name === 'rootfs')!
    expect(rootfs.payload.map(({ path: name }) => name)).toEqual(['bin/app', 'etc/hostname'])
    for (const { path: name, sha256 } of rootfs.payload) {
      expect(sha256).toBe(sha256Of(readFileSync(join(release.project, 'rootfs', name))))
    }
  })

  it('says which options were in force and what they came to', () => {
    const { options, volume, fs_uuid } = manifest.partitions.find(({ name }) => name === 'rootfs')!
    expect(options).toMatchObject({ engine: 'native', holes: 'none' })
    expect(volume).toMatchObject({ block_size: 1024, blocks: 16384, uuid: fs_uuid })
  })

  it('holds nothing of the building machine, and is the same again elsewhere', async () => {
    const text = readFileSync(path, 'utf8')
    for (const word of [release.project, tmpdir(), hostname()]) expect(text).not.toContain(`${word}/`)
    const elsewhere = join(scratch, 'else where')
    mkdirSync(elsewhere)
    const other = await makeRelease(elsewhere, undefined, { signingKey: release.keys.secret })
    expect(readFileSync(join(other.folder, 'manifest.json'), 'utf8')).toBe(text)
  })

  it.each<readonly [what: string, change: (value: Record<string, unknown>) => unknown, message: RegExp]>([
    [
      'another version',
      (value: Record<string, unknown>) => ({ ...value, manifest_version: 2 }),
      /it is of version 2, this diskloom reads version 1/,
    ],
    [
      'a size that is none',
      (value: Record<string, unknown>) => ({ ...value, image: { ...(value.image as object), size_bytes: -1 } }),
      /image\.size_bytes/,
    ],
    ['a key that is missing', ({ stretches: _, ...value }: Record<string, unknown>) => value, /stretches/],
    ['a list for the whole', () => [], /the whole/],
    ...['/etc/passwd', '../up', 'a/../b', 'a//b', './a', 'a/', 'a\\b', 'a\nb', '', '..'].flatMap((name) =>
      (['outputs', 'bundle'] as const).map(
        (list) =>
          [
            `${JSON.stringify(name)} in ${list}`,
            (value: Record<string, unknown>) => ({ ...value, [list]: [{ ...ANY_FILE, path: name }] }),
            new RegExp(`${list}\\.0\\.path: .* is not accepted as a name`),
          ] as const,
      ),
    ),
    ...['/etc/passwd', '../up', 'a/../b', 'a\x7fb'].map(
      (name) =>
        [
          `${JSON.stringify(name)} in a payload`,
          (value: Record<string, unknown>) => withPayload(value, [name]),
          /partitions\.0\.payload\.0\.path: .* is not accepted as a name/,
        ] as const,
    ),
    ...['a/b', '/a', '..', 'a\\b', 'a\u0000'].map(
      (name) =>
        [
          `the image's name ${JSON.stringify(name)}`,
          (value: Record<string, unknown>) => ({ ...value, image: { ...(value.image as object), name } }),
          /image\.name: .* is not accepted as a name/,
        ] as const,
    ),
    ...(['outputs', 'bundle'] as const).map(
      (list) =>
        [
          `a name twice in ${list}`,
          (value: Record<string, unknown>) => ({ ...value, [list]: [ANY_FILE, ANY_FILE] }),
          new RegExp(`${list} has the name "a\\.bin" twice`),
        ] as const,
    ),
    [
      'a name twice in a payload',
      (value: Record<string, unknown>) => withPayload(value, ['a', 'b', 'a']),
      /partitions\.0\.payload has the name "a" twice/,
    ],
  ])('is refused with %s', (_, change, message) => {
    const text = JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>))
    const read = () => parseManifest(Buffer.from(text), 'manifest.json')
    expect(read).toThrow(FormatError)
    expect(read).toThrow(message)
  })

  it('takes backslashes in the names of a payload, which Linux allows', () => {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const text = JSON.stringify(withPayload(value, ['a\\b', '\\xff', '\\xff']))
    expect(parseManifest(Buffer.from(text), 'manifest.json').partitions[0]!.payload.length).toBe(3)
  })

  it('is refused with settings that are nested 100,000 deep', () => {
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
    const text = readFileSync(path, 'utf8').replace(
      /"options": \{(\})?/,
      (_, end?: string) => `"options": { "deep": ${deep}${end ?? ','}`,
    )
    expect(() => parseManifest(Buffer.from(text), 'manifest.json')).toThrow(/settings of more than 64 levels/)
  })

  it('is refused where it is no JSON or no UTF-8', () => {
    expect(() => parseManifest(Buffer.from('{'), 'manifest.json')).toThrow(/it is no JSON/)
    expect(() => parseManifest(Buffer.from([0x22, 0xff, 0x22]), 'manifest.json')).toThrow(/it is no JSON/)
  })
})

describeWithTools('manifest.json, by other tools', ['python3', VALIDATOR, 'sha256sum', 'sfdisk', 'blkid'], () => {
  it('fits its schema, and what does not fit does not', () => {
    const script =
      'import sys,json,jsonschema; jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))'
    const validate = (file: string) =>
      runTool('/usr/bin/python3', ['-c', script, file, join(PROJECT, 'schema/manifest.schema.json')])
    expect(validate(path)).toMatchObject({ status: 0, stderr: '' })
    const broken = join(scratch, 'broken.json')
    writeFileSync(broken, readFileSync(path, 'utf8').replace('"sector_size": 512', '"sector_size": 513'))
    expect(validate(broken).stderr).toContain('513')
  })

  it('has the sums that sha256sum checks', () => {
    expect(runTool('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: release.folder })).toMatchObject({ status: 0 })
  })

  it('says the places, types and UUIDs that sfdisk reads', () => {
    const { partitiontable } = JSON.parse(tool('sfdisk', '-J', release.image)) as {
      partitiontable: {
        id: string
        partitions: { start: number; size: number; type: string; uuid: string; name: string }[]
      }
    }
    expect(partitiontable.id.toLowerCase()).toBe(manifest.image.disk_guid)
    expect(
      partitiontable.partitions.map(({ start, size, type, uuid, name }) => [
        start,
        start + size - 1,
        type.toLowerCase(),
        uuid.toLowerCase(),
        name,
      ]),
    ).toEqual(
      manifest.partitions.map(({ first_sector, last_sector, type, uuid, name }) => [
        first_sector,
        last_sector,
        type,
        uuid,
        name,
      ]),
    )
  })

  it('says the UUIDs of volumes that blkid reads', () => {
    for (const { name, start_byte, size_bytes, fs_uuid } of manifest.partitions) {
      if (fs_uuid === undefined) continue
      const found = tool(
        'blkid',
        '-p',
        '-s',
        'UUID',
        '-o',
        'value',
        '-O',
        String(start_byte),
        '-S',
        String(size_bytes),
        release.image,
      ).trim()
      const expected = name === 'boot' ? `${fs_uuid.slice(0, 4)}-${fs_uuid.slice(4, 8)}`.toUpperCase() : fs_uuid
      expect(found).toBe(expected)
    }
  })
})

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
