/** One small entry of a bundle in a file: the manifest, ahead of the pass that checks everything. */
import { closeSync, openSync, readSync } from 'node:fs'
import { ArchiveFile } from '../archives/archive-file.js'
import { SIGNATURE } from '../archives/zip/disklayout.js'
import { readSmallMember } from '../archives/zip/read-small-member.js'
import { readZipIndex } from '../archives/zip/read-zip-index.js'
import { DiskloomError } from '../errors.js'

/**
 * Gives the content of the entry `name`, and undefined where there is none, where it has more than `maxBytes`, and where the
 * file is damaged or no zip at all: the pass over it then finds out and says so. IoError where it cannot be opened.
 */
export function readZipMember(path: string, name: string, maxBytes: number): Buffer | undefined {
  const archive = new ArchiveFile(path)
  try {
    const file = {
      name: path,
      sizeBytes: archive.sizeBytes,
      read: archive.read.bind(archive),
    }
    const member = readZipIndex(file).members.find((candidate) => candidate.name === name)
    return member && readSmallMember(file, member, maxBytes)
  } catch (error) {
    if (error instanceof DiskloomError) return undefined
    throw error
  } finally {
    archive.close()
  }
}

/** Whether a file begins as a zip does. Throws the system's error where it cannot be read. */
export function isZipFile(path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    const head = Buffer.alloc(4)
    return readSync(fd, head, 0, head.length, 0) === head.length && head.readUInt32LE() === SIGNATURE.localFileHeader
  } finally {
    closeSync(fd)
  }
}
