/** Lists of paths in messages: all of them count, the first twenty are named. */
import { type ByteString, displayName } from '../bytes/text.js'

const NAMED = 20

/** `etc/a, etc/b and 7 more` */
export function listPaths(paths: readonly ByteString[]): string {
  return listTexts(paths.map(showPath))
}

export function listTexts(texts: readonly string[], separator = ', '): string {
  const named = texts.slice(0, NAMED).join(separator)
  return texts.length > NAMED ? `${named} and ${formatCount(texts.length - NAMED)} more` : named
}

export function showPath(path: ByteString): string {
  return path === '' ? '/' : displayName(path)
}

/** `1 file`, `2,000 files` */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`
}

/** Digits in groups of three, the same in every locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
