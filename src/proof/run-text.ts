/**
 * What an image specifies, as the manifest writes it: one text for each run, `OFFSET+LENGTH` for data and
 * `OFFSET+LENGTH:0xBB` for a fill of that byte, in decimal bytes relative to the stretch.
 */
import type { RunOutline } from '../image/mapped-digest.js'

/** Also in the JSON Schema. */
export const RUN_PATTERN = /^(\d+)\+(\d+)(?::0x([0-9a-f]{2}))?$/

export function runText({ offset, length, fill }: RunOutline): string {
  return `${offset}+${length}${fill === undefined ? '' : `:0x${fill.toString(16).padStart(2, '0')}`}`
}

/** `text` matches RUN_PATTERN. */
export function parseRun(text: string): RunOutline {
  const [, offset, length, fill] = RUN_PATTERN.exec(text)!
  return {
    offset: Number(offset),
    length: Number(length),
    fill: fill === undefined ? undefined : Number.parseInt(fill, 16),
  }
}
