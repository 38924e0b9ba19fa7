/** What a result depends on: a change of any of these files and folders can change it, a change of anything else cannot. */
import { existsSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { GadgetSpec, ImageSpec, LoadedConfig, VolumeSpec } from '../config/spec.js'
import type { SourceFile } from '../image/extent.js'
import type { Payload } from '../layout/disk-plan.js'
import { isFormatted } from '../layout/volumes.js'
import { walkTree } from '../tree/file-tree.js'
import type { BundleFile } from './read-bundle.js'

/** Files of an installed module tree that the module list is made from. */
const MODULE_INDEXES = ['modules.dep', 'modules.builtin', 'modules.softdep', 'modules.alias']

export interface ReadInputs {
  readonly payloads: readonly Payload[]
  readonly bundle: readonly BundleFile[]
}

/**
 * Absolute paths in bytewise order, each once; bytes where a name is not UTF-8. A folder is among them since it changes when an
 * entry of it comes or goes.
 */
export function collectInputs(config: LoadedConfig, { payloads, bundle }: ReadInputs): (string | Buffer)[] {
  /** By their bytes. */
  const found = new Map<string, string | Buffer>()
  const add = (path: string | Buffer): void => {
    found.set(Buffer.from(path as string).toString('latin1'), path)
  }
  const addFile = ({ path, mtimeNs }: SourceFile): void => {
    // Without a time it is a spool of ours: what it was unpacked from is named by the config.
    if (mtimeNs !== undefined) add(path)
  }
  for (const path of config.files) add(path)
  for (const path of namedPaths(config.spec)) addFolders(path, add)
  for (const { file } of bundle) addFile(file)
  for (const payload of payloads) {
    if (payload.kind === 'file') addFile(payload.file)
    if (payload.kind !== 'tree') continue
    for (const [, node] of walkTree(payload.tree)) {
      if (node.type !== 'file') continue
      for (const { source } of node.content.extents) if (source.kind === 'file') addFile(source.file)
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)
}

/** Paths that the config says, of files and folders. */
function* namedPaths({ partitions, gadget }: ImageSpec): Generator<string> {
  for (const { volume } of partitions) yield* volumePaths(volume)
  if (gadget !== undefined) yield* gadgetPaths(gadget)
}

function* volumePaths(volume: VolumeSpec): Generator<string> {
  if (volume.kind === 'raw') yield volume.path
  if (!isFormatted(volume)) return
  for (const source of volume.content) {
    if (source.kind === 'put') {
      if (source.entry.kind === 'file') yield source.entry.path
      if (source.entry.kind === 'image') yield* volumePaths(source.entry.image.volume)
    } else if ('path' in source) {
      yield source.path
    }
  }
}

function* gadgetPaths({ deviceTrees, modulesDir }: GadgetSpec): Generator<string> {
  for (const { file } of deviceTrees) yield file
  if (modulesDir === undefined) return
  for (const name of MODULE_INDEXES) if (existsSync(join(modulesDir, name))) yield join(modulesDir, name)
}

/** A file as it is; a folder with all folders below it. Their files come from the tree: some may be left out of it. */
function addFolders(path: string | Buffer, add: (path: string | Buffer) => void): void {
  add(path)
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' as BufferEncoding }) as unknown as {
    name: Buffer
    isDirectory(): boolean
  }[]) {
    if (!entry.isDirectory()) continue
    const below = Buffer.concat([Buffer.from(path as string), Buffer.from('/'), entry.name])
    const text = below.toString('utf8')
    addFolders(Buffer.from(text).equals(below) ? text : below, add)
  }
}
