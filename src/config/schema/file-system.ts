import type { FileSystem } from '../../filesystems/file-system.js'
import { FILE_SYSTEMS } from '../../filesystems/registry.js'
import { leaf, refuseUnprintable } from '../../schema/leaf.js'
import { parseFileSystemWord } from '../fs-word.js'

/** `fs:`, its grammar in fs-word.ts. */
export function fileSystem() {
  return leaf((value) => refuseUnprintable(value) ?? parseFileSystemWord(value), { anyOf: [{ type: 'string' }] })
}

/**
 * The words of `fs:` for help: those that take a path first, then those without. `fits` chooses the file systems.
 */
export function fileSystemWordsText(fits: (fileSystem: FileSystem<never>) => boolean): string {
  const chosen = FILE_SYSTEMS.filter(fits)
  const wordsOf = (contents: readonly FileSystem['content'][]): string[] =>
    chosen.filter(({ content }) => contents.includes(content)).flatMap(({ words }) => Object.keys(words))
  const alone = [
    ...wordsOf(['none']),
    ...wordsOf(['volumes']).map((word) => `${word} with volumes`),
    ...wordsOf(['hashes']).map((word) => `${word} with covers`),
  ]
  const withPath = wordsOf(['tree', 'text'])
  const first = `${withPath.slice(0, -1).join(', ')} or ${withPath.at(-1)}, each alone or with /PATH for its content, a folder or archive (ext4/program)`
  return [first, ...alone].join('; ')
}
