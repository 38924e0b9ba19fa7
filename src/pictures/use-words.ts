import type { DiskPicture, StretchUse } from './disk-picture.js'

const USE_WORDS: Readonly<Record<StretchUse, string>> = {
  table: 'partition table',
  metadata: 'metadata',
  data: 'data',
  zero: 'zeros, written',
  fill: 'fill (0xFF), written',
}

const REST_WORDS: Readonly<Record<DiskPicture['rest'], string>> = {
  unspecified: 'unspecified, not written',
  free: 'free, or not known',
}

/** For people, as the legends have them. */
export function useWords(use: StretchUse | 'rest', { rest }: Pick<DiskPicture, 'rest'>): string {
  return use === 'rest' ? REST_WORDS[rest] : USE_WORDS[use]
}
