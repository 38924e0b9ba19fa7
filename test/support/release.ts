/** A small release with everything in it: GPT, a raw blob, FAT, ext4, a gadget-less bundle; signed where a key is given. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from '../../src/build.js'
import { writeKeyPair } from '../../src/proof/write-key-pair.js'
import { makeProject } from './rejected-build.js'

export const RELEASE_CONFIG = `
image: board.img
size: 40MiB
source_date_epoch: 1760000000
partitions:
  - { name: kernel, size: 1MiB, fs: boot.bin }
  - { name: boot, size: 8MiB, fs: fat/boot }
  - { name: rootfs, size: 16MiB, fs: ext4/rootfs }
  - { name: spare, size: 4MiB }
bundle: { include: [NOTES.txt] }
`

/** Fixed noise: content that repeats nowhere, the same in every run. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 24
  }
  return bytes
}

export interface Release {
  /** Holds board.yaml and its payload. */
  readonly project: string
  /** What the build wrote. */
  readonly folder: string
  readonly zip: string
  readonly image: string
  /** Paths of a key pair of its own. */
  readonly keys: { readonly secret: string; readonly open: string; readonly name: string }
  readonly result: BuildResult
}

export async function makeRelease(
  scratch: string,
  config = RELEASE_CONFIG,
  options: Partial<BuildOptions> = {},
): Promise<Release> {
  const project = makeProject(scratch, {
    config,
    files: {
      'boot.bin': noise(300_000, 1),
      'boot/config.txt': 'arm_64bit=1\n',
      'boot/kernel8.img': noise(100_000, 2),
      'rootfs/etc/hostname': 'board\n',
      'rootfs/bin/app': noise(250_000, 3),
      'NOTES.txt': 'Burn it.\n',
    },
  })
  const name = join(project, `key-${randomBytes(4).toString('hex')}`)
  writeKeyPair(name)
  const result = await build({
    config: join(project, 'board.yaml'),
    out: join(project, 'out'),
    environment: {},
    signingKey: `${name}.key`,
    ...options,
  })
  const { folder } = result
  return {
    project,
    folder,
    zip: join(folder, 'board.img.zip'),
    image: join(folder, 'board.img'),
    keys: { secret: `${name}.key`, open: `${name}.pub`, name },
    result,
  }
}

/** Writes `bytes` with one bit of byte `at` turned. */
export function writeFlipped(path: string, bytes: Uint8Array, at: number): void {
  const copy = Buffer.from(bytes)
  copy[at] = copy[at]! ^ 1
  writeFileSync(path, copy)
}
