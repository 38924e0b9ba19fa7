/** Unified diffs of files that are text. */
import { unifiedDiff } from '../../bytes/unified-diff.js'
import { chunksOf } from '../../image/chunks.js'
import type { DiskImage } from '../../image/extent.js'

const MAX_TEXT_BYTES = 1 << 20
/** Comparing line by line takes time by their square: a second for these. */
const MAX_CHANGED_LINES = 4000

/** Undefined where one of them is no text, too long for one that people read, or changed in too many lines. Errors as `chunksOf`. */
export function textChange(name: string, a: DiskImage, b: DiskImage): string | undefined {
  if (Math.max(a.sizeBytes, b.sizeBytes) > MAX_TEXT_BYTES) return undefined
  const [before, after] = [textOf(a), textOf(b)]
  if (before === undefined || after === undefined) return undefined
  return unifiedDiff(name, before, after, { maxChanges: MAX_CHANGED_LINES })
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** What no text has: control characters other than tab, line ends, form feed and escape. */
const CONTROLS = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/

function textOf(content: DiskImage): string | undefined {
  const bytes = Buffer.concat(Array.from(chunksOf(content), (chunk) => Buffer.from(chunk)))
  try {
    const text = utf8.decode(bytes)
    return CONTROLS.test(text) ? undefined : text
  } catch {
    return undefined
  }
}
