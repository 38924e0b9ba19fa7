/** Disks of other virtual machines, through qemu-img where the host has it. */
import { IoError } from '../errors.js'
import type { ProgramRunner } from './group-compressor.js'

export type QemuFormat = 'vmdk' | 'vdi' | 'vhdx'

export const QEMU_IMG = 'qemu-img'

/** Makes `target` of a finished raw or qcow2 file. IoError where qemu-img is missing (naming its package) or fails. */
export async function convertByQemuImg(
  runner: ProgramRunner,
  source: { readonly path: string; readonly format: 'raw' | 'qcow2' },
  target: { readonly path: string; readonly format: QemuFormat },
  signal: AbortSignal | undefined,
): Promise<void> {
  const args = ['convert', '-f', source.format, '-O', target.format, source.path, target.path]
  const { status, stderr } = await runner.run(QEMU_IMG, args, signal === undefined ? {} : { signal })
  if (status === 0) return
  const reason = stderr.trim().split('\n').at(-1) || `it ended with ${status}`
  throw new IoError(`Cannot make ${target.path} with ${QEMU_IMG}: ${reason}`, { details: { args, status } })
}
