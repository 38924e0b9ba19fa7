/** U-Boot on a PC under QEMU, spoken to over its serial console. */
import { type Disk, type Machine, withMachine } from './qemu-machine.js'

/** Of the package u-boot-qemu; has virtio, GPT, FAT and ext4 with writing. */
export const UBOOT_ROM = '/usr/lib/u-boot/qemu-x86_64/u-boot.rom'
/** Where files are loaded: well above U-Boot itself. */
export const LOAD_ADDRESS = '1000000'
const PROMPT = /\n=> $/

/** Boots to the prompt with the disks as `virtio 0`, `virtio 1` …, and has the machine gone when the promise settles. */
export function withUBoot<T>(disks: readonly Disk[], use: (uboot: UBoot) => Promise<T>): Promise<T> {
  // It reads a disk's partition table on either board, but waits for minutes for the SATA links of a q35.
  return withMachine({ board: 'pc', memoryMib: 512, disks, args: ['-bios', UBOOT_ROM] }, async (machine) => {
    await machine.waitFor(/Hit any key to stop autoboot/)
    machine.send(' ')
    await machine.waitFor(PROMPT)
    const uboot = new UBoot(machine)
    await uboot.command('virtio scan')
    return use(uboot)
  })
}

/** Bytes of a file, or a word for everything else. */
export type UBootEntry = number | string

export class UBoot {
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** What a command prints, without its echo. */
  async command(text: string): Promise<string> {
    this.#machine.send(`${text}\n`)
    const said = await this.#machine.waitFor(PROMPT)
    return said.slice(said.indexOf('\n') + 1, said.lastIndexOf('=> ')).trimEnd()
  }

  /** CRC-32 of a file that U-Boot has loaded, or everything that it said where it could not. `volume`: `virtio 0:1`. */
  async crc32(volume: string, path: string): Promise<number | string> {
    const load = `load ${volume} ${LOAD_ADDRESS} "${path}"`
    const said = await this.command(`${load} && crc32 ${LOAD_ADDRESS} \${filesize}`)
    const digits = /==> ([0-9a-f]{8})$/.exec(said)?.[1]
    return digits === undefined ? said : Number.parseInt(digits, 16)
  }

  /** What stands in a directory, by name (one character a byte). */
  async list(volume: string, path: string): Promise<Map<string, UBootEntry>> {
    const said = await this.command(`ls ${volume} "${path}"`)
    const entries = new Map<string, UBootEntry>()
    for (const line of said.split('\n')) {
      const ext = /^(<...>| {5}) ([ \d]{10}) (.*)$/.exec(line)
      const fatFolder = /^ {12,}(.*)\/$/.exec(line)
      const fatFile = /^([ \d]{9}) {3}(.*)$/.exec(line)
      if (ext !== null) entries.set(ext[3]!, EXT_WORDS[ext[1]!] ?? Number(ext[2]))
      else if (fatFolder !== null) entries.set(fatFolder[1]!, 'directory')
      else if (fatFile !== null) entries.set(fatFile[2]!, Number(fatFile[1]))
    }
    entries.delete('.')
    entries.delete('..')
    return entries
  }
}

const EXT_WORDS: Readonly<Record<string, UBootEntry>> = { '<DIR>': 'directory', '<SYM>': 'symlink', '< ? >': 'special' }
