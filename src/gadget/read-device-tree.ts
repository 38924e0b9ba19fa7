/** Device trees as `planDeviceTreeFiles` takes them: compiled ones by their bytes, sources with what they include. */
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { readInputFile } from '../bytes/read-input-file.js'
import type { DeviceTreeSpec } from '../config/spec.js'
import { errnoOf, FormatError, type Problem, systemReason } from '../errors.js'
import type { DeviceTreeInput } from './device-tree-files.js'
import { type DtsFile, includesOf } from './dts-source.js'
import { isFdt } from './fdt/fdt-reader.js'

/** Names that say "compiled", even where the content denies it. */
const COMPILED_NAMES = ['.dtb', '.dtbo']

/** Each file once. `problems` gets one for each that cannot be read. */
export function readDeviceTrees(specs: readonly DeviceTreeSpec[], problems: Problem[]): DeviceTreeInput[] {
  const inputs: DeviceTreeInput[] = []
  for (const { file: path, configPath } of specs) {
    if (inputs.some((input) => input.path === path)) continue
    try {
      const bytes = readInputFile(path)
      if (isFdt(bytes) || COMPILED_NAMES.includes(extname(path))) {
        inputs.push({ kind: 'compiled', path, name: basename(path), bytes })
      } else {
        const folders = specs.filter(({ file }) => file === path).flatMap(({ includeFolders }) => includeFolders)
        inputs.push({ kind: 'source', path, file: sourceFile(path, bytes, { folders, read: new Map() }) })
      }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      problems.push({
        message: `Cannot read device tree ${path}: ${systemReason(error)}`,
        path: [...configPath, 'file'],
      })
    }
  }
  return inputs
}

/** Absolute paths of the files that the device trees are made of, those that are included among them. */
export function deviceTreePaths(specs: readonly DeviceTreeSpec[]): string[] {
  const paths = new Set(specs.map(({ file }) => file))
  const add = (file: DtsFile): void => {
    for (const included of file.includes.values()) {
      if (included.path === undefined || paths.has(included.path)) continue
      paths.add(included.path)
      add(included)
    }
  }
  for (const input of readDeviceTrees(specs, [])) if (input.kind === 'source') add(input.file)
  return [...paths]
}

interface IncludeContext {
  readonly folders: readonly string[]
  /** Path → file: what is included twice, or in a circle, is read once. */
  readonly read: Map<string, DtsFile>
}

/** An include that is not found stays one: board sources are often patched without the kernel's tree around them. */
function sourceFile(path: string, bytes: Buffer, context: IncludeContext): DtsFile {
  const includes = new Map<string, DtsFile>()
  const text = bytes.toString('latin1')
  const file = { name: basename(path), path, text, includes }
  context.read.set(path, file)
  for (const name of includedNames(text)) {
    const found = [dirname(path), ...context.folders].map((folder) => join(folder, name)).find(isReadableFile)
    if (found === undefined) continue
    includes.set(name, context.read.get(found) ?? sourceFile(found, readInputFile(found), context))
  }
  return file
}

/** None where the text cannot be followed; the plan says so, with the place. */
function includedNames(text: string): string[] {
  try {
    return includesOf(text, String).flatMap(({ name }) => name ?? [])
  } catch (error) {
    if (error instanceof FormatError) return []
    throw error
  }
}

function isReadableFile(path: string): boolean {
  return existsSync(path)
}
