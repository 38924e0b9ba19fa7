/** Flashing to loop devices full of what a used card holds: judged by sgdisk, e2fsck, fsck.fat and the kernel. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { FlashReceipt } from '../../src/flash.js'
import { runCommand } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const USED = 0xd1
const DISK_BYTES = 24 * MIB
const TOOLS = [
  'losetup',
  'lsblk',
  'sgdisk',
  'sfdisk',
  'e2fsck',
  'resize2fs',
  'dumpe2fs',
  'fsck.fat',
  'debugfs',
  'blkdiscard',
]

describeWithTools(
  'flashing to loop devices',
  TOOLS,
  () => {
    const folder = scratchFolder()
    const attached: string[] = []
    afterAll(() => {
      for (const device of attached) runTool('losetup', ['--detach', device])
    })

    const project = join(folder, 'project')
    mkdirSync(join(project, 'boot'), { recursive: true })
    mkdirSync(join(project, 'root/etc'), { recursive: true })
    writeFileSync(join(project, 'boot/kernel.img'), Buffer.alloc(MIB, 'kernel'))
    writeFileSync(join(project, 'root/etc/hostname'), 'board\n')
    writeFileSync(join(project, 'root/large'), Buffer.alloc(3 * MIB, 'payload'))
    const config = (name: string, { table = 'gpt', more = '', rootSize = '14MiB' } = {}): string => {
      const path = join(project, `${name}.yaml`)
      const disk = `image: disk.img\nsize: 24MiB\nsource_date_epoch: 1700000000\ntable: ${table}\n${more}`
      const partitions = `partitions:\n  - { name: boot, start: 1MiB, size: 4MiB, fs: fat/boot }\n  - { name: root, size: ${rootSize}, fs: ext4/root }\n`
      writeFileSync(path, disk + (table === 'mbr' ? partitions.replaceAll(/name: \w+, /g, '') : partitions))
      return path
    }
    const board = config('board')

    /** A card of 0xD1 throughout. */
    function card(sizeBytes: number, ...options: string[]): { device: string; file: string } {
      const file = join(folder, `card-${attached.length}`)
      writeFileSync(file, Buffer.alloc(sizeBytes, USED))
      const device = tool('losetup', '--find', '--show', ...options, file).trim()
      attached.push(device)
      return { device, file }
    }

    function flash(args: string[], input?: string) {
      const receipt = join(folder, 'receipt.jsonl')
      const all = ['flash', ...args, '--yes', '--allow-fixed', '--receipt', receipt]
      const result = input === undefined ? runCommand(all) : pipeInto(input, all)
      const receipts =
        result.status === 0
          ? readFileSync(receipt, 'utf8')
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line) as FlashReceipt)
          : []
      return { ...result, receipts }
    }

    function pipeInto(input: string, args: string[]) {
      const fd = openSync(input, 'r')
      try {
        const main = join(import.meta.dirname, '../../dist/cli/main.js')
        const stdout = execFileSync(process.execPath, [main, ...args], {
          stdio: [fd, 'pipe', 'pipe'],
          encoding: 'utf8',
        })
        return { status: 0, stdout, stderr: '' }
      } finally {
        closeSync(fd)
      }
    }

    function flashed(args: string[], input?: string): FlashReceipt[] {
      const { status, stderr, receipts } = flash(args, input)
      expect(stderr).not.toMatch(/error|bug/)
      expect(status).toBe(0)
      return receipts
    }

    /** Bytes of a file or device. */
    function bytesAt(path: string, offset: number, length: number): Buffer {
      const fd = openSync(path, 'r')
      try {
        const bytes = Buffer.alloc(length)
        readSync(fd, bytes, 0, length, offset)
        return bytes
      } finally {
        closeSync(fd)
      }
    }

    /** Partitions as sfdisk sees them, in bytes; both volumes clean, both files there. */
    function judge(device: string, kind: 'gpt' | 'dos' = 'gpt', sectorBytes = 512) {
      if (kind === 'gpt') expect(tool('sgdisk', '--verify', device)).toContain('No problems found')
      const { partitiontable } = JSON.parse(tool('sfdisk', '--json', device)) as {
        partitiontable: { label: string; partitions: { start: number; size: number }[] }
      }
      expect(partitiontable.label).toBe(kind)
      const places = partitiontable.partitions.map(({ start, size }) => ({
        start: start * sectorBytes,
        length: size * sectorBytes,
      }))
      const [boot, root] = places.map(({ start, length }, index) => {
        const file = join(folder, `volume-${index}`)
        writeFileSync(file, bytesAt(device, start, length))
        return file
      })
      expect(runTool('fsck.fat', ['-n', boot!])).toMatchObject({ status: 0 })
      expect(runTool('e2fsck', ['-fn', root!])).toMatchObject({ status: 0 })
      expect(tool('debugfs', '-R', 'cat /etc/hostname', root!)).toBe('board\n')
      return { places, root: root! }
    }

    it('a config, onto a card of exactly the size: clean file systems over 0xD1, the digests of the manifest', () => {
      const { device } = card(DISK_BYTES)
      const [receipt] = flashed([board, device])
      judge(device)
      expect(receipt!.device).toMatchObject({ path: device, size_bytes: DISK_BYTES, sector_size: 512 })
      expect(receipt).toMatchObject({ backup_gpt_moved: false, grown_partition: null, source: board })
      expect(receipt!.verified_bytes).toBe(receipt!.written_bytes + receipt!.zeroed_bytes)

      const manifest = JSON.parse(readFileSync(join(folder, 'images/disk.img/manifest.json'), 'utf8')) as {
        image: { mapped_sha256: string }
        partitions: { mapped_sha256: string }[]
      }
      expect(receipt!.mapped_sha256).toBe(manifest.image.mapped_sha256)
      expect(receipt!.partitions.map((partition) => partition.mapped_sha256)).toEqual(
        manifest.partitions.map((partition) => partition.mapped_sha256),
      )
    })

    it('unspecified space keeps what the card held: what is written follows the payload', () => {
      const { device } = card(DISK_BYTES)
      const [receipt] = flashed([board, device])
      expect(receipt!.written_bytes).toBeLessThan(6 * MIB)
      // Free blocks of the ext4, well behind its files.
      expect(bytesAt(device, 17 * MIB, 4096).every((byte) => byte === USED)).toBe(true)
    })

    it('a larger card: the backup GPT stands at its end', () => {
      const { device } = card(DISK_BYTES + 3 * MIB + 512)
      const [receipt] = flashed([board, device])
      expect(receipt!.backup_gpt_moved).toBe(true)
      const { places } = judge(device)
      expect(places[1]!.length).toBe(14 * MIB)
      expect(bytesAt(device, DISK_BYTES + 3 * MIB, 8).toString()).toBe('EFI PART')
      // Where the image would have had it nothing was written.
      expect(bytesAt(device, DISK_BYTES - 512, 512).every((byte) => byte === USED)).toBe(true)
    })

    it('a larger card and --grow: the config is planned for the card', () => {
      const { device } = card(DISK_BYTES + 20 * MIB)
      const [receipt] = flashed([board, device, '--grow'])
      expect(receipt!.grown_partition).toBe(2)
      const { places, root } = judge(device)
      expect(places[1]!.start + places[1]!.length).toBeGreaterThan(DISK_BYTES + 19 * MIB)
      const blocks = /^Block count: +(\d+)/m.exec(tool('dumpe2fs', '-h', root))![1]
      const blockSize = /^Block size: +(\d+)/m.exec(tool('dumpe2fs', '-h', root))![1]
      expect(Number(blocks) * Number(blockSize)).toBeGreaterThan(places[1]!.length - 64 * 1024)
    })

    const image = join(folder, 'images/disk.img/disk.img')
    beforeAll(() => {
      const { status, stderr } = runCommand(['build', board, '--out', join(folder, 'images')])
      expect(stderr).not.toMatch(/error|bug/)
      expect(status).toBe(0)
    })

    it('an image, onto a larger card and --grow: resize2fs grows the file system', () => {
      const { device } = card(DISK_BYTES + 20 * MIB)
      const [receipt] = flashed([image, device, '--grow'])
      expect(receipt).toMatchObject({ grown_partition: 2, backup_gpt_moved: true })
      const { places, root } = judge(device)
      expect(places[1]!.length).toBeGreaterThan(38 * MIB)
      expect(Number(/^Block count: +(\d+)/m.exec(tool('dumpe2fs', '-h', root))![1])).toBeGreaterThan(38 * 1024)
    })

    it('an image of zip, of zst and on standard input', () => {
      const zst = join(folder, 'disk.img.zst')
      tool('zstd', '-q', '-f', image, '-o', zst)
      for (const [source, input] of [[join(folder, 'images/disk.img/disk.img.zip')], [zst], ['-', zst]] as const) {
        const { device } = card(DISK_BYTES)
        flashed([source, device], input)
        judge(device)
        expect(bytesAt(device, 0, DISK_BYTES).equals(bytesAt(image, 0, DISK_BYTES))).toBe(true)
      }
    })

    it('several cards of different sizes at once; a failing one does not stop the others', () => {
      const exact = card(DISK_BYTES)
      const larger = card(DISK_BYTES + MIB)
      expect(flashed([board, exact.device, larger.device]).map(({ device }) => device.path)).toEqual([
        exact.device,
        larger.device,
      ])
      judge(exact.device)
      judge(larger.device)
    })

    it('MBR, onto a larger card', () => {
      const { device } = card(DISK_BYTES + 5 * MIB)
      flashed([config('mbr', { table: 'mbr' }), device])
      judge(device, 'dos')
    })

    it('an MBR image with --grow', () => {
      const out = join(folder, 'mbr-out')
      expect(runCommand(['build', config('mbr2', { table: 'mbr' }), '--out', out]).status).toBe(0)
      const { device } = card(DISK_BYTES + 12 * MIB)
      flashed([join(out, 'disk.img/disk.img'), device, '--grow'])
      const { places } = judge(device, 'dos')
      expect(places[1]!.start + places[1]!.length).toBe(DISK_BYTES + 12 * MIB)
    })

    it('sectors of 4096 bytes: the config for them, and no other', () => {
      const { device } = card(DISK_BYTES, '--sector-size', '4096')
      const wrong = flash([board, device])
      expect(wrong.status).toBe(4)
      expect(wrong.stderr).toContain('planned for sectors of 512 bytes, the device has sectors of 4096')
      flashed([config('native', { more: 'sector_size: 4096\n' }), device])
      judge(device, 'gpt', 4096)
    })

    it('a disk without a table, over one that had a GPT', () => {
      const { device } = card(DISK_BYTES)
      flashed([board, device])
      const plain = join(project, 'plain.yaml')
      writeFileSync(
        plain,
        'image: disk.img\nsize: 24MiB\ntable: none\npartitions:\n  - { name: root, size: 14MiB, fs: ext4/root }\n',
      )
      flashed([plain, device])
      expect(runTool('e2fsck', ['-fn', device])).toMatchObject({ status: 0 })
      expect(tool('blkid', '-p', '-o', 'value', '-s', 'TYPE', device).trim()).toBe('ext4')
      expect(runTool('blkid', ['-p', '-o', 'value', '-s', 'PTTYPE', device]).stdout).toBe('')
    })

    it('refuses a smaller card, with numbers; nothing is written', () => {
      const { device } = card(DISK_BYTES - 512)
      const { status, stderr, stdout } = flash([board, device])
      expect(status).toBe(6)
      expect(stderr).toMatch(/has 25165312 bytes .* the image needs 25165824 .*: 512 more/)
      expect(stdout).toBe('')
      expect(bytesAt(device, 0, DISK_BYTES - 512).every((byte) => byte === USED)).toBe(true)
    })

    it('refuses a mounted device by its mount', () => {
      const { device } = card(DISK_BYTES)
      tool('mke2fs', '-q', '-t', 'ext4', device)
      const mountPoint = join(folder, 'mounted')
      mkdirSync(mountPoint)
      tool('mount', device, mountPoint)
      try {
        const { status, stderr } = flash([board, device])
        expect(status).toBe(6)
        expect(stderr).toContain(`${device} is mounted at ${mountPoint}`)
      } finally {
        tool('umount', mountPoint)
      }
    })

    it('refuses what another program has for itself, which lsblk does not know', async () => {
      const { device } = card(DISK_BYTES)
      const script = `import os, sys, time\nos.open("${device}", os.O_RDWR | os.O_EXCL)\nprint("open", flush=True)\ntime.sleep(60)`
      const other = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      try {
        await new Promise((resolve) => other.stdout!.once('data', resolve))
        const { status, stderr } = flash([board, device])
        expect(status).toBe(6)
        expect(stderr).toContain(`Cannot open ${device}: another program or mount uses it`)
        expect(bytesAt(device, 0, 4096).every((byte) => byte === USED)).toBe(true)
      } finally {
        other.kill()
      }
    })

    it('tells the byte at which a device fails, and claims nothing', () => {
      // A loop device whose file has no room left answers as a dying card does.
      const small = join(folder, 'small')
      mkdirSync(small)
      tool('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small)
      let device: string | undefined
      try {
        const file = join(small, 'card')
        writeFileSync(file, '')
        truncateSync(file, DISK_BYTES)
        device = tool('losetup', '--find', '--show', file).trim()
        const { status, stdout, stderr } = flash([board, device])
        expect(status).toBe(6)
        expect(stderr).toMatch(new RegExp(`error: Cannot write ${device} at byte \\d+: (EIO|ENOSPC)`))
        expect(stderr).toMatch(/has no partition table now|could not be wiped/)
        expect(stdout).toBe('')
        expect(bytesAt(device, 0, MIB).every((byte) => byte === 0)).toBe(true)
      } finally {
        if (device !== undefined) tool('losetup', '--detach', device)
        tool('umount', small)
      }
    })

    it('refuses a read-only device and a built-in one', () => {
      const { device } = card(DISK_BYTES, '--read-only')
      const readOnly = flash([board, device])
      expect(readOnly.status).toBe(6)
      expect(readOnly.stderr).toContain(`${device} is read-only`)
      const fixed = runCommand(['flash', board, device, '--yes'])
      expect(fixed.status).toBe(6)
      expect(fixed.stderr).toContain('is built in')
      // It would not help: the device stays read-only.
      expect(fixed.stderr).not.toContain('--allow-fixed')
    })

    it('refuses a file, a missing device, the same device twice, and to go on unasked', () => {
      const { device, file } = card(DISK_BYTES)
      expect(flash([board, file]).stderr).toContain('not a block device')
      expect(flash([board, '/dev/no-such-disk'])).toMatchObject({ status: 6 })
      expect(flash([board, device, device])).toMatchObject({ status: 2 })
      const unasked = runCommand(['flash', board, device, '--allow-fixed'])
      expect(unasked.status).toBe(2)
      expect(unasked.stderr).toContain('--yes')
      expect(bytesAt(device, 0, 4096).every((byte) => byte === USED)).toBe(true)
    })

    it('refuses an image whose GPT is damaged, or that holds nothing to grow', () => {
      const { device } = card(DISK_BYTES + MIB)
      const damaged = join(folder, 'damaged.img')
      const bytes = readFileSync(image)
      bytes[1024 + 5]! ^= 1
      writeFileSync(damaged, bytes)
      const broken = flash([damaged, device])
      expect(broken.status).toBe(5)
      expect(broken.stderr).toMatch(/PartitionEntryArrayCRC32 is 0x[0-9a-f]{8}, its bytes give 0x/)
      const blank = join(folder, 'blank.img')
      writeFileSync(blank, '')
      truncateSync(blank, MIB)
      const empty = flash([blank, device])
      expect(empty.status).toBe(5)
      expect(empty.stderr).toContain('it is a file of nothing but zeros')
      const grown = flash([blank, device, '--grow', '--as-is'])
      expect(grown.status).toBe(5)
      expect(grown.stderr).toContain('no partition table')
    })

    it('lists the devices of this machine', () => {
      const { device } = card(DISK_BYTES)
      const text = runCommand(['devices'])
      expect(text.status).toBe(0)
      expect(text.stdout).toContain(`${device} is built in`)
      const lines = runCommand(['devices', '--json']).stdout.trim().split('\n')
      const found = lines.map((line) => JSON.parse(line) as { path: string; refusals: { reason: string }[] })
      expect(found.find(({ path }) => path === device)?.refusals.map(({ reason }) => reason)).toEqual(['fixed'])
      expect(found.flatMap(({ refusals }) => refusals.map(({ reason }) => reason))).toContain('running-system')
    })
  },
  { root: true },
)
