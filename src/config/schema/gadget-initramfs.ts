/** `gadget.initramfs:`: a cpio that a kernel unpacks into its first root file system. */
import * as z from 'zod'
import { group } from '../../schema/group.js'
import { choice, flag, integer, text } from '../../schema/leaf.js'
import { OUTPUT_LEVELS } from '../output-levels.js'
import { contentEntry } from './content.js'
import { plainFileName } from './file-names.js'

export const initramfs = group(
  {
    content: z
      .union([text(), z.array(z.union([text(), contentEntry]))])
      .describe('What is in it: a list of gen_init_cpio, a folder, an archive, or several entries as of a partition')
      .exactOptional(),
    modules: flag()
      .describe('Whether what modules: lists is in it. Default: true where there are modules')
      .exactOptional(),
    results: z
      .record(z.string(), text())
      .describe("The gadget's own files by their paths in it: { /etc/init.d/S50usb-gadget: S50usb-gadget }")
      .exactOptional(),
    compression: choice(['none', 'gz', 'xz', 'zst']).describe('Default: gz').exactOptional(),
    level: integer({ maximum: OUTPUT_LEVELS.zst.most })
      .describe('How hard to compress: 0 to 9, zst 1 to 19')
      .exactOptional(),
    name: plainFileName().describe('Its file name. Default: initramfs.cpio with .gz, .xz or .zst').exactOptional(),
  },
  { noun: 'an initramfs' },
)

export type InitramfsInput = z.output<typeof initramfs>
