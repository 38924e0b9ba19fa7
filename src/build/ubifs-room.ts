import type { PartitionSpec, UbiSpec } from '../config/spec.js'
import { FormatError, LayoutError, withProblems } from '../errors.js'
import type { UbifsOptions } from '../filesystems/host-made/ubifs.js'
import { ubiGeometry } from '../filesystems/ubi/geometry.js'
import type { UbifsVolumeOrder } from '../host/ubifs-volume.js'

/** UBIFS_MIN_LEB_SZ and UBIFS_MAX_LEB_SZ. [UBIFS-MEDIA.H] */
const MIN_LEB_BYTES = 15 * 1024
const MAX_LEB_BYTES = 2 * 1024 * 1024

/** What UBIFS has to know of the UBI that it will stand on. Errors at the places of the config. */
export function ubifsRoom(
  { size, configPath }: PartitionSpec,
  ubi: UbiSpec,
): Pick<UbifsVolumeOrder, 'lebBytes' | 'minIoBytes' | 'maxLebs'> {
  const { pebBytes, lebBytes, minIoBytes } = withProblems(
    (problem) => ({ ...problem, path: [...configPath, ...(problem.path ?? [])] }),
    () => ubiGeometry(ubi.options),
  )
  if (lebBytes < MIN_LEB_BYTES || lebBytes > MAX_LEB_BYTES) {
    throw new FormatError({
      message: `Cannot make UBIFS on logical erase blocks of ${lebBytes} bytes: ${MIN_LEB_BYTES} to ${MAX_LEB_BYTES} are accepted`,
      path: configPath,
    })
  }
  const roomBytes = size?.kind === 'bytes' ? size.bytes : ubi.flashBytes
  const isNeeded = ubi.volumes.some(
    ({ volume }) =>
      volume.kind === 'file-system' &&
      volume.type === 'ubifs' &&
      (volume.options as UbifsOptions).max_leb_count === undefined,
  )
  if (roomBytes === undefined && isNeeded) {
    throw new LayoutError({
      message:
        'Cannot make UBIFS: neither its partition nor the flash has a size, which says what it may grow to, accepted is options.max_leb_count of the volume',
      path: configPath,
    })
  }
  return { lebBytes, minIoBytes, maxLebs: Math.floor((roomBytes ?? 0) / pebBytes) }
}
