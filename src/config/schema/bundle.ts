import * as z from 'zod'
import { group } from '../../schema/group.js'
import { flag, integer, text } from '../../schema/leaf.js'
import { OUTPUT_LEVELS } from '../output-levels.js'
import { plainFileName, zipEntryName } from './file-names.js'

const includedFile = group(
  {
    path: text().describe('The file, or a folder with all that is in it'),
    name: zipEntryName().describe('Its name in the zip; may hold folders. Default: its own').exactOptional(),
  },
  { noun: 'a file of the bundle' },
)

export const bundle = group(
  {
    name: plainFileName().describe('File name of the zip. Default: the name of the image with .zip').exactOptional(),
    include: z
      .array(z.union([text(), includedFile]))
      .describe('Files and folders beside the image: a path (under its own name), or { path: …, name: … }')
      .exactOptional(),
    level: integer({ maximum: OUTPUT_LEVELS.zip.most })
      .describe(`Effort of the compression, 0 to ${OUTPUT_LEVELS.zip.most}. Default: ${OUTPUT_LEVELS.zip.usual}`)
      .exactOptional(),
    meta: flag()
      .describe('Put .meta/image.bmap and .meta/manifest.json into the zip, which balenaEtcher reads. Default: false')
      .exactOptional(),
    readme: flag()
      .describe('Put README.txt into the zip, for the person who burns the image. Default: false')
      .exactOptional(),
  },
  { noun: 'the bundle' },
)

export type BundleInput = z.output<typeof bundle>
