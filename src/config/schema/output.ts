import * as z from 'zod'
import { plainFileName } from './file-names.js'
import { group } from './group.js'
import { byteCount, choice, integer } from './leaf.js'

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

/** What zstd takes without --ultra. */
const MAX_LEVEL = 19
/** Below this a sparse file has hardly room for its own headers. */
const MIN_SPLIT_BYTES = 1 << 20
const MAX_SPLIT_BYTES = 2 ** 40

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
      .describe(
        'Effort of the compression: zip, gz and xz 0 to 9 (default 6), zst 1 to 19 (default 3), qcow2 0 to 9 (default 0: not compressed)',
      )
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
