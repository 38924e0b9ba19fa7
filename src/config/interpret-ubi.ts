/** UBI: a flash's geometry, said once for all of it or for a partition, and the volumes, each of which holds what a partition may. */

import { FILE_SYSTEMS, fileSystemOf } from '../filesystems/registry.js'
import { ubi } from '../filesystems/ubi/file-system.js'
import type { UbiOptions } from '../filesystems/ubi/option-table.js'
import { toSizeSpec } from '../schema/quantity.js'
import type { PartitionContext } from './interpretation.js'
import { ownOptions } from './own-options.js'
import type { PartitionInput } from './schema/partition.js'
import type { UbiVolumeInput } from './schema/ubi-volume.js'
import type { UbiSpec, UbiVolumeSpec, VolumeSpec } from './spec.js'
import { foundText } from './volume-keys.js'

/** File systems that a volume of UBI can hold: the others want a disk, or a flash of their own. */
const UBI_VOLUME_WORDS = FILE_SYSTEMS.filter(({ fitsUbi }) => fitsUbi).flatMap(({ words }) => [
  ...new Set(Object.values(words)),
])

/** UBI_VOL_NAME_MAX of ubi-media.h. */
const MAX_NAME_BYTES = 127

/** `interpretVolume` is handed in, since each volume holds a volume in turn. */
export function ubiVolume(
  input: PartitionInput,
  context: PartitionContext,
  interpretVolume: (input: PartitionInput, context: PartitionContext) => VolumeSpec,
): UbiSpec {
  const { interpretation, path, text, unread } = context
  const inputs = input.volumes ?? []
  if (inputs.length === 0 && !unread.has('volumes')) {
    const hint = 'volumes: [{ name: rootfs, fs: ubifs/rootfs, autoresize: true }]'
    interpretation.refuse(path, `Cannot make UBI of ${text}: it has no volumes, at least one is accepted`, hint)
  }
  checkTogether(inputs, context)
  const { diskBytes } = interpretation
  return {
    kind: 'ubi',
    type: 'ubi',
    volumes: inputs.map((volume, index) => volumeOf(volume, index, context, interpretVolume)),
    options: optionsOf(input, context),
    ...(interpretation.flash !== undefined && diskBytes !== undefined && { flashBytes: diskBytes }),
  }
}

/** What the flash says holds for every partition of it. */
function optionsOf(input: PartitionInput, context: PartitionContext): UbiOptions {
  const { interpretation, path, text } = context
  const own = ownOptions<Partial<UbiOptions>>(input, ubi, context)
  const { min_io_size, sub_page_size } = interpretation.flash ?? {}
  const flash = Object.entries({ erase_block: interpretation.eraseBlockBytes, min_io_size, sub_page_size })
  for (const [key, value] of flash) {
    const asked = own[key as keyof UbiOptions]
    if (value === undefined || asked === undefined || asked === value) continue
    const message = `Cannot use options.${key} of ${text}: it is ${asked}, the flash has ${value} bytes`
    interpretation.refuse([...path, 'options', key], message, 'One of the two is enough')
  }
  const known = Object.fromEntries(flash.filter(([, value]) => value !== undefined))
  const options: Partial<UbiOptions> = { ...own, ...known }
  requireGeometry(options, context)
  return { erase_block: 0, min_io_size: 0, ...options }
}

/** There is no default that would not be wrong for somebody: an image would be made, and not attach. */
function requireGeometry(options: Partial<UbiOptions>, { interpretation, path, text, unread }: PartitionContext): void {
  if (unread.has('options') || interpretation.unread.has('mtd') || interpretation.unread.has('erase_block')) return
  const hints = { erase_block: 'erase_block: 128KiB', min_io_size: 'min_io_size: 2KiB' } as const
  const place = interpretation.flash === undefined ? 'options' : 'mtd'
  for (const key of ['erase_block', 'min_io_size'] as const) {
    if (options[key] !== undefined) continue
    const message = `Cannot make UBI of ${text}: ${key} of the flash is not given, which UBI needs`
    const nor = key === 'min_io_size' ? ', NOR has 1' : ''
    interpretation.refuse(path, message, `${place}: { ${hints[key]} }; the kernel's log tells it${nor}`)
  }
}

/** Ids and names that are the same, two that take all the rest. */
function checkTogether(inputs: readonly UbiVolumeInput[], { interpretation, path, text }: PartitionContext): void {
  const names = new Map<string, number>()
  const ids = new Map<number, number>()
  let growing: number | undefined
  for (const [index, { name, id = index, autoresize }] of inputs.entries()) {
    const at = [...path, 'volumes', index]
    const what = `Cannot use volume "${name}" of ${text}`
    if (names.has(name)) {
      interpretation.refuse(
        [...at, 'name'],
        `${what}: volume ${names.get(name)} has this name too, accepted is another`,
      )
    }
    if (ids.has(id)) {
      const hint = 'Without id: volumes count from 0'
      interpretation.refuse(
        [...at, 'id'],
        `${what}: volume ${ids.get(id)} has the id ${id} too, accepted is another`,
        hint,
      )
    }
    if (autoresize === true && growing !== undefined) {
      const message = `${what}: volume ${growing} takes all that is left already, autoresize is accepted with one`
      interpretation.refuse([...at, 'autoresize'], message)
    }
    if (!names.has(name)) names.set(name, index)
    if (!ids.has(id)) ids.set(id, index)
    if (autoresize === true) growing ??= index
  }
}

function volumeOf(
  input: UbiVolumeInput,
  index: number,
  outer: PartitionContext,
  interpretVolume: (input: PartitionInput, context: PartitionContext) => VolumeSpec,
): UbiVolumeSpec {
  const { interpretation } = outer
  const { name, id = index, type = 'dynamic', autoresize = false, size: written, ...inside } = input
  const path = [...outer.path, 'volumes', index]
  const text = `volume "${name}" of ${outer.text}`
  const nameBytes = Buffer.byteLength(name)
  if (nameBytes > MAX_NAME_BYTES) {
    interpretation.refuse([...path, 'name'], `Cannot name ${text}: ${nameBytes} bytes, at most ${MAX_NAME_BYTES}`)
  }
  const size = written && toSizeSpec(written, interpretation.sectorSize)
  if (size?.kind === 'bytes' && size.bytes === 0) {
    interpretation.refuse([...path, 'size'], `Cannot make ${text}: its size is 0, accepted are sizes above 0`)
  }
  const { fs } = inside
  const isHeld = fs?.kind !== 'format' || fileSystemOf(fs.type).fitsUbi
  if (!isHeld) {
    const message = `Cannot make ${text}: ${foundText(input)}, accepted are ${UBI_VOLUME_WORDS.join(', ')}, a raw file, or no fs`
    interpretation.refuse([...path, 'fs'], message)
  } else if (fs === undefined && type === 'static') {
    interpretation.refuse(path, `Cannot make ${text}: it is static and has no fs, whose content would be all of it`)
  } else if (fs === undefined && size?.kind !== 'bytes' && !autoresize) {
    interpretation.refuse(path, `Cannot make ${text}: it has neither fs nor size nor autoresize, one of them is needed`)
  }
  // Formats of our own are written natively here, whatever the engine.
  const engine = outer.engine === 'native' ? 'native' : 'auto'
  const context: PartitionContext = { ...outer, path, text, unread: new Set(), engine, onUbi: true }
  return {
    name,
    id,
    isStatic: type === 'static',
    autoresize,
    volume: isHeld ? interpretVolume(inside, context) : { kind: 'none' },
    configPath: path,
    ...(size?.kind === 'bytes' && { sizeBytes: size.bytes }),
  }
}
