/** How far each device is: a line a device, redrawn in place on a terminal; in a log a line every few seconds. */
import { visibleWord } from '../bytes/visible-text.js'
import type { FlashEvent } from '../flash.js'
import { columnsOf, type Terminal } from './terminal.js'
import { Throttle } from './throttle.js'
import { Transfer } from './transfer.js'

const REDRAW_INTERVAL_MS = 100
const LOG_INTERVAL_MS = 5000

type DevicePhase = Extract<FlashEvent, { kind: 'flash-phase' }>['phase']

const TITLES: Readonly<Record<DevicePhase, string>> = {
  wipe: 'wiping the old table',
  zero: 'zeroing',
  write: 'writing',
  verify: 'reading back',
  table: 'writing the table',
  grow: 'growing the file system',
}

interface DeviceState {
  title: string
  transfer: Transfer | undefined
}

export class FlashProgress {
  readonly #terminal: Terminal
  readonly #redraws: boolean
  readonly #states = new Map<string, DeviceState>()
  #throttle: Throttle
  #drawnLines = 0

  constructor(terminal: Terminal) {
    const { stderr, environment } = terminal
    this.#terminal = terminal
    this.#redraws =
      stderr.isTTY === true && stderr.columns !== 0 && environment.TERM !== 'dumb' && environment.CI !== 'true'
    this.#throttle = new Throttle(this.#redraws ? REDRAW_INTERVAL_MS : LOG_INTERVAL_MS)
  }

  event(event: FlashEvent): void {
    switch (event.kind) {
      case 'phase':
        this.#terminal.stderr.line(event.title)
        return
      case 'flash-phase':
        this.#states.set(event.device, { title: TITLES[event.phase], transfer: undefined })
        this.#changed(event.device)
        return
      case 'flash-progress': {
        const state = this.#states.get(event.device)
        if (state === undefined) return
        state.transfer ??= new Transfer()
        state.transfer.update(event)
        if (!this.#throttle.passes()) return
        if (this.#redraws) this.#draw()
        else for (const device of this.#states.keys()) this.#terminal.stderr.line(this.#line(device))
        return
      }
      case 'flashed':
        this.#states.set(event.receipt.device.path, { title: 'done', transfer: undefined })
        this.#changed(event.receipt.device.path)
    }
  }

  /** Ends the display; nothing is drawn after it. */
  finish(): void {
    this.#drawnLines = 0
  }

  #changed(device: string): void {
    if (this.#redraws) this.#draw()
    else this.#terminal.stderr.line(this.#line(device))
  }

  #line(device: string): string {
    const { title, transfer } = this.#states.get(device)!
    return `${device}  ${title}${transfer === undefined ? '' : `: ${transfer.text()}`}`
  }

  /** Back to the first of the lines drawn before, each cleared and cut to the width. */
  #draw(): void {
    const { stderr, environment } = this.#terminal
    const columns = columnsOf(stderr, environment) - 1
    const lines = [...this.#states.keys()].map((device) => visibleWord(this.#line(device)).slice(0, columns))
    stderr.redraw(this.#drawnLines, lines)
    this.#drawnLines = lines.length
  }
}
