import type { Problem } from '../errors.js'
import type { SourceText, TextRange } from './source-text.js'

/** A problem with its position and code frame. */
export function problemAt(
  source: SourceText,
  range: TextRange,
  message: string,
): Problem & Required<Pick<Problem, 'position' | 'frame'>> {
  return { message, position: source.positionAt(range.start), frame: source.frame(range) }
}
