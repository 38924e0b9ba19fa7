/**
 * A rule for Make and Ninja: the result, and what it depends on. Each input also is a target without a rule of its own (as
 * gcc -MP writes it), so that a file that is gone makes the result old instead of stopping make.  [GNU make §4.2, §4.14]
 */
import { sep } from 'node:path'
import { FormatError } from '../errors.js'

/** `target` and inputs are absolute; those below `base` are written relative to it, as build rules name them. */
export function depfileText(target: string, inputs: readonly (string | Buffer)[], base: string): Uint8Array {
  const names = inputs.map((path) => escapeName(relativeTo(path, base)))
  const rule = [escapeName(relativeTo(target, base)), ...names].join(names.length === 0 ? '' : ' \\\n  ')
  const first = rule.replace(' \\\n  ', names.length === 0 ? '' : ': \\\n  ')
  const phony = names.filter((name) => !name.includes('%')).map((name) => `\n${name}:\n`)
  return Buffer.from(`${first}\n${phony.join('')}`, 'latin1')
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
 * What both read back as the same name: a backslash before a blank or #, with the backslashes before those doubled, and $$ for
 * the sign of a variable. A name with a newline cannot be written at all.
 */
function escapeName(name: string): string {
  if (/[\n\r\0]/.test(name)) {
    throw new FormatError(
      `Cannot write ${JSON.stringify(name)} into a depfile: it holds a newline, which Make and Ninja cannot read`,
    )
  }
  return name
    .replace(/\$/g, '$$$$')
    .replace(/(\\*)([ \t#])/g, '$1$1\\$2')
    .replace(/:/g, '\\:')
}
