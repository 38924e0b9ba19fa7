/** Hash partitions and what they cover, by index in the spec, and the small files that tell a boot of them. */
import { alignUp } from '../bytes/align.js'
import type { ImageSpec, VerityVolumeSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import { fileSystemOf } from '../filesystems/registry.js'
import { DEFAULT_BLOCK_BYTES, type VerityOptions } from '../filesystems/verity/plan.js'
import type { DiskPlan, PlannedCover } from './disk-plan.js'

/** The partition that a hash partition covers; the config has checked that there is one. */
export function coveredIndex(spec: ImageSpec, { covers }: VerityVolumeSpec): number {
  const index = spec.partitions.findIndex(({ name }) => name === covers)
  invariant(index >= 0, `there is a partition "${covers}" to cover`)
  return index
}

/** The hash partition that covers this one. */
export function coveringIndex(spec: ImageSpec, index: number): number | undefined {
  const { name } = spec.partitions[index]!
  const covering = spec.partitions.findIndex(({ volume }) => volume.kind === 'verity' && volume.covers === name)
  return covering < 0 ? undefined : covering
}

/**
 * The options with the block size that the covered volume can be mounted over: to its kernel a verified device has sectors of
 * just that. All formats but FAT take 4 KiB; a FAT with such sectors is nothing that firmware reads.
 */
export function verityOptions(spec: ImageSpec, volume: VerityVolumeSpec): VerityOptions & { data_block_size: number } {
  const covered = spec.partitions[coveredIndex(spec, volume)]!.volume
  const keepsSectorSize = 'type' in covered && fileSystemOf(covered.type).keepsSectorSize
  const usual = keepsSectorSize ? spec.sectorSize : DEFAULT_BLOCK_BYTES
  return { ...volume.options, data_block_size: volume.options.data_block_size ?? usual }
}

/** What the device has as its sectors in which a volume is opened: those of the disk, or larger ones of what is between. */
export function sectorsAround(spec: ImageSpec, index: number): number {
  const { luks } = spec.partitions[index]!
  return Math.max(spec.sectorSize, luks?.sectorBytes ?? 0, coveringBlockBytes(spec, index) ?? 0)
}

function coveringBlockBytes(spec: ImageSpec, index: number): number | undefined {
  const covering = coveringIndex(spec, index)
  const volume = covering === undefined ? undefined : spec.partitions[covering]!.volume
  return volume?.kind === 'verity' ? verityOptions(spec, volume).data_block_size : undefined
}

/** The smallest size of a partition whose content takes `bytes`: whole blocks where it is covered. */
export function coverableBytes(spec: ImageSpec, index: number, bytes: number): number {
  return alignUp(bytes, coveringBlockBytes(spec, index) ?? 1)
}

/** UUIDs that a root hash makes: its first and its last 128 bits. [DPS] */
export function rootHashUuid(rootHash: string, half: 'data' | 'hashes'): string {
  const digits = half === 'data' ? rootHash.slice(0, UUID_DIGITS) : rootHash.slice(-UUID_DIGITS)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const UUID_DIGITS = 32
/** dm counts in these, whatever the disk's sectors are. */
const DM_SECTOR_BYTES = 512

export interface VerityFile {
  readonly path: string
  readonly text: string
}

/** By names alone, before anything is laid out. */
export function verityFileNames({ partitions }: ImageSpec): string[] {
  return partitions.flatMap(({ volume }) => (volume.kind === 'verity' ? Object.values(fileNames(volume.covers)) : []))
}

/** Whatever a partition's name holds, it is no path here. */
function fileNames(covered: string) {
  const base = encodeURIComponent(covered)
  return { rootHash: `${base}.roothash`, table: `${base}.dm-verity` }
}

/**
 * For each hash partition the root hash, as veritysetup and systemd take it, and the words for a kernel's command line, where
 * the table gives both partitions a name that a kernel knows.
 */
export function verityFiles(plan: DiskPlan): readonly VerityFile[] {
  return plan.covers.flatMap((cover): VerityFile[] => {
    const names = fileNames(plan.spec.partitions[cover.dataIndex]!.name)
    const words = kernelWords(plan, cover)
    return [
      { path: names.rootHash, text: cover.volume.rootHash() },
      ...(words === undefined ? [] : [{ path: names.table, text: `${words}\n` }]),
    ]
  })
}

/** What ends a name in dm-mod.create=, or its quotes. */
const NO_NAME = /[^\w.-]/g

/** `dm-mod.create=` with the table of the mapping. [LINUX Documentation/admin-guide/device-mapper/dm-init.rst] */
function kernelWords({ partitions, spec }: DiskPlan, { index, dataIndex, volume }: PlannedCover): string | undefined {
  const [data, hashes] = [partitions[dataIndex]!.uuid, partitions[index]!.uuid]
  if (data === undefined || hashes === undefined) return undefined
  const { hashType, dataBlockBytes, hashBlockBytes, dataBlocks, firstTreeBlock, hash, salt } = volume
  const table = [
    ...[0, (dataBlocks * dataBlockBytes) / DM_SECTOR_BYTES, 'verity', hashType],
    ...[`PARTUUID=${data}`, `PARTUUID=${hashes}`, dataBlockBytes, hashBlockBytes, dataBlocks, firstTreeBlock],
    ...[hash, volume.rootHash(), salt === '' ? '-' : salt],
  ]
  const name = spec.partitions[dataIndex]!.name.replace(NO_NAME, '_')
  return `dm-mod.create="${name},,,ro,${table.join(' ')}" root=/dev/dm-0 ro`
}
