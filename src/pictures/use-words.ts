import type { StretchUse } from './disk-picture.js'

/** For people, as the legends have them. */
export const USE_WORDS: Readonly<Record<StretchUse | 'rest', string>> = {
  table: 'partition table',
  metadata: 'metadata',
  data: 'data',
  zero: 'zeros, written',
  fill: 'fill (0xFF), written',
  rest: 'unspecified, not written',
}
