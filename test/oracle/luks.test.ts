/** Encrypted partitions, judged by cryptsetup: header, key, and what it decrypts itself; and that nothing of the inside is told. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { inputs, openDisk } from '../../src/build.js'
import { diskloom, runCommand } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const KIB = 1024
const MIB = 1024 * KIB
const HEADER_BYTES = 16 * MIB
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const KEY = Buffer.from(Array.from({ length: 40 }, (_, index) => (index * 41 + 7) & 0xff))
const VOLUME_KEY = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 59 + 11) & 0xff))

const PARTITIONS = `
  - name: blob
    fs: ./secret.bin
    luks: { key_file: "\${KEY_FILE}", sector_size: 4096, key_size: 256, pbkdf: pbkdf2, iterations: 2000, uuid: ${UUID}, label: Hidden }
  - name: data
    fs: ext4/root
    size: 40MiB
    luks: { key_file: "\${KEY_FILE}", volume_key_file: volume.key, memory: 64KiB, iterations: 5, parallel: 2 }
  - { name: space, size: 17MiB, luks: { key_file: "\${KEY_FILE}", memory: 32KiB } }
`

describeWithTools('LUKS2', ['cryptsetup', 'blkid'], () => {
  const scratch = scratchFolder()
  const config = join(scratch, 'board.yaml')
  const environment = { ...process.env, KEY_FILE: join(scratch, 'the.key') }
  const secret = Buffer.alloc(300_000, 'what nobody shall read')
  let folder: string
  let again: string

  const partition = (number: number, name: string, built = folder): string => join(built, `disk.p${number}-${name}.img`)
  const dump = (path: string): Record<string, string> =>
    Object.fromEntries(
      [...tool('cryptsetup', 'luksDump', path).matchAll(/^\s*([\w ]+):\s*(.*\S)\s*$/gm)].map(([, key, value]) => [
        key,
        value,
      ]),
    )

  beforeAll(() => {
    mkdirSync(join(scratch, 'root/private'), { recursive: true })
    writeFileSync(join(scratch, 'root/private/diary'), 'dear diary')
    writeFileSync(join(scratch, 'secret.bin'), secret)
    writeFileSync(join(scratch, 'the.key'), KEY)
    writeFileSync(join(scratch, 'volume.key'), VOLUME_KEY)
    writeFileSync(config, `image: disk\nsource_date_epoch: 1700000000\noutputs: [raw, split]\npartitions:${PARTITIONS}`)
    for (const out of ['out', 'again']) {
      diskloom(['build', config, '--out', join(scratch, out), '--quiet'], {
        env: environment as Record<string, string>,
      })
    }
    folder = join(scratch, 'out/disk')
    again = join(scratch, 'again/disk')
  })

  it('is what cryptsetup takes for one, as the config asks', () => {
    for (const [number, name] of ['blob', 'data', 'space'].entries()) {
      tool('cryptsetup', 'isLuks', '--type', 'luks2', partition(number + 1, name))
    }
    expect(dump(partition(1, 'blob'))).toMatchObject({
      UUID,
      Label: 'Hidden',
      cipher: 'aes-xts-plain64',
      sector: '4096 [bytes]',
      Key: '256 bits',
      offset: `${HEADER_BYTES} [bytes]`,
      PBKDF: 'pbkdf2',
    })
    expect(tool('cryptsetup', 'luksDump', partition(1, 'blob'))).toMatch(
      /PBKDF:\s+pbkdf2\s+Hash:\s+sha256\s+Iterations: 2000\s/,
    )
    expect(dump(partition(2, 'data'))).toMatchObject({
      sector: '512 [bytes]',
      Key: '512 bits',
      PBKDF: 'argon2id',
      'Time cost': '5',
      Memory: '64',
      Threads: '2',
    })
    expect(tool('blkid', '-p', '-o', 'value', '-s', 'TYPE', partition(3, 'space'))).toBe('crypto_LUKS\n')
  })

  it('opens by the key and by no other', () => {
    const wrong = join(scratch, 'wrong')
    writeFileSync(wrong, Buffer.from(KEY).fill(1, 39))
    const open = (key: string) =>
      runTool('cryptsetup', ['open', '--test-passphrase', '--key-file', key, partition(2, 'data')]).status
    expect([open(environment.KEY_FILE), open(wrong)]).toEqual([0, 2])
  })

  it('is decrypted by cryptsetup to what went in', () => {
    const copy = join(scratch, 'decrypted')
    copyFileSync(partition(1, 'blob'), copy)
    tool(
      'cryptsetup',
      ...['reencrypt', '--decrypt', '--force-offline-reencrypt', '--batch-mode', '--key-file', environment.KEY_FILE],
      ...['--header', join(scratch, 'header'), copy],
    )
    expect(readFileSync(copy).subarray(0, secret.length).equals(secret)).toBe(true)
  })

  it('has a key of its own in every build, where none is given', () => {
    const bytesOf = (number: number, name: string) =>
      [folder, again].map((built) => readFileSync(partition(number, name, built)).subarray(HEADER_BYTES))
    const [blob, otherBlob] = bytesOf(1, 'blob')
    const [data, sameData] = bytesOf(2, 'data')
    expect(blob!.equals(otherBlob!)).toBe(false)
    expect(data!.equals(sameData!)).toBe(true)
    expect(data!.includes('dear diary')).toBe(false)
  })

  it('tells nothing of what is in it, nor of the keys', () => {
    const texts = readdirSync(folder)
      .filter((name) => !name.startsWith('disk'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n')
    for (const word of [
      'diary',
      'private',
      'secret.bin',
      'the.key',
      'volume.key',
      KEY.toString('hex'),
      VOLUME_KEY.toString('hex'),
    ]) {
      expect([word, texts.includes(word)]).toEqual([word, false])
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    expect(
      manifest.partitions.map(({ fs, payload }: { fs: string; payload: unknown[] }) => [fs, payload.length]),
    ).toEqual([
      ['luks2', 0],
      ['luks2', 0],
      ['luks2', 0],
    ])
    expect(readFileSync(join(folder, 'disk')).includes(VOLUME_KEY)).toBe(false)
  })

  it('leaves unspecified what its volume does, warns, and depends on its keys', async () => {
    const disk = await openDisk({ config, environment }, () => scratch)
    expect(disk.warnings.map(({ message }) => message)).toEqual([
      'Partition "blob": it is encrypted with random salts and a random key, so its bytes are others in every build',
      'Partition "data": it is encrypted with random salts, so its bytes are others in every build',
      'Partition "space": it is encrypted with random salts and a random key, so its bytes are others in every build',
    ])
    const plan = await disk.finish(undefined)
    const { startByte, endByte } = plan.partitions[1]!
    const specified = plan
      .image()
      .extents.filter(({ offset }) => offset >= startByte && offset < endByte)
      .reduce((sum, { length }) => sum + length, 0)
    expect(specified).toBeGreaterThan(HEADER_BYTES)
    expect(specified).toBeLessThan(HEADER_BYTES + 8 * MIB)
    await disk.release()
    expect(await inputs({ config, environment })).toEqual(
      expect.arrayContaining([environment.KEY_FILE, join(scratch, 'volume.key')]),
    )
  })

  it('is passed over by a rebuild, which still compares the rest', () => {
    const said = diskloom(['verify', join(folder, 'disk'), '--rebuild', config], {
      env: environment as Record<string, string>,
    })
    expect(said).toContain('the same')
    expect(
      diskloom(['verify', join(folder, 'disk'), '--config', config], { env: environment as Record<string, string> }),
    ).toContain('sound')
    expect(said).toContain('not compared, since they are encrypted anew in every build: "blob", "data", "space"')
  })
  it('is refused where the machine would make it cheaper to open than it is asked to be', () => {
    const bin = join(scratch, 'bin')
    mkdirSync(bin)
    const real = tool('sh', '-c', 'command -v cryptsetup').trim()
    const fewer = `#!/bin/bash\nexec ${real} "\${@/#2/1}"\n`
    writeFileSync(join(bin, 'cryptsetup'), fewer, { mode: 0o755 })
    const one = join(scratch, 'one.yaml')
    writeFileSync(
      one,
      'image: one\npartitions: [{ name: space, size: 17MiB, luks: { key_file: the.key, memory: 32KiB, parallel: 2 } }]\n',
    )
    const { status, stderr } = runCommand(['build', one, '--out', join(scratch, 'one'), '--quiet'], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    })
    expect(status).toBe(6)
    expect(stderr).toContain(
      'Cannot make LUKS2 volume "space" as it is asked: on this machine cryptsetup takes parallel: 1',
    )
    expect(existsSync(join(scratch, 'one'))).toBe(false)
  })
})
