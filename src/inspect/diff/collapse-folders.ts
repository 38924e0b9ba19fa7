import type { FileDifference } from './differences.js'

/** A difference, or a whole folder that only one side has: `below` counts what is in it. */
export type ShownDifference = FileDifference & { readonly below?: number }

/** Returns the differences with each added or removed folder as one of them. They must be in the order of paths. */
export function collapseFolders(files: readonly FileDifference[]): ShownDifference[] {
  const shown: (FileDifference & { below?: number })[] = []
  let folder: (FileDifference & { below?: number }) | undefined
  for (const file of files) {
    if (folder !== undefined && file.kind === folder.kind && file.path.startsWith(`${folder.path}/`)) {
      folder.below = (folder.below ?? 0) + 1
      continue
    }
    const isWhole = file.type === 'directory' && file.kind !== 'changed'
    const own = { ...file }
    shown.push(own)
    folder = isWhole ? own : undefined
  }
  return shown
}
