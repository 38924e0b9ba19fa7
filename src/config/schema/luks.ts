import { group } from '../../schema/group.js'
import { guid } from '../../schema/identifiers.js'
import { byteChoice, byteCount, choice, integer, numberChoice, text } from '../../schema/leaf.js'

const KIB = 1024
/** What cryptsetup takes at most and at least. [CRYPTSETUP luksFormat] */
const MAX_MEMORY_BYTES = 4 * KIB ** 3
const MIN_MEMORY_BYTES = 32 * KIB
const MAX_PARALLEL = 4
const MIN_ITERATIONS = 4
const MAX_U32 = 2 ** 32 - 1

/** The partition is encrypted. */
export const luks = group(
  {
    key_file: text().describe(
      'File whose bytes open the partition, as they are; often from a variable. It is never copied anywhere',
    ),
    volume_key_file: text()
      .describe('File with the key that encrypts the content, key_size bits. Default: drawn at random in each build')
      .exactOptional(),
    cipher: choice(['aes-xts-plain64'])
      .describe('How the content is encrypted. Default: aes-xts-plain64')
      .exactOptional(),
    key_size: numberChoice([256, 512])
      .describe('Bits of the volume key: 512 for AES-256, 256 for AES-128. Default: 512')
      .exactOptional(),
    sector_size: byteChoice([512, 4096])
      .describe('Bytes that are encrypted as one, and the smallest that the board reads and writes. Default: 512')
      .exactOptional(),
    pbkdf: choice(['argon2id', 'argon2i', 'pbkdf2'])
      .describe('How the key file becomes the key of the slot. Default: argon2id')
      .exactOptional(),
    iterations: integer({ minimum: MIN_ITERATIONS, maximum: MAX_U32 })
      .describe('Time that opening takes, the same on every machine: 4 (argon2) or 600000 (pbkdf2) by default')
      .exactOptional(),
    memory: byteCount({ minimum: MIN_MEMORY_BYTES, maximum: MAX_MEMORY_BYTES })
      .describe('argon2: memory that opening takes on the board. Default: 64MiB')
      .exactOptional(),
    parallel: integer({ minimum: 1, maximum: MAX_PARALLEL })
      .describe('argon2: threads that opening takes. Default: 1')
      .exactOptional(),
    label: text().describe('Label of the encrypted partition, at most 47 bytes').exactOptional(),
    uuid: guid().describe('UUID of the encrypted partition. Default: derived from the seed').exactOptional(),
  },
  { noun: 'luks' },
)
