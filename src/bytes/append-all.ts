/**
 * Puts `items` at the end of `list`. `list.push(...items)` hands each as an argument over the stack, which overflows at about
 * 120,000 of them; so lists whose length comes from an input are joined by this.
 */
export function appendAll<T>(list: T[], items: Iterable<T>): void {
  for (const item of items) list.push(item)
}
