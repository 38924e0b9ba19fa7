import { writeFileSync } from 'node:fs'
import { writeError } from './write-error.js'

/** A small output, whole at once. Throws IoError. */
export function writeWholeFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw writeError(path, error, { offset: 0, sizeBytes: bytes.length })
  }
}
