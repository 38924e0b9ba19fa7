/** Ctrl-C in the middle of a real flash: exit code 130, a card without a partition table, and the next flash succeeds. */
import { closeSync, mkdirSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand, startCommand } from '../support/diskloom.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const DISK_BYTES = 260 * MIB

describeWithTools(
  'an interrupted flash',
  ['losetup', 'lsblk', 'sgdisk'],
  () => {
    const scratch = scratchFolder()

    it.each(['write', 'verify'])('in the phase "%s"', async (phase) => {
      const folder = join(scratch, phase)
      mkdirSync(folder)
      // Long enough to be interrupted; a raw payload is carried whole, whatever its file has as holes.
      writeFileSync(join(folder, 'payload'), '')
      truncateSync(join(folder, 'payload'), 256 * MIB)
      const config = join(folder, 'board.yaml')
      writeFileSync(
        config,
        'image: disk.img\nsize: 260MiB\ntable: gpt\npartitions:\n  - { name: data, fs: payload, size: 256MiB }\n',
      )
      const card = join(folder, 'card')
      writeFileSync(card, '')
      truncateSync(card, DISK_BYTES)
      await withDevice(card, async (device) => {
        // What an earlier flash left there must not be found again.
        tool('sgdisk', '--new=1:0:0', device)
        const child = startCommand(['flash', config, device, '--yes', '--allow-fixed', '--json'])
        let stdout = ''
        child.stdout!.on('data', (chunk) => {
          const seen = stdout.includes(`"phase":"${phase}"`)
          stdout += chunk
          if (!seen && stdout.includes(`"phase":"${phase}"`)) child.kill('SIGINT')
        })
        const status = await new Promise((resolve) => child.once('close', resolve))
        expect(stdout).toContain(`${device} has no partition table now: flash it again before use`)
        expect(status).toBe(130)
        expect(stdout).not.toContain('"event":"receipt"')
        for (const start of [0, DISK_BYTES - MIB]) expect(bytesAt(card, start).every((byte) => byte === 0)).toBe(true)

        expect(runCommand(['flash', config, device, '--yes', '--allow-fixed', '--no-verify'])).toMatchObject({
          status: 0,
        })
        expect(tool('sgdisk', '--verify', device)).toContain('No problems found')
      })
    })
  },
  { root: true },
)

async function withDevice(path: string, use: (device: string) => Promise<void>): Promise<void> {
  const device = tool('losetup', '--find', '--show', path).trim()
  try {
    await use(device)
  } finally {
    tool('losetup', '--detach', device)
  }
}

/** The MiB from `offset` on. */
function bytesAt(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(MIB)
    readSync(fd, bytes, 0, MIB, offset)
    return bytes
  } finally {
    closeSync(fd)
  }
}
