/** `--picture FILE`: the disk drawn, as SVG or as a page by the file's extension. */
import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { IoError, systemReason } from '../errors.js'
import type { DiskPicture } from '../pictures/disk-picture.js'

const DRAWINGS = { '.svg': 'layoutSvg', '.html': 'layoutHtml' } as const

export function pictureOption() {
  return new Option('--picture <file>', 'also draw the disk into this file, .svg or .html').argParser(
    (path: string) => {
      if (Object.hasOwn(DRAWINGS, extname(path))) return path
      throw new InvalidArgumentError(
        `its extension is "${extname(path)}", accepted are ${Object.keys(DRAWINGS).join(', ')}.`,
      )
    },
  )
}

/** IoError where the file cannot be written. */
export async function writePicture(path: string, picture: DiskPicture): Promise<void> {
  const drawings = await import('../build/layout-pictures.js')
  try {
    writeFileSync(path, drawings[DRAWINGS[extname(path) as keyof typeof DRAWINGS]](picture))
  } catch (error) {
    throw new IoError(`Cannot write the picture ${path}: ${systemReason(error)}`, { cause: error, details: { path } })
  }
}
