/**
 * A U-Boot environment from key=value text, in the place of a volume: one file in, one or two copies out. The bytes are those of
 * mkenvimage. [U-BOOT tools/mkenvimage.c]
 */
import { crc32 } from '../../bytes/crc32.js'
import { formatSize } from '../../bytes/format-size.js'
import { FormatError, LayoutError, type Problem } from '../../errors.js'
import { ImageBuilder } from '../../image/extent.js'
import { PayloadReader } from '../../image/payload-reader.js'
import { readImage } from '../../image/read.js'
import { type FileTree, type RegularFileNode, walkTree } from '../../tree/file-tree.js'
import { formatCount, listPaths } from '../path-list.js'
import type { VolumeFormat } from '../volume.js'
import { ENV_LAYOUTS, ENV_REDUND_ACTIVE, ENV_REDUND_OBSOLETE } from './disklayout.js'
import type { UBootEnvOptions } from './options.js'
import { parseEnvironmentText } from './parse-text.js'

export type { UBootEnvOptions } from './options.js'

/** Environments are kibibytes; a text beyond this is another file. */
const MAX_TEXT_BYTES = 1 << 20
const DEFAULT_PADDING = 0xff

export const uBootEnvFormat: VolumeFormat<UBootEnvOptions> = {
  plan(tree, sizeBytes, options) {
    const { redundant = 'none', size } = options
    const variables = readVariables(tree)
    const step = redundant === 'both' ? Math.floor(sizeBytes / 2) : sizeBytes
    const copyBytes = size ?? step
    if (copyBytes > step) throw new LayoutError(tooLarge(copyBytes, step, redundant === 'both'))
    // Made now, so that what does not fit is found now.
    const flags = redundant === 'obsolete' ? ENV_REDUND_OBSOLETE : ENV_REDUND_ACTIVE
    const copies = [encodeCopy(variables, copyBytes, flags, options)]
    if (redundant === 'both') copies.push(encodeCopy(variables, copyBytes, ENV_REDUND_OBSOLETE, options))
    return {
      format: 'u-boot-env',
      sizeBytes: (copies.length - 1) * step + copyBytes,
      facts: {
        env_size: copyBytes,
        copies: copies.length,
        offsets: copies.map((_, index) => `0x${(index * step).toString(16)}`),
        redundant,
        variables: variables.length,
      },
      warnings: [],
      encode() {
        const builder = new ImageBuilder(sizeBytes)
        for (const [index, bytes] of copies.entries()) builder.bytes(index * step, bytes)
        return builder.finish()
      },
    }
  },

  smallestSizeBytes(tree, { size, redundant }) {
    readVariables(tree)
    if (size !== undefined) return redundant === 'both' ? 2 * size : size
    throw new LayoutError({
      message:
        'Cannot tell how large the environment is: its checksum covers all of CONFIG_ENV_SIZE, which only the board knows',
      hint: 'Give the partition a size, or options: { size: 128KiB }',
      path: ['size'],
    })
  },
}

function encodeCopy(
  variables: readonly string[],
  copyBytes: number,
  flags: number,
  { redundant = 'none', byte_order = 'little', padding = DEFAULT_PADDING }: UBootEnvOptions,
): Uint8Array {
  const { single, redundant: withFlags } = ENV_LAYOUTS[byte_order]
  const headBytes = (redundant === 'none' ? single : withFlags).SIZE
  const text = Buffer.from(`${variables.map((variable) => `${variable}\0`).join('')}\0`, 'latin1')
  // An empty one is two NULs to every reader.
  const dataBytes = variables.length === 0 ? text.length + 1 : text.length
  if (headBytes + dataBytes > copyBytes) {
    throw new LayoutError(
      `Cannot fit the environment into ${formatSize(copyBytes)}: needs ${formatCount(headBytes + dataBytes)} bytes, available are ${formatCount(copyBytes)} bytes`,
    )
  }
  const bytes = new Uint8Array(copyBytes).fill(padding)
  bytes.fill(0, headBytes, headBytes + dataBytes)
  bytes.set(text, headBytes)
  const crc = crc32(bytes.subarray(headBytes))
  if (redundant === 'none') single.encodeInto(bytes, 0, { crc })
  else withFlags.encodeInto(bytes, 0, { crc, flags })
  return bytes
}

function tooLarge(copyBytes: number, step: number, isHalf: boolean): Problem {
  const place = isHalf ? 'half of the partition' : 'the partition'
  return {
    message: `Cannot fit an environment of ${formatCount(copyBytes)} bytes into ${place}: ${formatCount(step)} bytes are available`,
    path: ['options', 'size'],
  }
}

function readVariables(tree: FileTree): readonly string[] {
  const entries = [...walkTree(tree)].slice(1)
  if (entries.length === 0) return []
  const [path, node] = entries[0]!
  if (entries.length > 1 || node.type !== 'file') {
    const found = `it holds ${listPaths(entries.map(([each]) => each))}`
    throw new FormatError(`Cannot make an environment of this content: ${found}, one file of text is accepted`)
  }
  const { variables, faults } = parseEnvironmentText(readText(node))
  if (faults.length === 0) return variables
  const file = hostPath(node)
  throw new FormatError(
    faults.map(({ line, message, hint }) => ({
      message: `Cannot read line ${line} of environment "${path}": ${message}`,
      ...(hint !== undefined && { hint }),
      ...(file !== undefined && { position: { file, line, column: 1 } }),
    })),
  )
}

function readText({ content }: RegularFileNode): string {
  if (content.sizeBytes > MAX_TEXT_BYTES) {
    throw new FormatError(
      `Cannot read the environment's text: it has ${formatCount(content.sizeBytes)} bytes, at most ${formatSize(MAX_TEXT_BYTES)} are accepted`,
    )
  }
  const reader = new PayloadReader()
  const bytes = new Uint8Array(content.sizeBytes)
  try {
    readImage(content, 0, bytes, reader)
  } catch (error) {
    reader.abandon()
    throw error
  } finally {
    reader.close()
  }
  return Buffer.from(bytes).toString('latin1')
}

/** Where the text stands on the host, if it does. */
function hostPath({ content }: RegularFileNode): string | undefined {
  const source = content.extents[0]?.source
  return source?.kind === 'file' && typeof source.file.path === 'string' ? source.file.path : undefined
}
