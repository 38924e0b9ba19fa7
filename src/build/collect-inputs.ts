/** What a result depends on: a change of any of these files and folders can change it, a change of anything else cannot. */
import { readdirSync } from 'node:fs'
import { linkStatsAt } from '../bytes/path-stats.js'
import type { ContentSource, GadgetSpec, ImageSpec, LoadedConfig, VolumeSpec } from '../config/spec.js'
import { deviceTreePaths } from '../gadget/read-device-tree.js'
import type { SourceFile } from '../image/extent.js'
import type { Payload } from '../layout/disk-plan.js'
import { leafPayloads } from '../layout/measure-payload.js'
import { walkTree } from '../tree/file-tree.js'
import type { PreparedGadget } from './prepared-gadget.js'
import type { BundleFile } from './read-bundle.js'

export interface ReadInputs {
  readonly payloads: readonly Payload[]
  readonly bundle: readonly BundleFile[]
  readonly gadget: Pick<PreparedGadget, 'trees' | 'moduleFiles'>
}

/**
 * Absolute paths in bytewise order, each once; bytes where a name is not UTF-8. A folder is among them since it changes when an
 * entry of it comes or goes.
 */
export function collectInputs(config: LoadedConfig, { payloads, bundle, gadget }: ReadInputs): (string | Buffer)[] {
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
  for (const path of gadget.moduleFiles) add(path)
  const trees = [...gadget.trees]
  for (const payload of leafPayloads(payloads)) {
    if (payload.kind === 'file') addFile(payload.file)
    if (payload.kind === 'tree') trees.push(payload.tree)
  }
  for (const tree of trees) {
    for (const [, node] of walkTree(tree)) {
      if (node.type !== 'file') continue
      if (node.origin !== undefined) addFile(node.origin)
      for (const { source } of node.content.extents) if (source.kind === 'file') addFile(source.file)
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)
}

/** Paths that the config says, of files and folders. */
function* namedPaths({ partitions, gadget }: ImageSpec): Generator<string> {
  for (const { volume, luks } of partitions) {
    yield* volumePaths(volume)
    if (luks !== undefined) yield luks.keyFile
    if (luks?.volumeKeyFile !== undefined) yield luks.volumeKeyFile
  }
  if (gadget !== undefined) yield* gadgetPaths(gadget)
}

function* volumePaths(volume: VolumeSpec): Generator<string> {
  if (volume.kind === 'raw') yield volume.path
  if (volume.kind === 'ubi') for (const { volume: inner } of volume.volumes) yield* volumePaths(inner)
  if (!('content' in volume)) return
  yield* contentPaths(volume.content)
}

function* contentPaths(content: readonly ContentSource[]): Generator<string> {
  for (const source of content) {
    if (source.kind === 'put') {
      if (source.entry.kind === 'file') yield source.entry.path
      if (source.entry.kind === 'image') yield* volumePaths(source.entry.image.volume)
    } else if ('path' in source) {
      yield source.path
    }
  }
}

function* gadgetPaths({ deviceTrees, modulesInto, initramfs }: GadgetSpec): Generator<string> {
  yield* deviceTreePaths(deviceTrees)
  if (modulesInto !== undefined) yield modulesInto
  if (initramfs !== undefined) yield* contentPaths(initramfs.content)
}

/** A file as it is; a folder with all folders below it. Their files come from the tree: some may be left out of it. */
function addFolders(path: string | Buffer, add: (path: string | Buffer) => void): void {
  add(path)
  if (linkStatsAt(path)?.isDirectory() !== true) return
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
