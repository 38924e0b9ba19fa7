/** A device that breaks at the n-th operation, vanishes, is slow or forgets: then there is no partition table, and an error says so. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { DiskloomError } from '../../src/errors.js'
import { type WriteDeviceOptions, writeDevice } from '../../src/flash/write-device.js'
import { ImageBuilder } from '../../src/image/extent.js'
import { INLINE_THREADS } from '../../src/outputs/threads.js'
import { deviceError, MemoryDevice, type MemoryDeviceOptions, USED } from '../support/memory-device.js'

const MIB = 1 << 20
const SIZE = 12 * MIB
const HEAD = randomBytes(20_480)
const TAIL = randomBytes(16_896)
const BODY = randomBytes(5 * MIB)
const ZEROS = { offset: 8 * MIB, length: 2 * MIB }
/** What every run ends up with when nothing fails: table, a body, zeros, nothing, table. */
const image = new ImageBuilder(SIZE)
  .bytes(0, HEAD)
  .bytes(2 * MIB, BODY)
  .fill(ZEROS.offset, ZEROS.length)
  .bytes(SIZE - TAIL.length, TAIL)
  .finish()
const partitions = [{ number: 1, name: 'root', startByte: 2 * MIB, endByte: 11 * MIB }]

function run(device: MemoryDevice, options: Partial<WriteDeviceOptions> = {}) {
  return writeDevice(device, image, { verify: true, partitions, sinks: [], threads: INLINE_THREADS, ...options })
}

async function failure(device: MemoryDevice, options: Partial<WriteDeviceOptions> = {}): Promise<DiskloomError> {
  return run(device, options).then(
    () => expect.fail('it claims success'),
    (error: DiskloomError) => error,
  )
}

/** Neither an MBR nor a GPT, at either end. */
function hasNoTable({ bytes }: MemoryDevice): boolean {
  const ends = [bytes.subarray(0, MIB), bytes.subarray(SIZE - MIB)]
  return ends.every((end) => end.every((byte) => byte === 0))
}

function assertComplete({ bytes }: MemoryDevice): void {
  const at = (offset: number, length: number) => Buffer.from(bytes.subarray(offset, offset + length))
  expect(at(0, HEAD.length).equals(HEAD)).toBe(true)
  expect(at(2 * MIB, BODY.length).equals(BODY)).toBe(true)
  expect(at(ZEROS.offset, ZEROS.length).every((byte) => byte === 0)).toBe(true)
  expect(at(SIZE - TAIL.length, TAIL.length).equals(TAIL)).toBe(true)
}

describe('writing to a device', () => {
  it('writes what is specified and nothing else, the table last', async () => {
    const device = new MemoryDevice(SIZE)
    const bytes = await run(device)
    assertComplete(device)
    expect(device.bytes.subarray(7 * MIB, 8 * MIB).every((byte) => byte === USED)).toBe(true)
    expect(device.writes.at(-1)![0]).toBe(0)
    const [head] = device.writes
    expect(head).toEqual([0, MIB])
    expect(bytes.zeroed).toBe(ZEROS.length)
    expect(bytes.written).toBe(BODY.length + 2 * (64 << 10))
    expect(bytes.verified).toBe(bytes.written + bytes.zeroed)
  })

  it('fails at every operation, one after the other, and leaves no table', async () => {
    const whole = new MemoryDevice(SIZE)
    await run(whole)
    expect(whole.count).toBeGreaterThan(20)
    for (let broken = 0; broken < whole.count; broken++) {
      const device = new MemoryDevice(SIZE, {
        before(_operation, offset, count) {
          if (count === broken) throw deviceError('EIO', offset)
        },
      })
      const error = await failure(device)
      expect(error.code, `operation ${broken}`).toBe('IO')
      expect(error.message).toMatch(/at byte \d+: EIO/)
      expect(error.details.errno).toBe('EIO')
      // The first three are the wiping itself: what it did not reach is as it was, and nothing new is there.
      if (broken < 3) continue
      expect(hasNoTable(device), `operation ${broken}`).toBe(true)
      expect(error.hint).toContain('has no partition table now')
    }
  })

  it.each(['ENODEV', 'EIO'])('vanishes at an operation (%s), and all after it fail', async (errno) => {
    for (const gone of [5, 9, 12]) {
      const device = new MemoryDevice(SIZE, {
        before(_operation, offset, count) {
          if (count >= gone) throw deviceError(errno, offset)
        },
      })
      const error = await failure(device)
      expect(error.code).toBe('IO')
      expect(error.hint).toContain('could not be wiped after that')
      expect(hasNoTable(device)).toBe(true)
    }
  })

  it('is interrupted in every phase', async () => {
    for (const phase of ['zero', 'write', 'verify'] as const) {
      const controller = new AbortController()
      const device = new MemoryDevice(SIZE)
      const onPhase = (now: string): void => {
        if (now === phase) controller.abort()
      }
      const error = await failure(device, { signal: controller.signal, onPhase })
      expect(error.code, phase).toBe('INTERRUPTED')
      expect(error.message).toContain('has no partition table now')
      expect(hasNoTable(device), phase).toBe(true)
    }
  })

  it('is slow and answers in any order', async () => {
    let seed = 1
    const options: MemoryDeviceOptions = {
      async before() {
        seed = (seed * 16807) % 2147483647
        await delay(seed % 7)
      },
    }
    const device = new MemoryDevice(SIZE, options)
    const progress: number[] = []
    await run(device, { onProgress: (done, total) => progress.push(done / total) })
    assertComplete(device)
    expect(Math.max(...progress)).toBe(1)
  })
})

describe('reading back', () => {
  const FLIPS: [what: string, offset: number, place: RegExp][] = [
    ['in a partition', 2 * MIB + 1_234_567, /byte 3331719 \(partition 1 "root", its byte 1234567\)/],
    ['in the first byte of the body', 2 * MIB, /its byte 0\)/],
    ['in zeros', ZEROS.offset + 77_777, /its byte 6369233\)/],
    ['in the table', 600, /byte 600 \(outside the partitions\)/],
    ['in the backup', SIZE - 100, /outside the partitions/],
  ]

  it.each(FLIPS)('finds one flipped bit %s', async (_what, offset, place) => {
    const device = new MemoryDevice(SIZE, {
      after(bytes, start, length) {
        if (offset >= start && offset < start + length && device.writes.length > 2) bytes[offset]! ^= 0x10
      },
    })
    const error = await failure(device)
    expect(error.code).toBe('IO')
    expect(error.message).toMatch(/^Cannot verify \/dev\/memory: byte \d+ \(.*\) reads back as 0x../)
    expect(error.message).toMatch(place)
    expect(error.details.offset).toBe(offset)
    expect((error.details.expected as number) ^ (error.details.found as number)).toBe(0x10)
  })

  it('is left out when it is not wanted', async () => {
    const device = new MemoryDevice(SIZE)
    const bytes = await run(device, { verify: false })
    expect(bytes.verified).toBe(0)
    assertComplete(device)
  })
})
