/** A few bytes of a large file, read and changed in their place. */
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'

/** Negative places count from the file's end. */
export function patch(path: string, at: number, bytes: Uint8Array | readonly number[]): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, Uint8Array.from(bytes), 0, bytes.length, at < 0 ? statSync(path).size + at : at)
  closeSync(fd)
}

export function peek(path: string, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const fd = openSync(path, 'r')
  readSync(fd, bytes, 0, length, at)
  closeSync(fd)
  return bytes
}
