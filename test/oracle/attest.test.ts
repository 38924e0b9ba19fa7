/** The bill of materials and the provenance statement: of the manifest's content, and signed as OpenSSL verifies. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { runCommandLine } from '../../src/cli/command-line.js'
import { type Manifest, parseManifest } from '../../src/proof/manifest-schema.js'
import { capturedTerminal } from '../support/captured-terminal.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'
import { makeRelease, type Release } from '../support/release.js'

const scratch = scratchFolder()
let release: Release
let manifest: Manifest

beforeAll(async () => {
  release = await makeRelease(scratch)
  manifest = parseManifest(readFileSync(join(release.folder, 'manifest.json')), 'manifest.json')
})

async function attest(...args: string[]): Promise<{ status: number; text: string; stderr: string }> {
  const terminal = capturedTerminal()
  const status = await runCommandLine(['attest', release.folder, ...args], terminal)
  return { status, text: terminal.written.stdout, stderr: terminal.written.stderr }
}

interface Component {
  'bom-ref': string
  name: string
  hashes?: { alg: string; content: string }[]
  components?: Component[]
}

describe('diskloom attest', () => {
  it('--sbom names every file of every partition with its sum, each under a reference of its own', async () => {
    const bom = JSON.parse((await attest('--sbom')).text) as {
      bomFormat: string
      specVersion: string
      components: Component[]
    }
    expect(bom).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      metadata: { timestamp: '2025-10-09T08:53:20.000Z' },
    })
    const files = bom.components.flatMap(({ components = [] }) => components)
    expect(files.map(({ name, hashes }) => [name, hashes![0]!.content])).toEqual(
      manifest.partitions.flatMap(({ payload }) => payload.map(({ path, sha256 }) => [path, sha256])),
    )
    const references = [...bom.components, ...files].map((component) => component['bom-ref'])
    expect(new Set(references).size).toBe(references.length)
  })

  it('--provenance names every output as a subject and every payload file as a dependency', async () => {
    const { text } = await attest('--provenance', '--builder', 'https://ci.example.org', '--set', 'commit=1a2b')
    const statement = JSON.parse(text) as {
      subject: { name: string; digest: { sha256: string } }[]
      predicate: { buildDefinition: { externalParameters: unknown; resolvedDependencies: { name: string }[] } }
    }
    expect(statement).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    })
    const sums = readFileSync(join(release.folder, 'SHA256SUMS'), 'utf8')
    for (const { name, digest } of statement.subject) expect(sums).toContain(`${digest.sha256}  ${name}\n`)
    expect(statement.subject.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['board.img.zip', 'manifest.json']),
    )
    const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition
    expect(externalParameters).toEqual({ image: 'board.img', commit: '1a2b' })
    expect(resolvedDependencies.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['kernel/boot.bin', 'rootfs/bin/app', 'boot/config.txt', 'NOTES.txt']),
    )
  })

  it('asks for what it needs', async () => {
    expect(await attest()).toMatchObject({ status: 2, stderr: expect.stringContaining('--sbom or --provenance') })
    expect(await attest('--provenance')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--builder is missing'),
    })
  })
})

describeWithTools('a signed provenance, by other tools', ['openssl'], () => {
  it('is a DSSE envelope whose signature openssl accepts', async () => {
    const { text } = await attest('--provenance', '--builder', 'urn:ci', '--sign', release.keys.secret)
    const envelope = JSON.parse(text) as { payloadType: string; payload: string; signatures: { sig: string }[] }
    const body = Buffer.from(envelope.payload, 'base64')
    expect(JSON.parse(body.toString())).toMatchObject({ _type: 'https://in-toto.io/Statement/v1' })
    const head = `DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${body.length} `
    const [message, signature] = [join(scratch, 'pae'), join(scratch, 'pae.sig')]
    writeFileSync(message, Buffer.concat([Buffer.from(head), body]))
    writeFileSync(signature, Buffer.from(envelope.signatures[0]!.sig, 'base64'))
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', release.keys.open, '-rawin', '-in', message]
    expect(runTool('openssl', [...args, '-sigfile', signature])).toMatchObject({ status: 0 })
  })
})
