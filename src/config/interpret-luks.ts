/** `luks:` of a partition: defaults filled in, and what does not go together. */
import { fileSystemOf } from '../filesystems/registry.js'
import type { Interpretation, PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'
import type { ImageSpec, LuksSpec, VolumeSpec } from './spec.js'

const KIB = 1024
const MIB = 1024 * KIB
const DEFAULT_KEY_BITS = 512
/** The least that cryptsetup takes; one more than is recommended beside this memory. [RFC 9106 §4] */
const DEFAULT_ARGON_ITERATIONS = 4
const DEFAULT_ARGON_MEMORY_BYTES = 64 * MIB
/** For PBKDF2 with SHA-256. [OWASP passwords] */
const DEFAULT_PBKDF2_ITERATIONS = 600_000
/** [CRYPTSETUP luksFormat] */
const MIN_PBKDF2_ITERATIONS = 1000
/** A field of 48 bytes with a NUL. */
const LABEL_BYTES = 47

export function interpretLuks(
  { luks: input, engine: own }: PartitionInput,
  volume: VolumeSpec,
  context: PartitionContext,
): { readonly luks?: LuksSpec } {
  if (input === undefined) return {}
  const { interpretation, path, text, engine: ofConfig } = context
  const at = [...path, 'luks']
  const refuse = (key: string, message: string): void =>
    interpretation.refuse([...at, key], `Cannot encrypt ${text}: ${message}`)
  if (volume.kind === 'verity') {
    interpretation.refuse(at, `Cannot encrypt ${text}: it holds hashes, which are read before anything is opened`)
  }
  if ('type' in volume && fileSystemOf(volume.type).liesOn === 'flash') {
    interpretation.refuse(
      at,
      `Cannot encrypt ${text}: its fs is ${volume.type}, which stands on flash, LUKS is for block devices`,
    )
  }
  if ((own ?? ofConfig) === 'native') {
    interpretation.refuse(
      at,
      `Cannot encrypt ${text} with engine: native: the host's cryptsetup makes the header, accepted are host, auto`,
    )
  }
  if (Buffer.byteLength(input.label ?? '') > LABEL_BYTES) {
    refuse(
      'label',
      `label "${input.label}" has ${Buffer.byteLength(input.label!)} bytes, at most ${LABEL_BYTES} are accepted`,
    )
  }
  const { pbkdf = 'argon2id', iterations, memory, parallel } = input
  const isArgon = pbkdf !== 'pbkdf2'
  if (!isArgon && memory !== undefined)
    refuse('memory', 'pbkdf2 takes no memory, it is accepted with argon2id and argon2i')
  if (memory !== undefined && memory % KIB !== 0) refuse('memory', `${memory} bytes of memory are no whole KiB`)
  if (!isArgon && parallel !== undefined)
    refuse('parallel', 'pbkdf2 has one thread, it is accepted with argon2id and argon2i')
  if (!isArgon && iterations !== undefined && iterations < MIN_PBKDF2_ITERATIONS) {
    refuse('iterations', `${iterations} are too few for pbkdf2, accepted are ${MIN_PBKDF2_ITERATIONS} and more`)
  }
  return {
    luks: {
      keyFile: interpretation.absolute(input.key_file, [...at, 'key_file']),
      ...(input.volume_key_file !== undefined && {
        volumeKeyFile: interpretation.absolute(input.volume_key_file, [...at, 'volume_key_file']),
      }),
      cipher: input.cipher ?? 'aes-xts-plain64',
      keyBits: input.key_size ?? DEFAULT_KEY_BITS,
      sectorBytes: input.sector_size ?? 512,
      pbkdf: isArgon
        ? {
            type: pbkdf,
            iterations: iterations ?? DEFAULT_ARGON_ITERATIONS,
            memoryBytes: memory ?? DEFAULT_ARGON_MEMORY_BYTES,
            parallel: parallel ?? 1,
          }
        : { type: pbkdf, iterations: iterations ?? DEFAULT_PBKDF2_ITERATIONS },
      ...(input.label !== undefined && { label: input.label }),
      ...(input.uuid !== undefined && { uuid: input.uuid }),
    },
  }
}

/** Flash is no block device. */
export function checkLuksTable(
  { table, partitions }: Pick<ImageSpec, 'table' | 'partitions'>,
  to: Interpretation,
): void {
  if (table !== 'mtd') return
  for (const { luks, name, configPath } of partitions) {
    if (luks === undefined) continue
    to.refuse(
      [...configPath, 'luks'],
      `Cannot encrypt partition "${name}": the table is mtd, LUKS is for block devices`,
    )
  }
}
