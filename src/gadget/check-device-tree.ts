/**
 * The second opinion on a patched source, where the host has dtc (and cpp, for sources with macros): both texts are compiled,
 * and the new tree must have what was asked and be the old one in everything else. A macro that sets the property, or an include
 * that was not found, shows here.
 */
import { dirname } from 'node:path'
import type { DeviceTreeSpec } from '../config/spec.js'
import { FormatError, type Warning } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { type DtsFile, DtsSource } from './dts-source.js'
import { tokensOf } from './dts-tokens.js'
import { fdtNodes, readFdt } from './fdt/fdt-reader.js'
import { fdtProperty, setFdtProperty } from './fdt/set-fdt-property.js'

/** As the kernel's build calls it: no host header is found, no host macro known, lines are not C. */
const CPP_ARGUMENTS = ['-nostdinc', '-undef', '-D__DTS__', '-x', 'assembler-with-cpp']
/** Warnings are the source's own affair; labels are kept, so that nodes can be found by them. */
const DTC_ARGUMENTS = ['-q', '-q', '-@', '-I', 'dts', '-O', 'dtb']

/** The changed text of a source, as `planDeviceTreeFiles` gave it. */
export interface ChangedSource {
  readonly path: string
  readonly before: DtsFile
  readonly after: Uint8Array
  /** Those of this file. */
  readonly specs: readonly DeviceTreeSpec[]
}

/** A warning for each source that could not be checked. Throws FormatError where a result is wrong, with the place in the config. */
export async function checkDeviceTrees(
  sources: readonly ChangedSource[],
  runner: CommandRunner,
  signal?: AbortSignal,
): Promise<readonly Warning[]> {
  const warnings: Warning[] = []
  for (const source of sources) {
    if (source.specs.some(({ check }) => !check)) continue
    const { configPath } = source.specs[0]!
    const compiler = new Compiler(source, runner, signal)
    const unchecked = await checkSource(source, compiler)
    if (unchecked === undefined) continue
    if (unchecked.kind === 'wrong') throw new FormatError([{ ...unchecked.problem, path: configPath }])
    warnings.push({
      finding: 'device-tree-unchecked',
      message: `Device tree ${source.before.name} was not compiled as a check: ${unchecked.why}`,
      hint: unchecked.hint ?? 'check: false says that it need not be',
      path: configPath,
    })
  }
  return warnings
}

type Unchecked =
  | { readonly kind: 'unchecked'; readonly why: string; readonly hint?: string }
  | { readonly kind: 'wrong'; readonly problem: { readonly message: string; readonly hint?: string } }

async function checkSource(
  { before, after, specs }: ChangedSource,
  compiler: Compiler,
): Promise<Unchecked | undefined> {
  const { name } = before
  const [was, now] = await Promise.all([compiler.compile(Buffer.from(before.text, 'latin1')), compiler.compile(after)])
  if ('why' in was) return { kind: 'unchecked', ...was }
  if ('why' in now) {
    return wrong(`Cannot use the changed device tree ${name}: ${now.why}, and the source as it came compiles`)
  }
  let expected = was.tree
  for (const { node, properties } of specs) {
    for (const { name: property, value } of properties) {
      expected = setFdtProperty(expected, { name, node, property, value })
    }
  }
  for (const { node, properties } of specs) {
    for (const { name: property } of properties) {
      const asked = { name, node, property }
      const [wanted, found] = [fdtProperty(expected, asked), fdtProperty(now.tree, asked)]
      if (sameBytes(wanted, found)) continue
      return wrong(
        `Cannot set ${property} of node ${node} in ${name}: after the change dtc still finds ${shown(found)}, asked is ${shown(wanted)}`,
        'A macro or an included file sets it where only the preprocessor sees it',
      )
    }
  }
  const difference = firstDifference(expected, now.tree)
  if (difference === undefined) return undefined
  return wrong(`Cannot use the changed device tree ${name}: compiled, ${difference} differs too`)
}

function wrong(message: string, hint?: string): Unchecked {
  return { kind: 'wrong', problem: hint === undefined ? { message } : { message, hint } }
}

class Compiler {
  readonly #source: ChangedSource
  readonly #runner: CommandRunner
  readonly #signal: AbortSignal | undefined

  constructor(source: ChangedSource, runner: CommandRunner, signal: AbortSignal | undefined) {
    this.#source = source
    this.#runner = runner
    this.#signal = signal
  }

  /** The compiled tree with its labels, or why there is none. */
  async compile(
    text: Uint8Array,
  ): Promise<{ readonly tree: Uint8Array } | { readonly why: string; readonly hint?: string }> {
    const { path, before, specs } = this.#source
    const runner = this.#runner
    const needed = needsPreprocessor(before) ? ['dtc', 'cpp'] : ['dtc']
    const missing = needed.find((program) => runner.locate(program) === undefined)
    if (missing !== undefined) {
      const hint = `On Debian: apt-get install ${missing === 'dtc' ? 'device-tree-compiler' : 'cpp'}`
      return { why: `${missing} is not installed`, hint }
    }
    const cwd = dirname(path)
    const options = { cwd, ...(this.#signal && { signal: this.#signal }) }
    const folders = [cwd, ...specs.flatMap(({ includeFolders }) => includeFolders)]
    let input = text
    if (needed.includes('cpp')) {
      const args = [...CPP_ARGUMENTS, ...folders.flatMap((folder) => ['-I', folder]), '-']
      const result = await runner.run('cpp', args, { ...options, input })
      if (result.status !== 0) return { why: `cpp: ${firstLine(result.stderr)}` }
      input = result.stdout
    }
    const args = [...DTC_ARGUMENTS, ...folders.flatMap((folder) => ['-i', folder]), '-']
    const result = await runner.run('dtc', args, { ...options, input })
    return result.status === 0 ? { tree: result.stdout } : { why: `dtc: ${firstLine(result.stderr)}` }
  }
}

function needsPreprocessor(file: DtsFile): boolean {
  const source = new DtsSource(file)
  for (const { kind } of tokensOf(source.text, source.place)) if (kind === 'directive') return true
  return file.includes.size > 0 && file.text.includes('#include')
}

/** The path of the first property that only one has, or has otherwise; their order does not matter to any reader. */
function firstDifference(a: Uint8Array, b: Uint8Array): string | undefined {
  const [left, right] = [flatten(a), flatten(b)]
  for (const [path, value] of left) if (right.get(path) !== value) return path
  return [...right.keys()].find((path) => !left.has(path))
}

function flatten(bytes: Uint8Array): ReadonlyMap<string, string> {
  const flat = new Map<string, string>()
  for (const { path, properties } of fdtNodes(readFdt(bytes).root)) {
    flat.set(path, '')
    for (const { name, value } of properties) flat.set(`${path}:${name}`, Buffer.from(value).toString('latin1'))
  }
  return flat
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

function shown(value: Uint8Array | undefined): string {
  if (value === undefined) return 'no such property'
  const text = Buffer.from(value).toString('latin1')
  return /^[\x20-\x7e]+\0$/.test(text) ? `"${text.slice(0, -1)}"` : `<${Buffer.from(value).toString('hex')}>`
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 200)
}
