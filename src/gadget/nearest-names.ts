import { nearestWord } from '../bytes/nearest.js'

const MOST = 3

/** The names of `known` that somebody who wrote `name` may have meant: at most three, the nearest first. */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const left = new Set(known)
  const near: string[] = []
  while (near.length < MOST) {
    const next = nearestWord(name, left)
    if (next === undefined) break
    near.push(next)
    left.delete(next)
  }
  return near
}
