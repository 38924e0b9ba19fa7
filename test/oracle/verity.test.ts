/** Hash partitions against veritysetup's own: the same bytes, accepted with the same root hash, and one flipped bit found. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { build, openDisk } from '../../src/build.js'
import { DIGEST_BYTES } from '../../src/filesystems/verity/disklayout.js'
import { planVerity, smallestVerityBytes, type VerityOptions } from '../../src/filesystems/verity/plan.js'
import { type DiskImage, ImageBuilder } from '../../src/image/extent.js'
import { checkImage } from '../../src/inspect/check-image.js'
import { openImage } from '../../src/inspect.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const TIME = { seconds: 1_700_000_000, nanoseconds: 0 }
const UUID = '01234567-89ab-4cde-8f01-23456789abcd'
const ENVIRONMENT = { time: TIME, uuid: UUID, offsetBytes: 0, sectorSize: 512 }
const KIB = 1024
const MIB = 1024 * KIB

/** Data, zeros and 0xFF, cut so that blocks of every size hold the ends of several of them. */
function mixedData(sizeBytes: number): DiskImage {
  const builder = new ImageBuilder(sizeBytes)
  let at = 0
  const take = (length: number): number => Math.min(length, sizeBytes - at)
  for (let step = 0; at < sizeBytes; step++) {
    const length = take([700, 70_000, 3 * KIB, 300 * KIB, 1, 66_000][step % 6]!)
    if (step % 2 === 0) builder.bytes(at, Buffer.alloc(length, `block ${step}`))
    else builder.fill(at, length, step % 4 === 1 ? 0 : 0xff)
    at += length
  }
  return builder.finish()
}

/** One level more or less, a full last block, a single block. */
const BLOCK_COUNTS = [1, 2, 127, 128, 129, 128 * 128, 128 * 128 + 1]

const CASES: readonly (readonly [dataBytes: number, options: VerityOptions])[] = [
  ...BLOCK_COUNTS.map((blocks) => [blocks * 512, { data_block_size: 512 }] as const),
  ...(Object.keys(DIGEST_BYTES) as (keyof typeof DIGEST_BYTES)[]).flatMap((hash) =>
    ([0, 1] as const).map((hash_type) => [3 * MIB, { hash, hash_type }] as const),
  ),
  [5 * MIB, { data_block_size: 512, hash_block_size: 4096 }],
  [5 * MIB, { data_block_size: 4096, hash_block_size: 512 }],
  [4 * MIB, { data_block_size: 65536, hash_block_size: 1024, salt: '' }],
  [4 * MIB, { salt: 'c0ffee' }],
  [1 * MIB, { salt: 'ab'.repeat(256), hash_type: 0 }],
]

