/**
 * The second opinion on a patched source, where the host has dtc (and cpp, for sources with macros): both texts are compiled,
 * and the new tree must have what was asked and be the old one in everything else. A macro that sets the property, or an include
 * that was not found, shows here.
 */
import { dirname } from 'node:path'
import type { DeviceTreeSpec } from '../config/spec.js'
import { FormatError } from '../errors.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { type DtsFile, DtsSource } from './dts-source.js'
import { tokensOf } from './dts-tokens.js'
import { fdtNodes, readFdt } from './fdt/fdt-reader.js'
import { fdtProperty, setFdtProperty } from './fdt/set-fdt-property.js'

export interface DeviceTreeCheck {
  readonly specs: readonly DeviceTreeSpec[]
  readonly path: string
  readonly before: DtsFile
  /** One character per byte. */
  readonly after: string
}

/** Why the source was not checked; undefined: it was, and is right. Throws FormatError where the result is wrong. */
export async function checkDeviceTree(check: DeviceTreeCheck, runner: CommandRunner): Promise<string | undefined> {
  const { before, after, specs } = check
  const { name } = before
  if (runner.locate('dtc') === undefined) return 'dtc is not installed'
  const was = await compile(check, before.text, runner)
  if (typeof was === 'string') return was
  const now = await compile(check, after, runner)
  if (typeof now === 'string') {
    throw new FormatError(`Cannot use the changed device tree ${name}: ${now}, and the source as it came compiles`)
  }
  let expected = was
  for (const { node, properties } of specs) {
    for (const { name: property, value } of properties) {
      const asked = { name, node, property }
      expected = setFdtProperty(expected, { ...asked, value })
      const [wanted, found] = [fdtProperty(expected, asked), fdtProperty(now, asked)]
      if (sameBytes(wanted, found)) continue
      throw new FormatError(
        `Cannot set ${property} of node ${node} in ${name}: after the change dtc still finds ${shown(found)}, asked is ${shown(wanted)}`,
        { hint: 'A macro or an included file sets it where only the preprocessor sees it' },
      )
    }
  }
  const difference = firstDifference(expected, now)
  if (difference !== undefined) {
    throw new FormatError(`Cannot use the changed device tree ${name}: compiled, ${difference} differs too`)
  }
  return undefined
}

/** The compiled tree with its labels, or what went wrong. */
async function compile(
  { path, before, specs }: DeviceTreeCheck,
  text: string,
  runner: CommandRunner,
): Promise<Uint8Array | string> {
  const cwd = dirname(path)
  const folders = [cwd, ...specs.flatMap(({ includeFolders }) => includeFolders)]
  let input: string | Buffer = Buffer.from(text, 'latin1')
  if (needsPreprocessor(before)) {
    if (runner.locate('cpp') === undefined) return 'it has macros or includes, and cpp is not installed'
    const args = ['-nostdinc', '-undef', '-D__DTS__', '-x', 'assembler-with-cpp']
    const result = await runner.run('cpp', [...args, ...folders.flatMap((folder) => ['-I', folder]), '-'], { cwd, input })
    if (result.status !== 0) return `cpp: ${firstLine(result.stderr)}`
    input = result.stdout
  }
  const args = ['-q', '-q', '-@', '-I', 'dts', '-O', 'dtb', ...folders.flatMap((folder) => ['-i', folder]), '-']
  const result = await runner.run('dtc', args, { cwd, input })
  return result.status === 0 ? result.stdout : `dtc: ${firstLine(result.stderr)}`
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
