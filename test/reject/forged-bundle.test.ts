/** Bundles in which something is not as the writer writes it: each is refused, and what is wrong is named. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { readPublicKey } from '../../src/proof/signing-key.js'
import { verifyBundleStream, verifyRelease } from '../../src/proof/verify-release.js'
import { readImageFile } from '../../src/readers/read-image-file.js'
import { scratchFolder } from '../support/oracle.js'
import { makeRelease, type Release } from '../support/release.js'
import { forgedBundle, unsigned, ZIP_FORGERIES } from '../support/zip-forgeries.js'

const scratch = scratchFolder()
const CONFIG = `
image: board.img
size: 2MiB
source_date_epoch: 1760000000
partitions:
  - { name: data, size: 512KiB, fs: NOTES.txt }
`
let release: Release
let key: ReturnType<typeof readPublicKey>
let zip: Buffer

beforeAll(async () => {
  release = await makeRelease(scratch, CONFIG)
  key = readPublicKey(release.keys.open)
  zip = readFileSync(release.zip)
})

/** The message of the refusal; undefined where it is read. */
async function refusal(reading: () => Promise<unknown>): Promise<string | undefined> {
  return reading().then(
    () => undefined,
    (error: Error) => error.message,
  )
}

async function convert(path: string): Promise<void> {
  const opened = await readImageFile(path, { workFolder: scratch, runner: makeCommandRunner(process.env) })
  opened.release()
}

describe('a forged bundle', () => {
  it('is compared with one that is read by all of them', async () => {
    for (const bytes of [zip, unsigned(zip)]) {
      const path = join(scratch, 'whole.zip')
      writeFileSync(path, bytes)
      await convert(path)
    }
    await verifyRelease(release.zip, { key })
    await verifyBundleStream(Readable.from([zip]), 'standard input', { key })
  })

  it.each(ZIP_FORGERIES.map((forgery) => [forgery.row, forgery] as const))('is refused: %s', async (_, forgery) => {
    const bytes = forgedBundle(zip, forgery)
    expect(bytes.equals(zip)).toBe(false)
    const path = join(scratch, 'forged.zip')
    writeFileSync(path, bytes)
    expect(await refusal(() => verifyRelease(path, { key }))).toMatch(forgery.says)
    expect(await refusal(() => verifyBundleStream(Readable.from([bytes]), 'standard input', { key }))).toMatch(
      forgery.says,
    )
    expect(await refusal(() => convert(path))).toMatch(/./)
    writeFileSync(path, forgedBundle(unsigned(zip), forgery))
    const asUnsigned = await refusal(() => convert(path))
    if (forgery.readUnsigned) expect(asUnsigned).toBeUndefined()
    else expect(asUnsigned).toMatch(/./)
  })
})
