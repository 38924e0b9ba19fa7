/** What `flash` asks, tells and writes: the work itself is a stand-in. */
import { describe, expect, it } from 'vitest'
import { capturedTerminal } from '../../test/support/captured-terminal.js'
import type { DiskloomError } from '../errors.js'
import { IoError } from '../errors.js'
import type { FlashJob, FlashOptions, FlashReceipt, flash as realFlash } from '../flash.js'
import { runCommandLine } from './command-line.js'
import type { Services } from './services.js'

const DISK = {
  path: '/dev/sdb',
  type: 'disk',
  fsType: undefined,
  mounts: [],
  sizeBytes: 16 * 2 ** 30,
  sectorBytes: 512,
  majorMinor: '8:16',
  readOnly: false,
  removable: true,
  bus: 'usb',
  vendor: 'SanDisk',
  model: 'Ultra',
  serial: '4C53',
  nodes: [
    { path: '/dev/sdb', type: 'disk', fsType: undefined, mounts: [] },
    { path: '/dev/sdb1', type: 'part', fsType: 'vfat', mounts: [] },
  ],
  uses: [],
}
const JOB: FlashJob = {
  disk: DISK,
  source: 'board.yaml',
  image: { sizeBytes: DISK.sizeBytes, extents: [] },
  backupMoved: true,
  grown: undefined,
  partitions: [],
  growsFileSystem: false,
}
const RECEIPT: FlashReceipt = {
  receipt_version: 1,
  tool: { name: 'diskloom', version: '0' },
  source: 'board.yaml',
  release: null,
  device: {
    path: '/dev/sdb',
    vendor: 'SanDisk',
    model: 'Ultra',
    serial: '4C53',
    bus: 'usb',
    size_bytes: DISK.sizeBytes,
    sector_size: 512,
  },
  mapped_sha256: 'ab'.repeat(32),
  partitions: [],
  written_bytes: 1 << 20,
  zeroed_bytes: 2 << 20,
  verified_bytes: 3 << 20,
  backup_gpt_moved: true,
  grown_partition: null,
  started: '2026-01-01T00:00:00.000Z',
  seconds: 2,
}

/** Asks, then goes through the phases. */
async function standIn(options: FlashOptions): Promise<readonly FlashReceipt[]> {
  await options.confirm([JOB])
  const device = DISK.path
  options.onEvent?.({ kind: 'flash-phase', device, phase: 'write' })
  options.onEvent?.({ kind: 'flash-progress', device, doneBytes: 1 << 20, totalBytes: 2 << 20 })
  options.onEvent?.({ kind: 'flashed', receipt: RECEIPT })
  return [RECEIPT]
}

async function run(
  args: string[],
  { answer, flash = standIn, tty }: { answer?: string; flash?: typeof realFlash; tty?: boolean } = {},
) {
  const questions: string[] = []
  const captured = capturedTerminal(tty === undefined ? {} : { tty })
  const ask = async (question: string): Promise<string> => {
    questions.push(question)
    return answer!
  }
  const terminal = answer === undefined ? captured : { ...captured, ask }
  const services = { loadFlash: async () => ({ flash, devices: async () => [] }) } as unknown as Services
  const status = await runCommandLine(['flash', 'board.yaml', '/dev/sdb', ...args], terminal, services)
  return { status, questions, ...captured.written }
}

describe('diskloom flash', () => {
  it('shows the disk and goes on when its path is typed', async () => {
    const { status, stdout, stderr, questions } = await run([], { answer: ' /dev/sdb\n' })
    expect(status).toBe(0)
    expect(stderr).toContain('/dev/sdb  16 GiB, SanDisk Ultra, usb, serial 4C53\n  it has /dev/sdb1 (vfat)')
    expect(questions).toEqual(['Everything on /dev/sdb (SanDisk Ultra) will be lost. Type its path to go on: '])
    expect(stdout).toMatch(
      /^\/dev\/sdb {2}SanDisk Ultra, 16 GiB, serial 4C53\n {2}1 MiB written, 2 MiB of zeros, 3 MiB read back/,
    )
  })

  it.each(['', 'y', 'yes', '/dev/sdc'])('stops at the answer "%s"', async (answer) => {
    const { status, stdout, stderr } = await run([], { answer })
    expect(status).toBe(130)
    expect(stderr).toContain('Nothing was written')
    expect(stdout).toBe('')
  })

  it('wants --yes where nobody can answer', async () => {
    const { status, stderr } = await run([])
    expect(status).toBe(2)
    expect(stderr).toContain('--yes')
    expect(await run(['--yes'])).toMatchObject({ status: 0, questions: [] })
  })

  it('hands the options on', async () => {
    let seen: FlashOptions | undefined
    const flash = async (options: FlashOptions) => {
      seen = options
      return []
    }
    await run(['/dev/sdc', '--yes', '--grow', '--no-verify', '--allow-fixed', '--set', 'A=1', '--receipt', 'r'], {
      flash,
    })
    expect(seen).toMatchObject({
      source: 'board.yaml',
      devices: ['/dev/sdb', '/dev/sdc'],
      grow: true,
      verify: false,
      allowFixed: true,
      set: { A: '1' },
      receiptFile: 'r',
    })
    await run(['--yes'], { flash })
    expect(seen).toMatchObject({ grow: false, verify: true, allowFixed: false })
  })

  it('writes events as JSON, receipts among them', async () => {
    const { stdout, stderr } = await run(['--yes', '--json'])
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string })
    expect(events.map(({ event }) => event)).toEqual(['phase', 'progress', 'receipt'])
    expect(events[2]).toMatchObject({ device: { serial: '4C53' }, mapped_sha256: RECEIPT.mapped_sha256 })
    expect(stderr).toBe('')
  })

  it('tells what succeeded beside what failed', async () => {
    const flash = async (options: FlashOptions): Promise<never> => {
      await standIn(options)
      throw new IoError('Cannot write /dev/sdc at byte 4096: EIO') as DiskloomError
    }
    const { status, stdout, stderr } = await run(['/dev/sdc', '--yes'], { flash })
    expect(status).toBe(6)
    expect(stdout).toContain('/dev/sdb')
    expect(stdout).not.toContain('/dev/sdc')
    expect(stderr).toContain('Cannot write /dev/sdc at byte 4096: EIO')
  })

  it('redraws on a terminal, writes lines elsewhere', async () => {
    const drawn = await run(['--yes'], { tty: true })
    expect(drawn.stderr).toContain('\x1b[1A\x1b[2K/dev/sdb  done\n')
    const lines = await run(['--yes'])
    expect(lines.stderr).toContain('/dev/sdb  writing\n')
    expect(lines.stderr).not.toContain('\x1b')
  })
})
