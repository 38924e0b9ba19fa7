/** A PC with UEFI firmware (OVMF) under QEMU. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Disk, type Machine, withMachine } from './qemu-machine.js'

/** Of the package ovmf. The variables are the machine's own memory: each boot has a fresh copy. */
const CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd'
const VARIABLES = '/usr/share/OVMF/OVMF_VARS_4M.fd'

/** Boots from the disks as firmware does that knows none of them: by EFI/BOOT/BOOTX64.EFI, else its own shell. */
export function withUefi<T>(
  scratch: string,
  disks: readonly Disk[],
  use: (machine: Machine) => Promise<T>,
): Promise<T> {
  const variables = join(scratch, 'variables.fd')
  copyFileSync(VARIABLES, variables)
  const flash = [`readonly=on,file=${CODE}`, `file=${variables}`]
  const args = flash.flatMap((options) => ['-drive', `if=pflash,format=raw,${options}`])
  return withMachine({ board: 'q35', memoryMib: 512, disks, args }, use)
}
