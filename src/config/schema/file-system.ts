import { leaf, refuseUnprintable } from '../../schema/leaf.js'
import { parseFileSystemWord } from '../fs-word.js'

/** `fs:`, its grammar in fs-word.ts. */
export function fileSystem() {
  return leaf((value) => refuseUnprintable(value) ?? parseFileSystemWord(value), { anyOf: [{ type: 'string' }] })
}
