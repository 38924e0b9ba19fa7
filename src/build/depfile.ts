/**
 * A rule for Make and Ninja: the result, and what it depends on. Each input also is a target without a rule of its own (as
 * gcc -MP writes it), so that a file that is gone makes the result old instead of stopping make.  [GNU make §4.2, §4.14]
 */
import { sep } from 'node:path'
import type { Warning } from '../errors.js'

export interface Depfile {
  readonly bytes: Uint8Array
  /** For each name that the two tools have no way to write: its change is not noticed. */
  readonly warnings: readonly Warning[]
}

/** `target` and inputs are absolute; those below `base` are written relative to it, as build rules name them. */
export function planDepfile(target: string, inputs: readonly (string | Buffer)[], base: string): Depfile {
  const warnings: Warning[] = []
  const names = [target, ...inputs].flatMap((path) => {
    const name = relativeTo(path, base)
    if (isWritable(name)) return [escapeName(name)]
    const shown = Buffer.from(name, 'latin1').toString('utf8')
    warnings.push({
      finding: 'depfile-name',
      message: `Cannot name ${JSON.stringify(shown)} in the depfile: Make and Ninja have no way to write such a name`,
      hint: 'A change of it alone does not start a build. diskloom inputs lists it.',
    })
    return []
  })
  const [result = '', ...needed] = names
  const rule = `${result}:${needed.map((name) => ` \\\n  ${name}`).join('')}\n`
  // With a % it would be a rule for a pattern.
  const phony = needed.filter((name) => !name.includes('%')).map((name) => `\n${name}:\n`)
  return { bytes: Buffer.from(`${rule}${phony.join('')}`, 'latin1'), warnings }
}

/** One character a byte. */
function relativeTo(path: string | Buffer, base: string): string {
  const text = latin1(path)
  const folder = `${latin1(base)}${base.endsWith(sep) ? '' : sep}`
  return text.startsWith(folder) ? text.slice(folder.length) : text
}

function latin1(path: string | Buffer): string {
  return Buffer.from(path as string).toString('latin1')
}

/**
 * Found by trial with GNU make 4.3 and Ninja 1.11: a name ends for Ninja at `' " & * ? < > ^ ; |` and a backquote, whatever
 * stands before them; make takes `=` for an assignment and `(…)` at the end for a member of an archive.
 */
function isWritable(name: string): boolean {
  return !/[\x00-\x1f\x7f'"`&*?<>^;|=]|\)$|\\(?:[#:]|$)/.test(name)
}

/** A backslash before a blank, # or colon, with the backslashes before those doubled, and $$ for the sign of a variable. */
function escapeName(name: string): string {
  return name
    .replace(/\$/g, '$$$$')
    .replace(/(\\*)([ #])/g, '$1$1\\$2')
    .replace(/:/g, '\\:')
}
