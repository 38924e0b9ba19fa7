/**
 * A PC under QEMU with nothing but a serial console and virtio disks. The processor is interpreted (TCG), so that it runs
 * where KVM does not; no network, no display, no clock of the host.
 *
 * No QEMU outlives its test: `withMachine` kills it on the way out, its deadline does where a guest hangs, the end of the
 * test runner does (which leaves its workers behind when it gets a signal), and the kernel does (setpriv --pdeathsig) when
 * the worker itself is gone before any of these.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** Minutes, not seconds: a boot takes 4 s here alone, and ten times that on a machine that does seven other things. */
export const DEADLINE_MS = 240_000
/** For vitest: later than the machine's own deadline, whose message says more. */
export const TEST_TIMEOUT_MS = DEADLINE_MS + 60_000
/** The tail of the console that an error shows. */
const SHOWN_CHARACTERS = 3000

export interface Disk {
  readonly path: string
  /** Logical sectors in bytes; default 512. */
  readonly sectorSize?: number
  /** The guest may write; default false. */
  readonly writable?: boolean
}

export interface MachineOptions {
  /** `pc` or `q35`. */
  readonly board: 'pc' | 'q35'
  readonly memoryMib: number
  /** virtio disks in this order: /dev/vda, /dev/vdb … to Linux, `virtio 0`, `virtio 1` … to U-Boot. */
  readonly disks?: readonly Disk[]
  /** -kernel, -bios and the like. */
  readonly args?: readonly string[]
}

/** Starts a machine, hands it to `use`, and has it gone when the promise settles. */
export async function withMachine<T>(options: MachineOptions, use: (machine: Machine) => Promise<T>): Promise<T> {
  const machine = new Machine(options)
  try {
    return await use(machine)
  } finally {
    await machine.kill()
  }
}

/** A running QEMU and what its serial console has said. */
export class Machine {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #deadline: NodeJS.Timeout
  readonly #ended: Promise<void>
  readonly #stop = (): boolean => this.#process.kill('SIGKILL')
  #console = ''
  #stderr = ''
  /** Where `waitFor` looks next. */
  #seen = 0
  #over: 'deadline' | 'exit' | undefined
  #wake: (() => void) | undefined

  constructor(options: MachineOptions) {
    const args = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...commandLine(options)]
    this.#process = spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#process.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#console += text
      this.#wake?.()
    })
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    // A guest that powers off while it is written to is no error of the test.
    this.#process.stdin.on('error', () => {})
    process.on('disconnect', this.#stop)
    this.#deadline = setTimeout(() => {
      this.#over = 'deadline'
      this.#stop()
    }, DEADLINE_MS)
    this.#ended = new Promise((resolve) => {
      const end = (error?: Error): void => {
        clearTimeout(this.#deadline)
        process.off('disconnect', this.#stop)
        this.#over ??= 'exit'
        if (error instanceof Error) this.#stderr += error.message
        this.#wake?.()
        resolve()
      }
      this.#process.on('close', () => end())
      this.#process.on('error', end)
    })
  }

  /** Everything that the serial console has said, one character a byte, without carriage returns and escape sequences. */
  get console(): string {
    return plain(this.#console)
  }

  send(text: string): void {
    this.#process.stdin.write(text)
  }

  /** What the console says from the last match to the end of the next one of `pattern`. Throws when the machine ends first. */
  async waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.#console.slice(this.#seen))
      if (match !== null) {
        const end = this.#seen + match.index + match[0].length
        const said = this.#console.slice(this.#seen, end)
        this.#seen = end
        return plain(said)
      }
      if (this.#over !== undefined) throw this.#failure(`before ${pattern}`)
      await this.#change()
    }
  }

  /** Waits until the guest has powered itself off; throws when it does not. */
  async waitForPowerOff(): Promise<void> {
    while (this.#over === undefined) await this.#change()
    await this.#ended
    if (this.#over === 'deadline' || this.#process.exitCode !== 0) throw this.#failure('before it powered off')
  }

  async kill(): Promise<void> {
    this.#stop()
    await this.#ended
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #failure(when: string): Error {
    const how = this.#over === 'deadline' ? `was stopped after ${DEADLINE_MS / 1000} s` : 'ended'
    return new Error(`QEMU ${how} ${when}; ${this.#stderr}\nits console:\n${this.console.slice(-SHOWN_CHARACTERS)}`)
  }
}

function commandLine({ board, memoryMib, disks = [], args = [] }: MachineOptions): string[] {
  return [
    ...['-machine', board, '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(memoryMib)],
    ...['-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'],
    ...disks.flatMap(({ path, sectorSize = 512, writable = false }, index) => [
      // Commas in a value are doubled. "unsafe": the guest's flushes need not reach the medium, only the file.
      '-drive',
      `if=none,id=disk${index},format=raw,cache=unsafe,readonly=${writable ? 'off' : 'on'},file=${path.replaceAll(',', ',,')}`,
      '-device',
      `virtio-blk-pci,drive=disk${index},logical_block_size=${sectorSize},physical_block_size=${sectorSize}`,
    ]),
    ...args,
  ]
}

const ESCAPE_SEQUENCES = /\x1b(?:\[[0-9;?=]*[A-Za-z]|[0-9=>c])|\r/g

function plain(text: string): string {
  return text.replace(ESCAPE_SEQUENCES, '')
}
