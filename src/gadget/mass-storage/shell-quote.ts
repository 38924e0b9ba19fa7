/** `value` as one word of a POSIX shell. [POSIX XCU §2.2.2]: nothing is special between single quotes but their end. */
export function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}

/** Returns `word` as one word of a shell: bare where nothing in it is special. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shellQuote(word)
}
