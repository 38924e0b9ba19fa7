/** Unified diffs that `patch -p1` and `git apply` both take. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/**
 * The change of file `name` from `before` to `after`, or undefined when there is none (both tools call an empty diff
 * garbage). The texts hold one character per byte; so does the result.
 * Time grows with the square of the lines that differ; undefined, too, where they are more than `maxChanges`.
 */
export function unifiedDiff(
  name: string,
  before: string,
  after: string,
  { maxChanges }: { readonly maxChanges?: number } = {},
): string | undefined {
  if (before === after) return undefined
  const diff = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
    ...(maxChanges !== undefined && { maxEditLength: maxChanges }),
  }) as string | undefined
  if (diff === undefined) return undefined
  return name.includes(' ') ? endHeaderNames(diff) : diff
}

/** git ends a name that holds a blank with a tab; without it patch reads the name up to the blank. */
function endHeaderNames(diff: string): string {
  const [from, to, ...rest] = diff.split('\n')
  return [`${from}\t`, `${to}\t`, ...rest].join('\n')
}
