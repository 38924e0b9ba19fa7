/** Signatures judged by OpenSSL, OpenSSH and minisign, which share no code with us. */
import { randomUUID } from 'node:crypto'
import { copyFileSync, cpSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, IoError } from '../../src/errors.js'
import { signFile } from '../../src/proof/signatures.js'
import { PASSPHRASE_VARIABLE, readSigningKey } from '../../src/proof/signing-key.js'
import { writeKeyPair } from '../../src/proof/write-key-pair.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { makeRelease, type Release } from '../support/release.js'

const scratch = scratchFolder()
let release: Release
let manifest: string
let changed: string

beforeAll(async () => {
  release = await makeRelease(scratch)
  manifest = join(release.folder, 'manifest.json')
  changed = join(scratch, 'changed.json')
  writeFileSync(changed, readFileSync(manifest, 'utf8').replace('board.img', 'bored.img'))
})

describeWithTools('the signed manifest', ['openssl', 'ssh-keygen', 'minisign'], () => {
  const openssl = (file: string) =>
    runTool('openssl', [
      ...['pkeyutl', '-verify', '-pubin', '-inkey', release.keys.open, '-rawin'],
      ...['-in', file, '-sigfile', `${manifest}.sig`],
    ])

  it('is accepted by openssl, and a changed one is not', () => {
    expect(openssl(manifest)).toMatchObject({ status: 0, stdout: expect.stringContaining('Verified Successfully') })
    expect(openssl(changed).status).not.toBe(0)
  })

  it('is accepted by ssh-keygen -Y verify, and a changed one is not', () => {
    const { name } = release.keys
    const args = ['-Y', 'verify', '-f', `${name}.allowed_signers`, '-I', basename(name), '-n', 'file']
    const run = (file: string) =>
      runTool('ssh-keygen', [...args, '-s', `${manifest}.sshsig`], { input: readFileSync(file) })
    expect(run(manifest)).toMatchObject({ status: 0, stdout: expect.stringContaining('Good "file" signature') })
    expect(run(changed).status).not.toBe(0)
  })

  it('is accepted by minisign, and a changed one or another comment is not', () => {
    const run = (file: string, signature: string) =>
      runTool('minisign', ['-V', '-m', file, '-x', signature, '-p', `${release.keys.name}.minisign.pub`])
    expect(run(manifest, `${manifest}.minisig`)).toMatchObject({ status: 0 })
    expect(run(changed, `${manifest}.minisig`).status).not.toBe(0)
    const other = join(scratch, 'other.minisig')
    writeFileSync(other, readFileSync(`${manifest}.minisig`, 'utf8').replace('file:manifest.json', 'file:other.json'))
    expect(run(manifest, other).status).not.toBe(0)
  })

  it('has the same signatures again from the same key', () => {
    const again = signFile(
      { path: 'manifest.json', bytes: readFileSync(manifest) },
      readSigningKey(release.keys.secret, undefined),
    )
    for (const { path, bytes } of again) expect(readFileSync(join(release.folder, path)).equals(bytes), path).toBe(true)
  })

  it('takes a key that openssl made, with a passphrase too, and no other kind', () => {
    const plain = join(scratch, 'plain.pem')
    tool('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', plain)
    expect(readSigningKey(plain, undefined).asymmetricKeyType).toBe('ed25519')
    const locked = join(scratch, 'locked.pem')
    tool('openssl', 'pkcs8', '-topk8', '-in', plain, '-out', locked, '-v2', 'aes-256-cbc', '-passout', 'pass:sesame')
    expect(readSigningKey(locked, 'sesame').asymmetricKeyType).toBe('ed25519')
    expect(() => readSigningKey(locked, undefined)).toThrow(/its passphrase is missing/)
    expect(() => readSigningKey(locked, 'wrong')).toThrow(/its passphrase is another/)
    const rsa = join(scratch, 'rsa.pem')
    tool('openssl', 'genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', rsa)
    expect(() => readSigningKey(rsa, undefined)).toThrow(/it is a key of rsa, accepted is Ed25519/)
    expect(PASSPHRASE_VARIABLE).toBe('DISKLOOM_KEY_PASSPHRASE')
  })

  it('says what to do with a key of OpenSSH', () => {
    const path = join(scratch, 'id_ed25519')
    tool('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', path)
    expect(() => readSigningKey(path, undefined)).toThrow(/OpenSSH's own form, an Ed25519 key in PEM/)
  })
})

describe('key files', () => {
  it('are private to their owner, and never overwritten', () => {
    expect(statSync(release.keys.secret).mode & 0o777).toBe(0o600)
    const before = readFileSync(release.keys.secret, 'utf8')
    expect(() => writeKeyPair(release.keys.name)).toThrow(IoError)
    expect(readFileSync(release.keys.secret, 'utf8')).toBe(before)
  })

  it('leave nothing behind where one of them is there already', () => {
    const name = join(scratch, 'half')
    copyFileSync(release.keys.open, `${name}.pub`)
    expect(() => writeKeyPair(name)).toThrow(/half\.pub: it is there already/)
    expect(() => statSync(`${name}.key`)).toThrow(/ENOENT/)
  })

  it('are told apart from what is no key, before anything is built', async () => {
    const path = join(scratch, 'garbage.key')
    writeFileSync(path, 'garbage')
    expect(() => readSigningKey(path, undefined)).toThrow(ConfigError)
    await expect(makeRelease(scratch, undefined, { signingKey: path })).rejects.toThrow(/it is no private key/)
    await expect(makeRelease(scratch, undefined, { signingKey: join(scratch, 'none') })).rejects.toThrow(
      /it does not exist/,
    )
  })
})

describeWithTools('the check without diskloom', ['openssl', 'ssh-keygen', 'minisign', 'sha256sum', 'bash'], () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/signing.md'), 'utf8')
  const section = page.slice(page.indexOf('## Without diskloom'))
  const [sumsBlock, manifestBlock] = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) =>
    block!.trim().split('\n'),
  )
  const sha256sum = sumsBlock!.at(-1)!

  /** Runs lines of the page in a folder, with the key files that the page names. */
  const run = (folder: string, ...lines: string[]) =>
    runTool('bash', ['-ec', `cd "$1"\n${lines.join('\n')}`, 'bash', folder])

  function unpacked(from: Release): string {
    const folder = join(scratch, `check-${randomUUID()}`)
    cpSync(from.folder, folder, { recursive: true })
    for (const [file, name] of [
      ['pub', 'release.pub'],
      ['minisign.pub', 'release.minisign.pub'],
    ] as const) {
      copyFileSync(`${from.keys.name}.${file}`, join(folder, name))
    }
    const signers = readFileSync(`${from.keys.name}.allowed_signers`, 'utf8')
    writeFileSync(join(folder, 'release.allowed_signers'), signers.replace(/^\S+/, 'release'))
    return folder
  }

  it('accepts a release by each of its commands', () => {
    const folder = unpacked(release)
    expect(sha256sum).toBe('sha256sum -c SHA256SUMS')
    for (const line of [...sumsBlock!, ...manifestBlock!]) expect(run(folder, line), line).toMatchObject({ status: 0 })
  })

  it('refuses a release whose bundle and sums were replaced, by each of the signatures', () => {
    const folder = unpacked(release)
    writeFileSync(join(folder, 'board.img.zip'), 'not the bundle')
    expect(run(folder, sha256sum).status).not.toBe(0)
    const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
    const forged = tool('sha256sum', join(folder, 'board.img.zip')).slice(0, 64)
    writeFileSync(join(folder, 'SHA256SUMS'), sums.replace(/^\w{64}( {2}board\.img\.zip)$/m, `${forged}$1`))
    expect(run(folder, sha256sum).status).toBe(0)
    for (const line of sumsBlock!.slice(0, -1)) expect(run(folder, line, sha256sum).status, line).not.toBe(0)
  })

  it('refuses a changed manifest by each of its signatures', () => {
    const folder = unpacked(release)
    copyFileSync(changed, join(folder, 'manifest.json'))
    for (const line of manifestBlock!) expect(run(folder, line).status, line).not.toBe(0)
    expect(run(folder, ...sumsBlock!).status).not.toBe(0)
  })

  it('covers the raw image where it was built with its plain sum', async () => {
    const full = await makeRelease(scratch, undefined, { fullSha256: true })
    const folder = unpacked(full)
    expect(run(folder, ...sumsBlock!).status).toBe(0)
    const image = readFileSync(join(folder, 'board.img'))
    image.write('EVIL', 32768)
    writeFileSync(join(folder, 'board.img'), image)
    expect(run(folder, ...sumsBlock!).status).not.toBe(0)
  })
})
