/**
 * What of a build follows from the machine that it runs on, and not from the config and the payload alone: times and modes
 * of a checkout, the versions of programs. Each is a problem at the config value that it comes from.
 */
import { statSync } from 'node:fs'
import type { ContentSource, ImageSpec, VolumeSpec } from '../config/spec.js'
import { ConfigError, type ConfigPath, type Problem, type Warning } from '../errors.js'
import type { KeptAttributes } from '../filesystems/file-system.js'
import { fileSystemOf } from '../filesystems/registry.js'
import type { Timestamp } from '../tree/file-tree.js'

export interface PinningOptions {
  /** SOURCE_DATE_EPOCH, or the config's. */
  readonly epoch: Timestamp | undefined
  /** Whether extended attributes of folders can be read. */
  readonly readsXattrs: boolean
  /** `image`: neither the zip nor the gadget's files are made. */
  readonly only?: 'image' | 'bundle' | undefined
}

/** `zip`: a time that only the zip has, which a build does not warn of. */
type Kind = 'times' | 'modes' | 'xattrs' | 'tools' | 'zip'

export interface Unpinned extends Problem {
  readonly kind: Kind
}

const HINTS: Readonly<Record<Kind, string>> = {
  times: 'source_date_epoch: SECONDS, or SOURCE_DATE_EPOCH in the environment',
  modes: 'modes: git for a checkout, modes: host where the modes are meant',
  xattrs: 'xattrs: none or keep',
  tools: 'a format that diskloom writes itself, or the same version of the program everywhere',
  zip: 'source_date_epoch: SECONDS, or SOURCE_DATE_EPOCH in the environment',
}

/** The warning, if any; ConfigError with every place where nothing may depend on this machine. */
export function checkPinning(
  spec: ImageSpec,
  { isRequired, ...options }: PinningOptions & { readonly isRequired: boolean },
): readonly Warning[] {
  const unpinned = findUnpinned(spec, options)
  if (isRequired && unpinned.length > 0) {
    throw new ConfigError(
      unpinned.map(({ kind: _, message, ...place }) => ({
        ...place,
        message: `Cannot build the same bytes on every machine: ${message}`,
      })),
    )
  }
  const warning = notPinnedWarning(unpinned)
  return warning === undefined ? [] : [warning]
}

/** In the order of the config. */
export function findUnpinned(spec: ImageSpec, options: PinningOptions): Unpinned[] {
  const search = new PinningSearch(options)
  for (const { volume, luks, configPath } of spec.partitions) {
    search.volume(volume, configPath)
    if (luks !== undefined) search.add('tools', [...configPath, 'luks'], 'an encrypted partition has a random key')
  }
  if (options.only !== 'image') {
    for (const { format, configPath } of spec.outputs) {
      if (format === 'xz') search.add('tools', configPath, "xz is compressed by the host's program")
    }
    const { initramfs } = spec.gadget ?? {}
    if (initramfs !== undefined) search.content(initramfs.content, { modes: true, xattrs: 'none' })
    if (initramfs?.compression === 'xz') {
      search.add('tools', initramfs.configPath, "xz is compressed by the host's program")
    }
    if (spec.outputs.some(({ format }) => format === 'zip')) search.zip(spec)
  }
  return search.found
}

/** The one warning of a build; undefined where there is nothing to tell but the times of a zip. */
export function notPinnedWarning(unpinned: readonly Unpinned[]): Warning | undefined {
  const told = unpinned.filter(({ kind }) => kind !== 'zip')
  const [first] = told
  if (first === undefined) return undefined
  const kinds = [...new Map(told.map((each) => [each.kind, each])).values()]
  const message = `The result depends on this machine: ${kinds.map((each) => each.message).join('; ')}`
  const hints = [...new Set(kinds.map(({ kind }) => HINTS[kind]))]
  const { path } = first
  const hint = `Pin it with ${hints.join('; ')}. build --reproducible lists every place`
  return { message, hint, finding: 'not-pinned', ...(path && { path }) }
}

interface ContentRules {
  readonly modes: KeptAttributes['modes']
  readonly xattrs: 'none' | 'keep' | 'auto'
}

class PinningSearch {
  readonly found: Unpinned[] = []
  readonly #options: PinningOptions

  constructor(options: PinningOptions) {
    this.#options = options
  }

  add(kind: Kind, path: ConfigPath, message: string): void {
    this.found.push({ kind, path, message, hint: HINTS[kind] })
  }

  volume(volume: VolumeSpec, configPath: ConfigPath): void {
    if (volume.kind === 'ubi') {
      for (const inner of volume.volumes) this.volume(inner.volume, inner.configPath)
    }
    if (volume.kind !== 'file-system') return
    const { keeps, content } = fileSystemOf(volume.type)
    if (volume.engine === 'host') {
      this.add('tools', [...configPath, 'fs'], `${volume.type} is made by the host's programs, whose version decides`)
    }
    if (content !== 'tree') return
    this.content(volume.content, { modes: keeps.modes, xattrs: keeps.xattrs ? volume.xattrs : 'none' })
  }

  content(sources: readonly ContentSource[], rules: ContentRules): void {
    for (const source of sources) {
      if (source.kind === 'put' && source.entry.kind === 'image') {
        const { volume, configPath } = source.entry.image
        this.volume(volume, configPath)
        continue
      }
      if (!comesFromHost(source)) continue
      const { configPath } = source
      if (this.#options.epoch === undefined) {
        this.add('times', configPath, 'files have the times of their copies on this machine')
      }
      if (rules.modes && modesOf(source) === undefined) {
        this.add('modes', configPath, 'files have the modes of their copies on this machine')
      }
      if (rules.xattrs === 'auto' && !this.#options.readsXattrs) {
        const message = 'extended attributes of the host are not read, getfattr (Debian package attr) is not installed'
        this.add('xattrs', configPath, message)
      }
    }
  }

  /** A zip has the times of the files in it. */
  zip({ partitions, bundle }: ImageSpec): void {
    if (this.#options.epoch !== undefined) return
    const message = 'the zip has the time of a file on this machine'
    for (const { configPath } of bundle.include) this.add('zip', configPath, message)
    for (const { volume, configPath } of partitions) {
      if (volume.kind === 'raw') this.add('zip', [...configPath, 'fs'], message)
    }
  }
}

/** Whether a source is a file or a folder of the host, and no archive that has times and modes of its own. */
function comesFromHost(source: ContentSource): boolean {
  if (source.kind === 'put') return source.entry.kind === 'file'
  if (source.kind === 'folder') return true
  return source.kind === 'path' && statSync(source.path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** What the config says of a source's modes; undefined where it says nothing. */
function modesOf(source: ContentSource): unknown {
  if (source.kind === 'folder' || source.kind === 'path') return source.modes
  if (source.kind !== 'put') return undefined
  return source.attributes.mode ?? (source.entry.kind === 'file' ? source.entry.modes : undefined)
}
