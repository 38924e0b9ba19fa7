/** Encrypted partitions: a header of fixed size, and behind it the volume, which is planned as if it had that much less room. */
import { alignUp } from '../bytes/align.js'
import { formatSize } from '../bytes/format-size.js'
import type { ImageSpec, LuksSpec } from '../config/spec.js'
import { invariant, LayoutError } from '../errors.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { ImageBuilder } from '../image/extent.js'
import type { Payload } from './disk-plan.js'

/** Both copies of the metadata and the areas of the key slots, as cryptsetup has them by default. [LUKS2] */
export const LUKS_HEADER_BYTES = 16 * 1024 * 1024

/** Bytes before the volume in its partition. */
export function luksHeaderBytes(spec: ImageSpec, index: number): number {
  return spec.partitions[index]!.luks === undefined ? 0 : LUKS_HEADER_BYTES
}

/** The smallest partition whose inside has `bytes`. */
export function smallestSealedBytes(bytes: number, { sectorBytes }: LuksSpec): number {
  return LUKS_HEADER_BYTES + alignUp(bytes, sectorBytes)
}

/** What a partition of `sizeBytes` leaves for the volume. LayoutError where that is nothing, or no whole sectors. */
export function insideBytes(sizeBytes: number, { sectorBytes }: LuksSpec): number {
  const inside = sizeBytes - LUKS_HEADER_BYTES
  if (inside < sectorBytes) {
    throw new LayoutError(
      `Cannot encrypt ${sizeBytes} bytes (${formatSize(sizeBytes)}): LUKS2's header alone takes ${LUKS_HEADER_BYTES} (${formatSize(LUKS_HEADER_BYTES)}), accepted is more`,
      { hint: 'make the partition larger by that' },
    )
  }
  if (inside % sectorBytes !== 0) {
    throw new LayoutError(
      `Cannot encrypt ${sizeBytes} bytes in sectors of ${sectorBytes}: ${inside % sectorBytes} bytes are left over, accepted are whole sectors`,
    )
  }
  return inside
}

/** What stands in the partition as its table sees it; `inside` is the volume's word. Nobody reads its inside any more. */
export function planSealed(
  { luks, uuid, inside }: { readonly luks: LuksSpec; readonly uuid: string; readonly inside: string },
  payload: Payload,
  sizeBytes: number,
): PlannedVolume {
  const made = payload.kind === 'sealed' ? payload : undefined
  return {
    format: 'luks2',
    sizeBytes,
    facts: { ...sealedFacts(luks, uuid), inside, ...made?.facts },
    warnings: [
      {
        finding: 'luks-random',
        message: `it is encrypted with random salts${luks.volumeKeyFile === undefined ? ' and a random key' : ''}, so its bytes are others in every build`,
        path: ['luks'],
      },
    ],
    sketch: () => new ImageBuilder(sizeBytes).bytes(0, new Uint8Array(LUKS_HEADER_BYTES)).finish(),
    encode: () => {
      invariant(made !== undefined, 'a partition is encrypted before the disk is woven')
      return made.image
    },
  }
}

function sealedFacts(luks: LuksSpec, uuid: string): PlannedVolume['facts'] {
  const { cipher, keyBits, sectorBytes, pbkdf, label = '' } = luks
  return {
    cipher,
    key_size: keyBits,
    sector_size: sectorBytes,
    pbkdf: pbkdf.type,
    iterations: pbkdf.iterations,
    ...(pbkdf.type !== 'pbkdf2' && { memory: pbkdf.memoryBytes, parallel: pbkdf.parallel }),
    label,
    uuid,
  }
}