describeWithTools('dm-verity', ['veritysetup', 'blkid', 'mksquashfs', 'tar', 'fakeroot'], () => {
  const scratch = scratchFolder()

  it.each(CASES)('of %i bytes with %o is what veritysetup makes', (dataBytes, options) => {
    const content = mixedData(dataBytes)
    const data = join(scratch, 'data')
    materialize(content, data)
    const sizeBytes = smallestVerityBytes(dataBytes, options)
    const plan = planVerity({ sizeBytes: dataBytes, content: () => content }, sizeBytes, options, ENVIRONMENT)
    const ours = join(scratch, 'ours')
    materialize(plan.encode(), ours, { unspecified: 0xd1 })

    const theirs = join(scratch, 'theirs')
    writeFileSync(theirs, '')
    const said = tool(
      'veritysetup',
      'format',
      ...[`--hash=${plan.hash}`, `--format=${plan.hashType}`, `--uuid=${UUID}`, `--salt=${plan.salt || '-'}`],
      ...[`--data-block-size=${plan.dataBlockBytes}`, `--hash-block-size=${plan.hashBlockBytes}`],
      ...[data, theirs],
    )
    expect(/Root hash:\s+(\w+)/.exec(said)?.[1]).toBe(plan.rootHash())
    const made = readFileSync(theirs)
    expect(readFileSync(ours).subarray(0, made.length).equals(made)).toBe(true)
    expect(made.length).toBe(sizeBytes)
    tool('veritysetup', 'verify', data, ours, plan.rootHash())
  })

  const project = (name: string, partitions: string): string => {
    const folder = join(scratch, name)
    mkdirSync(join(folder, 'root/etc'), { recursive: true })
    writeFileSync(join(folder, 'root/etc/fstab'), '# none\n')
    writeFileSync(join(folder, 'root/big'), Buffer.alloc(300_000, 'abc'))
    writeFileSync(join(folder, 'blob'), Buffer.alloc(5000, 'blob'))
    const config = join(folder, 'board.yaml')
    writeFileSync(
      config,
      `image: disk\nsource_date_epoch: ${TIME.seconds}\noutputs: [raw, split]\npartitions:\n${partitions}`,
    )
    return config
  }
  const PARTITIONS = [
    '  - { name: fat, fs: fat/root, size: 16MiB }',
    '  - { name: fat-v, fs: verity, covers: fat, options: { hash: sha512 } }',
    '  - { name: ext, fs: ext4/root, size: auto }',
    '  - { name: ext-v, fs: verity, covers: ext, size: 2MiB, fs_uuid: 01234567-89ab-4cde-8f01-23456789abcd }',
    '  - { name: squash, type: root-x86-64, fs: squashfs/root, size: 1MiB }',
    '  - { name: squash-v, type: root-x86-64-verity, fs: verity, covers: squash, options: { uuids_from_root_hash: true } }',
    '  - { name: blob, fs: ./blob }',
    '  - { name: blob-v, fs: verity, covers: blob }\n',
  ].join('\n')
  const flipBit = (path: string, offset: number): void => {
    const fd = openSync(path, 'r+')
    const byte = Buffer.alloc(1)
    readSync(fd, byte, 0, 1, offset)
    byte[0]! ^= 0x10
    writeSync(fd, byte, 0, 1, offset)
    closeSync(fd)
  }

  it('covers partitions of every kind on a used medium, twice with the same bytes', async () => {
    const config = project('kinds', PARTITIONS)
    const out = join(scratch, 'kinds/out')
    const { folder } = await build({ config, out, environment: {} })
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
    // As flashed: what the image leaves unspecified keeps what the medium held.
    const medium = join(scratch, 'medium')
    const disk = await openDisk({ config, environment: {} }, () => scratch)
    const plan = await disk.finish(undefined)
    materialize(plan.image(), medium, { unspecified: 0xd1 })
    await disk.release()
    const bytes = readFileSync(medium)
    for (const { index, dataIndex } of plan.covers) {
      const paths = [dataIndex, index].map((at) => {
        const { startByte, endByte, name } = plan.partitions[at]!
        const path = join(scratch, `medium-${name}`)
        writeFileSync(path, bytes.subarray(startByte, endByte))
        return path
      })
      const [data, hashes] = paths as [string, string]
      const { name } = plan.partitions[dataIndex]!
      const rootHashFile = join(folder, `${name}.roothash`)
      const verify = () => runTool('veritysetup', ['verify', data, hashes, `--root-hash-file=${rootHashFile}`])
      expect([name, verify().status]).toEqual([name, 0])
      const rootHash = readFileSync(rootHashFile, 'latin1')
      expect(manifest.partitions[index].volume.root_hash).toBe(rootHash)
      flipBit(data, plan.partitions[dataIndex]!.endByte - plan.partitions[dataIndex]!.startByte - 1)
      expect(verify().stderr).toContain('Verification of data area failed')
      expect(tool('blkid', '-p', '-o', 'value', '-s', 'TYPE', hashes)).toBe('DM_verity_hash\n')
    }
    expect(tool('blkid', '-p', '-o', 'value', '-s', 'UUID', join(scratch, 'medium-ext-v'))).toBe(`${UUID}\n`)
    const squash = readFileSync(join(folder, 'squash.roothash'), 'latin1')
    const uuidOf = (index: number): string => plan.partitions[index]!.uuid!.replaceAll('-', '')
    expect(uuidOf(4) + uuidOf(5)).toBe(squash)

    const again = await build({ config, out: join(scratch, 'kinds/again'), environment: {} })
    for (const name of readdirSync(folder)) {
      expect([name, readFileSync(join(again.folder, name)).equals(readFileSync(join(folder, name)))]).toEqual([
        name,
        true,
      ])
    }
  })

  it('gives a kernel its table, and is checked by diskloom, which names the block that is another', async () => {
    const config = project('check', PARTITIONS)
    const { folder, plan } = await build({ config, out: join(scratch, 'check/out'), environment: {} })
    const rootHashOf = (name: string): string => readFileSync(join(folder, `${name}.roothash`), 'latin1')
    const [data, hashes] = plan.partitions.map(({ uuid }) => `PARTUUID=${uuid}`)
    const { salt } = plan.covers[0]!.volume
    expect(readFileSync(join(folder, 'fat.dm-verity'), 'utf8')).toBe(
      `dm-mod.create="fat,,,ro,0 32768 verity 1 ${data} ${hashes} 512 4096 32768 1 sha512 ${rootHashOf('fat')} ${salt}" root=/dev/dm-0 ro\n`,
    )

    const image = join(folder, 'disk')
    const check = async () => {
      const disk = await openImage(image)
      try {
        return checkImage(disk)
      } finally {
        disk.close()
      }
    }
    const sound = await check()
    expect(sound.findings).toEqual([])
    expect(sound.checked.filter((text) => text.includes('hashes of'))).toEqual(
      [
        [2, 'fat'],
        [4, 'ext'],
        [6, 'squash'],
        [8, 'blob'],
      ].map(([at, name]) => `partition ${at} "${name}-v" (hashes of "${name}", root hash ${rootHashOf(String(name))})`),
    )
    // A block of data, a digest in the top level, and all of what was covered.
    flipBit(image, plan.partitions[4]!.startByte + 100 * KIB)
    flipBit(image, plan.partitions[1]!.startByte + 4096)
    const fd = openSync(image, 'r+')
    writeSync(fd, Buffer.alloc(8192, 'other'), 0, 8192, plan.partitions[6]!.startByte)
    closeSync(fd)
    const { findings } = await check()
    expect(
      findings.map(({ partition, structure, field, found }) => [partition?.name, structure, field, found]),
    ).toEqual([
      ['fat-v', 'hash tree, level 2', 'the digest of level 1, block 0', 'another'],
      ['squash-v', 'hash tree, level 0', 'the digest of data block 25', 'another'],
      ['blob-v', 'hash tree', 'the data of 2 blocks that it covers', 'not in "blob", which is of that size'],
    ])
  })
})
