/** For "did you mean": the word that was probably meant. */

/** One slip in every three letters, at least one: `gtp` → `gpt`, `partition` → `partitions`, but `foo` ↛ `fat`. */
const LETTERS_PER_SLIP = 3

/** The candidate with the fewest slips (letters missing, added, changed, or two neighbours swapped), case aside. */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase()
  let nearest: string | undefined
  let fewest = Math.max(1, Math.floor(word.length / LETTERS_PER_SLIP)) + 1
  for (const candidate of candidates) {
    const slips = editDistance(lower, candidate.toLowerCase())
    if (slips < fewest) {
      nearest = candidate
      fewest = slips
    }
  }
  return nearest
}

/** A hint for an error, where a word comes near enough. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const nearest = nearestWord(word, candidates)
  return nearest === undefined ? undefined : `Did you mean "${nearest}"?`
}

/** Optimal string alignment distance. O(n·m); long texts are no typos of words, so their length alone decides. */
function editDistance(a: string, b: string): number {
  const tooFar = Math.abs(a.length - b.length)
  if (tooFar > b.length) return tooFar
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let slips = Math.min(change, last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        slips = Math.min(slips, beforeLast[j - 2]! + 1)
      row.push(slips)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
