import type { PictureFact } from './disk-picture.js'

/** A volume's own figures: name, with underscores, and value. */
export type Figures = Readonly<Record<string, string | number | readonly string[]>>

/** What there is to say, without what has no value. */
export function factsOf(facts: Iterable<readonly [name: string, value: string | undefined]>): PictureFact[] {
  return Array.from(facts).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]))
}

export function figuresOf(figures: Figures): [name: string, value: string][] {
  return Object.entries(figures).map(([name, value]) => [
    name.replaceAll('_', ' '),
    typeof value === 'object' ? value.join(' ') : String(value),
  ])
}

export function flagWords({ bootable, logical }: { readonly bootable: boolean; readonly logical: boolean }): string {
  return [...(bootable ? ['boot'] : []), ...(logical ? ['logical'] : [])].join(', ')
}
