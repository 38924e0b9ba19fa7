/** `value` as one word of a POSIX shell. [POSIX XCU §2.2.2]: nothing is special between single quotes but their end. */
export function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
