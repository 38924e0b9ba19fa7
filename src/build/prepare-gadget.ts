/** Makes the results of the `gadget:` section as far as they can be known before the first byte. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { formatSize } from '../bytes/format-size.js'
import { displayName } from '../bytes/text.js'
import type { ContentSource, GadgetSpec, InitramfsSpec } from '../config/spec.js'
import { ConfigError, type ConfigPath, FormatError, remapProblems, type Warning } from '../errors.js'
import { GADGET_FOLDER } from '../gadget/gadget-files.js'
import { MODULE_LIST } from '../gadget/module-files.js'
import { type CheckedGadget, type PlanCheckedOptions, planCheckedGadget } from '../gadget/plan-checked.js'
import { type DiskImage, imageOfBytes } from '../image/extent.js'
import { ArchiveShelf } from '../tree/archive-shelf.js'
import { type CpioPlan, planCpio } from '../tree/cpio-image.js'
import { editTree } from '../tree/edit-tree.js'
import { EMPTY_CONTENT, type FileTree } from '../tree/file-tree.js'
import { measureTree } from '../tree/tree-stats.js'
import { readContent } from './content/read-content.js'
import { NO_GADGET, type PreparedGadget } from './prepared-gadget.js'
import type { ReadPayloadsOptions } from './read-payloads.js'

/** Throws as `planCheckedGadget` and `readContent`; ConfigError also for results of one name. */
export async function prepareGadget(
  spec: GadgetSpec,
  options: ReadPayloadsOptions & Pick<PlanCheckedOptions, 'unwritten'>,
): Promise<PreparedGadget> {
  const checked = await planCheckedGadget(spec, options)
  const { files, warnings, moduleFiles } = checked
  const { initramfs } = spec
  const path = initramfs && `${GADGET_FOLDER}/${initramfs.name}`
  assertNamesDiffer([...files.map((file) => file.path), ...(path === undefined ? [] : [path])], spec)
  if (initramfs === undefined || path === undefined) return { ...NO_GADGET, files, warnings, moduleFiles }
  const { runner, signal, workFolder } = options
  const archives = new ArchiveShelf({ runner, workFolder, ...(signal && { signal }) })
  try {
    const { tree, warnings: found } = await initramfsTree(spec, initramfs, { ...options, archives, checked })
    const { compression, level, configPath } = initramfs
    const { image, withoutXattrs } = cpioOf(tree, configPath)
    if (compression === 'zst') await assertFitsFrame(image, configPath)
    return {
      files,
      images: [{ path, image, compression, ...(level !== undefined && { level }) }],
      trees: [tree],
      moduleFiles,
      warnings: [
        ...warnings,
        ...found,
        ...withoutXattrs.slice(0, 1).map((first) => ({
          finding: 'initramfs-xattrs' as const,
          message: `Initramfs: extended attributes of ${withoutXattrs.length} entries (the first is /${displayName(first)}) are left out, a cpio has no place for them`,
          path: configPath,
        })),
      ],
      release: () => archives.release(),
    }
  } catch (error) {
    await archives.release()
    throw error
  }
}

/** What the cpio refuses stands in none of its sources alone: the section is its place. */
function cpioOf(tree: FileTree, path: ConfigPath): CpioPlan {
  try {
    return planCpio(tree)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw remapProblems(error, (problem) => ({ path, ...problem }))
  }
}

/** A kernel reads one frame of zstd, which is made in one piece. */
async function assertFitsFrame(image: DiskImage, path: ConfigPath): Promise<void> {
  const { ZST_FRAME_MAX_BYTES } = await import('../outputs/zst-file.js')
  if (image.sizeBytes <= ZST_FRAME_MAX_BYTES) return
  throw new ConfigError({
    message: `Cannot pack the initramfs as zst: it is of ${formatSize(image.sizeBytes)}, one frame of at most ${formatSize(ZST_FRAME_MAX_BYTES)} is accepted`,
    path,
    hint: 'gz and xz have no such limit.',
  })
}

