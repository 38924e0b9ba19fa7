import { basename } from 'node:path'
import type { DtsValue } from '../bytes/dts-value.js'
import type { ConfigPath } from '../errors.js'
import type { DeviceTreeSpec } from './device-tree-spec.js'
import type { Interpretation } from './interpretation.js'
import { type DeviceTreeInput, KNOWN_WORDS, meantWord } from './schema/gadget-device-tree.js'

const PATH = ['gadget', 'device_tree'] as const

export function interpretDeviceTrees(
  input: DeviceTreeInput,
  interpretation: Interpretation,
): readonly DeviceTreeSpec[] {
  const isList = interpretation.isList(PATH)
  const specs = input.map((entry, index) => interpretEntry(entry, isList ? [...PATH, index] : PATH, interpretation))
  refuseSameNames(specs, interpretation)
  return specs
}

function interpretEntry(
  entry: DeviceTreeInput[number],
  configPath: ConfigPath,
  interpretation: Interpretation,
): DeviceTreeSpec {
  const { dr_mode: drMode, properties: written = {}, include_dirs: folders = [] } = entry
  if (drMode !== undefined && Object.hasOwn(written, 'dr_mode')) {
    interpretation.refuse(
      [...configPath, 'properties', 'dr_mode'],
      `Cannot set dr_mode of ${entry.node} twice: it is given by itself and in properties, one is accepted`,
    )
  }
  if (drMode === undefined && Object.keys(written).length === 0) {
    interpretation.refuse(
      configPath,
      `Cannot change node ${entry.node}: neither dr_mode nor properties is given, at least one is needed`,
    )
  }
  const properties = Object.entries(written).map(([name, value]) => {
    if (value !== 'absent') checkWords(name, value, { node: entry.node, configPath, interpretation })
    return { name, value: value === 'absent' ? undefined : value }
  })
  return {
    file: interpretation.absolute(entry.file, [...configPath, 'file']),
    node: entry.node,
    properties: [
      ...(drMode === undefined ? [] : [{ name: 'dr_mode', value: [{ kind: 'string', text: drMode } as const] }]),
      ...properties,
    ],
    overlay: entry.overlay ?? false,
    check: entry.check ?? true,
    includeFolders: folders.map((folder, index) =>
      interpretation.absolute(folder, [...configPath, 'include_dirs', index]),
    ),
    configPath,
  }
}

interface WordContext {
  readonly node: string
  readonly configPath: ConfigPath
  readonly interpretation: Interpretation
}

/** A driver that meets an unknown word takes its default without a word of its own. */
function checkWords(name: string, value: DtsValue, { node, configPath, interpretation }: WordContext): void {
  const words = Object.hasOwn(KNOWN_WORDS, name) ? KNOWN_WORDS[name] : undefined
  if (words === undefined) return
  const [piece] = value
  const word = value.length === 1 && piece?.kind === 'string' ? piece.text : undefined
  if (word !== undefined && words.includes(word)) return
  const meant = word === undefined ? undefined : meantWord(word, words)
  interpretation.refuse(
    [...configPath, 'properties', name],
    `Cannot set ${name} of ${node}: ${word === undefined ? 'the value is no single word' : `"${word}" is unknown`}, accepted are ${words.join(', ')}`,
    meant && `Did you mean "${meant}"?`,
  )
}

/** Results have the base names of their sources. */
function refuseSameNames(specs: readonly DeviceTreeSpec[], interpretation: Interpretation): void {
  const files = new Map<string, string>()
  for (const { file, configPath } of specs) {
    const name = basename(file)
    const other = files.get(name)
    if (other !== undefined && other !== file) {
      interpretation.refuse(
        [...configPath, 'file'],
        `Cannot write the device tree ${file}: ${other} has the same name, and both results would be gadget/${name}`,
      )
    }
    files.set(name, file)
  }
}
