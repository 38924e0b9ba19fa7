import * as z from 'zod'
import { group } from '../../schema/group.js'
import { byteCount, choice, integer } from '../../schema/leaf.js'
import { OUTPUT_LEVELS } from '../output-levels.js'
import { plainFileName } from './file-names.js'

export const OUTPUT_FORMATS = [
  'raw',
  'zip',
  'gz',
  'xz',
  'zst',
  'bmap',
  'android-sparse',
  'qcow2',
  'vmdk',
  'vdi',
  'vhdx',
  'split',
  'html',
] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Of all formats. */
const MAX_LEVEL = OUTPUT_LEVELS.zst.most
/** Below this a sparse file has hardly room for its own headers. */
const MIN_SPLIT_BYTES = 1 << 20
const MAX_SPLIT_BYTES = 2 ** 40

const LEVEL_RANGES = Object.entries(OUTPUT_LEVELS)
  .map(([format, { least, most, usual }]) => `${format} ${least} to ${most} (default ${usual})`)
  .join(', ')

export function outputFormat() {
  return choice(OUTPUT_FORMATS, {
    meant: {
      svg: 'html',
      img: 'raw',
      gzip: 'gz',
      zstd: 'zst',
      simg: 'android-sparse',
      sparse: 'android-sparse',
      qcow: 'qcow2',
    },
  })
}

const longOutput = group(
  {
    format: outputFormat().describe('What is written'),
    name: plainFileName()
      .describe('Its file name; of split, how the names of its files begin. Default: the image with a suffix')
      .exactOptional(),
    level: integer({ maximum: MAX_LEVEL })
      .describe(`Effort of the compression: ${LEVEL_RANGES}. A qcow2 of level 0 is not compressed`)
      .exactOptional(),
    split: byteCount({ minimum: MIN_SPLIT_BYTES, maximum: MAX_SPLIT_BYTES })
      .describe('android-sparse: the most that one file may have, such as the max-download-size of fastboot')
      .exactOptional(),
  },
  { noun: 'an output' },
)

/** A word, or a map with the word as its `format`. */
export const output = z.union([outputFormat(), longOutput])

export type OutputInput = z.output<typeof output>
