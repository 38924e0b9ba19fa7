/** `--picture FILE`: the disk drawn, as SVG or as a page by the file's extension. */
import { writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { layoutHtml, layoutSvg } from '../build/layout-pictures.js'
import { IoError, systemReason } from '../errors.js'
import type { DiskPicture } from '../pictures/disk-picture.js'

const DRAWINGS: Readonly<Record<string, (picture: DiskPicture) => Uint8Array>> = {
  '.svg': layoutSvg,
  '.html': layoutHtml,
}

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
export function writePicture(path: string, picture: DiskPicture): void {
  try {
    writeFileSync(path, DRAWINGS[extname(path)]!(picture))
  } catch (error) {
    throw new IoError(`Cannot write the picture ${path}: ${systemReason(error)}`, { cause: error, details: { path } })
  }
}
