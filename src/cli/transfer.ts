/** How far a transfer is, as text: bytes, rate, time left. */
import { formatSize } from '../bytes/format-size.js'

/** With the text, a line of 80. */
const BAR_CELLS = 16
/** Before this a rate says nothing. */
const SETTLE_SECONDS = 0.3

export class Transfer {
  readonly #started = performance.now()
  #doneBytes = 0
  #totalBytes = 0

  update({ doneBytes, totalBytes }: { readonly doneBytes: number; readonly totalBytes: number }): void {
    this.#doneBytes = doneBytes
    this.#totalBytes = totalBytes
  }

  /** `34.2 MiB of 76 MiB (45%), 210 MiB/s, 2 s left` */
  text(): string {
    const percent = Math.floor(this.#fraction() * 100)
    const amount = `${formatSize(this.#doneBytes)} of ${formatSize(this.#totalBytes)} (${percent}%)`
    const seconds = this.#seconds()
    if (seconds < SETTLE_SECONDS || this.#doneBytes === 0) return amount
    const left = Math.ceil(((this.#totalBytes - this.#doneBytes) / this.#doneBytes) * seconds)
    return `${amount}, ${this.#rate(seconds)}${left > 0 ? `, ${formatSeconds(left)} left` : ''}`
  }

  bar(): string {
    const filled = Math.floor(this.#fraction() * BAR_CELLS)
    return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)}`
  }

  /** `76 MiB in 0.9 s, 84 MiB/s`; '' where nothing was moved. */
  summary(): string {
    if (this.#doneBytes === 0) return ''
    const seconds = this.#seconds()
    return `${formatSize(this.#doneBytes)} in ${formatSeconds(seconds)}, ${this.#rate(seconds)}`
  }

  #fraction(): number {
    return this.#totalBytes === 0 ? 1 : this.#doneBytes / this.#totalBytes
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  #rate(seconds: number): string {
    return `${formatSize(this.#doneBytes / seconds)}/s`
  }
}

/** `0.42 s`, `12 s`, `3 min 5 s` */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 && !Number.isInteger(seconds) ? seconds.toFixed(2) : Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