function assertNamesDiffer(paths: readonly string[], { configPath }: GadgetSpec): void {
  const twice = paths.find((path, index) => paths.indexOf(path) !== index)
  if (twice === undefined) return
  throw new ConfigError({
    message: `Cannot write ${twice}: two results of the gadget section have that name, every name is accepted once`,
    path: configPath,
  })
}

type InitramfsOptions = ReadPayloadsOptions & { readonly archives: ArchiveShelf; readonly checked: CheckedGadget }

/** The content, then the modules over it, then the other results. */
async function initramfsTree(
  spec: GadgetSpec,
  initramfs: InitramfsSpec,
  { archives, checked, runner, variable, clampTo, signal }: InitramfsOptions,
): Promise<{ tree: FileTree; warnings: readonly Warning[] }> {
  const bytesOf = (name: string): Uint8Array | undefined =>
    checked.files.find(({ path }) => path === `${GADGET_FOLDER}/${name}`)?.bytes
  const lists = new Map<string, Uint8Array>()
  const sources = initramfs.content.map(asList)
  if (initramfs.modules) {
    const path = join(initramfs.folder, MODULE_LIST)
    lists.set(path, bytesOf(MODULE_LIST)!)
    sources.push({ kind: 'list', path, configPath: initramfs.configPath })
  }
  // A list that gets the modules has them here too, as if its patch were applied.
  if (spec.modulesInto !== undefined) lists.set(spec.modulesInto, bytesOf(basename(spec.modulesInto))!)
  const { tree, warnings } = await readContent(sources, {
    holes: 'none',
    xattrs: 'name',
    archiveXattrs: 'keep',
    archives,
    runner,
    lists,
    // Who sets no install root means the tree that the list was made from.
    variable: (name) => variable(name) ?? (spec.installRoot === `\${${name}}` ? checked.hostRoot : undefined),
    ...(clampTo !== undefined && { clampTo }),
    ...(signal !== undefined && { signal }),
  })
  const mtime = clampTo ?? measureTree(tree).newest
  const edits = initramfs.results.map(({ path, name, configPath }) => {
    const bytes = bytesOf(name)
    if (bytes === undefined) {
      const names = checked.files.map((file) => file.path.slice(GADGET_FOLDER.length + 1))
      throw new ConfigError({
        message: `Cannot put ${name} into the initramfs: there is no such result, accepted are ${names.join(', ')}`,
        path: configPath,
      })
    }
    const content = bytes.length === 0 ? EMPTY_CONTENT : imageOfBytes(bytes)
    const node = { type: 'file' as const, mode: modeOf(bytes), uid: 0, gid: 0, mtime, content }
    return { kind: 'put' as const, path, node, attributes: {}, configPath }
  })
  return { tree: edits.length === 0 ? tree : editTree(tree, edits), warnings }
}

/** A script is there to be run. */
function modeOf(bytes: Uint8Array): number {
  return Buffer.from(bytes.subarray(0, 2)).toString('latin1') === '#!' ? 0o755 : 0o644
}

/** A path that tells by itself what it is may be a list here: a file of text. */
function asList(source: ContentSource): ContentSource {
  return source.kind === 'path' && isTextFile(source.path) ? { ...source, kind: 'list' } : source
}

const HEAD_BYTES = 4096

/** A cpio begins with digits; compressed files and tars hold bytes that no text has. False for what cannot be read. */
function isTextFile(path: string): boolean {
  const head = Buffer.alloc(HEAD_BYTES)
  try {
    // Opening a fifo would wait for its writer.
    if (!statSync(path).isFile()) return false
    const file = openSync(path, 'r')
    try {
      const text = head.subarray(0, readSync(file, head)).toString('latin1')
      return !/^0707\d\d/.test(text) && !/[\x00-\x08\x0e-\x1f]/.test(text)
    } finally {
      closeSync(file)
    }
  } catch {
    // A folder, or what the reading of the content will tell of.
    return false
  }
}
