/**
 * The bytes of the ready configs, as one small checksum file each, so that a diff shows which outputs a change changed.
 * `npm run golden` writes the files anew; what changed belongs into CHANGELOG.md, "Bytes that changed".
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkOutConfig } from '../support/check-out.js'
import { diskloom } from '../support/diskloom.js'
import { scratchFolder } from '../support/oracle.js'

const CONFIG_NAMES = ['ab-slots', 'emmc-8g', 'mbr-logical', 'sdcard-mbr', 'stm32f7-som', 'usb-stick']
/** A larger image is known by its mapped digest, which costs what its data costs. */
const PLAIN_DIGEST_LIMIT_BYTES = 256 << 20

const scratch = scratchFolder()

/** `digest  path` of everything that the build of a config leaves. */
function checksumsOf(name: string): string {
  const source = join(scratch, name)
  const out = join(scratch, `${name}-out`)
  checkOutConfig(name, source)
  diskloom(['build', join(source, `${name}.yaml`), '--out', out, '--quiet'])
  const [image] = readdirSync(out)
  const folder = join(out, image!)
  const lines = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => `${digestOf(folder, path)}  ${path}\n`)
  return lines.join('')
}

function digestOf(folder: string, path: string): string {
  if (statSync(join(folder, path)).size <= PLAIN_DIGEST_LIMIT_BYTES) {
    return createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex')
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  expect(manifest.image.mapped_sha256).toMatch(/^[0-9a-f]{64}$/)
  return `mapped:${manifest.image.mapped_sha256}`
}

describe('the bytes of the ready configs', () => {
  it.each(CONFIG_NAMES)('%s', (name) => {
    const golden = join(import.meta.dirname, `${name}.sha256`)
    const found = checksumsOf(name)
    if (process.env.DISKLOOM_GOLDEN === 'write') writeFileSync(golden, found)
    expect(found).toBe(readFileSync(golden, 'utf8'))
  })
})
