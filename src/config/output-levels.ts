export interface OutputLevels {
  readonly least: number
  readonly most: number
  /** Where none is asked. */
  readonly usual: number
}

/** How hard the formats of `outputs:` compress, each in its own count. Those that are not here have no choice. */
export const OUTPUT_LEVELS = {
  /** As dense as zip's 6 (outputs/deflate-encoder.ts). */
  zip: { least: 0, most: 9, usual: 5 },
  gz: { least: 0, most: 9, usual: 5 },
  xz: { least: 0, most: 9, usual: 6 },
  /** What zstd takes without --ultra. */
  zst: { least: 1, most: 19, usual: 3 },
  /** Not compressed: QEMU reads such clusters straight from the file. */
  qcow2: { least: 0, most: 9, usual: 0 },
} satisfies Readonly<Record<string, OutputLevels>>

export function levelsOf(format: string): OutputLevels | undefined {
  const levels: Readonly<Partial<Record<string, OutputLevels>>> = OUTPUT_LEVELS
  return levels[format]
}
