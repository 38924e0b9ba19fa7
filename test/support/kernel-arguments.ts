/** How Linux splits a line of parameters, for a module or on its own command line. [Linux 6.1] lib/cmdline.c, next_arg */

/** isspace of lib/ctype.c, where 0xA0 is a blank. */
const BLANKS = '\t\n\v\f\r \xa0'

/**
 * Returns each parameter with its value, undefined where there is none. One character a byte. Written from the documented
 * behaviour: blanks outside of double quotes separate; the first `=` ends the name; quotes are taken off where a value
 * begins with one and the parameter ends with one; a quote before the name quotes the whole parameter; nothing escapes.
 */
export function nextArguments(line: string): [name: string, value: string | undefined][] {
  const found: [string, string | undefined][] = []
  let at = 0
  const skipBlanks = (): void => {
    while (at < line.length && BLANKS.includes(line[at]!)) at++
  }
  for (skipBlanks(); at < line.length; skipBlanks()) {
    const isQuoted = line[at] === '"'
    let inQuotes = isQuoted
    if (isQuoted) at++
    const start = at
    for (; at < line.length && (inQuotes || !BLANKS.includes(line[at]!)); at++)
      if (line[at] === '"') inQuotes = !inQuotes
    let text = line.slice(start, at)
    const equals = text.indexOf('=')
    let value = equals > 0 ? text.slice(equals + 1) : undefined
    if (value?.startsWith('"')) value = value.endsWith('"') ? value.slice(1, -1) : value.slice(1)
    if (isQuoted && text.endsWith('"')) {
      text = text.slice(0, -1)
      if (value?.endsWith('"')) value = value.slice(0, -1)
    }
    found.push([equals > 0 ? text.slice(0, equals) : text, value])
  }
  return found
}
