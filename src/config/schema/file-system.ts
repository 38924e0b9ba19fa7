import { parseFileSystemWord } from '../fs-word.js'
import { leaf, refuseUnprintable } from './leaf.js'

/** `fs:`, its grammar in fs-word.ts. */
export function fileSystem() {
  return leaf((value) => refuseUnprintable(value) ?? parseFileSystemWord(value), { anyOf: [{ type: 'string' }] })
}
