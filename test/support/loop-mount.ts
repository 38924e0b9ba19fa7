/** The running kernel as a judge: mounts a stretch of an image, for root. */
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tool } from './oracle.js'

/** Mounts [offset, offset + length) of `image` read-only, gives the folder to `use`, and always lets go. */
export function withMounted<T>(image: string, offset: number, length: number, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'diskloom-mount-'))
  try {
    tool('mount', '-o', `loop,ro,offset=${offset},sizelimit=${length}`, image, folder)
    try {
      return use(folder)
    } finally {
      tool('umount', folder)
    }
  } finally {
    rmdirSync(folder)
  }
}
