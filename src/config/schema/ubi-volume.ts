import * as z from 'zod'
import { group } from '../../schema/group.js'
import { fileSystemId } from '../../schema/identifiers.js'
import { choice, flag, integer, quantity, text } from '../../schema/leaf.js'
import { content, modesRule, ownerMap, ownerRule } from './content.js'
import { fileSystem, fileSystemWordsText } from './file-system.js'
import { options } from './options.js'

/** UBI_MAX_VOLUMES of ubi-media.h; small erase blocks have fewer. */
const MAX_VOLUME_ID = 127

/** Of `volumes:`; what it says of its content is what a partition says. */
export const ubiVolume = group(
  {
    name: text().describe('Name of the volume: ubi0:rootfs'),
    id: integer({ maximum: MAX_VOLUME_ID })
      .describe('Number of the volume. Default: its place in the list')
      .exactOptional(),
    type: choice(['dynamic', 'static'])
      .describe('static: read-only, with a checksum over every block, for kernels and the like. Default: dynamic')
      .exactOptional(),
    size: quantity(['auto'])
      .describe('What is kept for it, in whole blocks. Default: auto, its content')
      .exactOptional(),
    autoresize: flag()
      .describe('The first attach gives it all that is left of the flash; one volume may. Default: false')
      .exactOptional(),
    fs: fileSystem()
      .describe(`${fileSystemWordsText(({ fitsUbi }) => fitsUbi)}; any other text is the path of a raw file`)
      .exactOptional(),
    content: content.describe('What the volume holds, as of a partition').exactOptional(),
    label: text().describe('Label of the file system').exactOptional(),
    fs_uuid: fileSystemId().describe('UUID of the file system. Default: derived from the seed').exactOptional(),
    owner: z.union([ownerRule, ownerMap]).describe('Who owns the files, as of a partition').exactOptional(),
    holes: choice(['none', 'host', 'all']).describe('Which holes files get, as of a partition').exactOptional(),
    xattrs: choice(['none', 'keep']).describe('Extended attributes, as of a partition').exactOptional(),
    modes: modesRule().describe('Permission bits of files of the host, as of a partition').exactOptional(),
    options: options.describe('Options of the file system').exactOptional(),
  },
  { noun: 'a UBI volume' },
)

export type UbiVolumeInput = z.output<typeof ubiVolume>
