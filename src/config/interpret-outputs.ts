import type { ConfigPath } from '../errors.js'
import type { Interpretation } from './interpretation.js'
import { levelsOf } from './output-levels.js'
import type { OutputInput } from './schema/output.js'
import type { OutputFormat, OutputSpec } from './spec.js'

const DEFAULT_OUTPUTS: readonly OutputInput[] = ['raw', 'zip']

/** Of the formats that are named after the image; `split` makes a name for each of its files. */
const SUFFIXES: Readonly<Record<OutputFormat, string>> = {
  raw: '',
  zip: '.zip',
  gz: '.gz',
  xz: '.xz',
  zst: '.zst',
  bmap: '.bmap',
  'android-sparse': '.simg',
  qcow2: '.qcow2',
  vmdk: '.vmdk',
  vdi: '.vdi',
  vhdx: '.vhdx',
  split: '',
  html: '',
}

/** Beside layout.svg. */
const PAGE_NAME = 'layout.html'

/** What every build writes beside the image. */
const OTHER_RESULTS = ['PartList.cfg', 'manifest.json', 'SHA256SUMS', 'layout.svg', 'gadget']

export interface OutputsContext {
  readonly imageName: string
  /** `bundle.name`, where it is given. */
  readonly bundleName: string | undefined
  /** From the command line, in place of the config's list. */
  readonly override: readonly OutputInput[] | undefined
  readonly interpretation: Interpretation
}

/** Every output with its name. One format may be there several times under different names. */
export function interpretOutputs(input: readonly OutputInput[] | undefined, context: OutputsContext): OutputSpec[] {
  const { imageName, bundleName, override, interpretation } = context
  const list = override ?? input ?? DEFAULT_OUTPUTS
  if (list.length === 0) {
    const accepted = Object.keys(SUFFIXES).join(', ')
    interpretation.refuse(['outputs'], `Cannot write outputs: the list is empty, accepted are ${accepted}`)
  }
  const outputs = list.map((item, index): OutputSpec => {
    // What the command line asks for stands nowhere in the config.
    const configPath: ConfigPath = override === undefined ? ['outputs', index] : []
    const long = typeof item === 'string' ? { format: item } : item
    const { format, level, split } = long
    checkOptions(long, configPath, context)
    const ownName = format === 'zip' ? bundleName : format === 'html' ? PAGE_NAME : undefined
    const name = long.name ?? ownName ?? `${imageName}${SUFFIXES[format]}`
    return {
      format,
      name,
      configPath,
      ...(level !== undefined && { level }),
      ...(split !== undefined && { splitBytes: split }),
    }
  })
  checkNames(outputs, context)
  return outputs
}

function checkOptions(
  { format, name, level, split }: Exclude<OutputInput, string>,
  path: ConfigPath,
  { bundleName, interpretation }: OutputsContext,
): void {
  const at = (key: string): ConfigPath => (path.length === 0 ? path : [...path, key])
  if (format === 'raw' && name !== undefined) {
    interpretation.refuse(at('name'), 'Cannot name the raw image here: image: is its name')
  }
  if (format === 'zip' && name !== undefined && bundleName !== undefined) {
    interpretation.refuse(at('name'), 'Cannot name the zip twice: bundle.name is its name, one of the two is accepted')
  }
  if (split !== undefined && format !== 'android-sparse') {
    interpretation.refuse(at('split'), `Cannot split ${format}: split is accepted with android-sparse`)
  }
  checkLevel(format, level, at('level'), interpretation)
}

/** Refuses a level that the format does not have. */
export function checkLevel(
  format: OutputFormat,
  level: number | undefined,
  path: ConfigPath,
  interpretation: Interpretation,
): void {
  const levels = levelsOf(format)
  if (level === undefined || (levels && level >= levels.least && level <= levels.most)) return
  const accepted = levels
    ? `accepted are ${levels.least} to ${levels.most}`
    : 'a level is accepted with zip, gz, xz, zst, qcow2'
  interpretation.refuse(path, `Cannot use level ${level} for ${format}: ${accepted}`)
}

function checkNames(outputs: readonly OutputSpec[], { imageName, bundleName, interpretation }: OutputsContext): void {
  const owners = new Map<string, string>(OTHER_RESULTS.map((name) => [name, 'another result']))
  const image = outputs.find(({ format }) => format === 'raw')
  for (const output of outputs) {
    const { format, name, configPath } = output
    if (format === 'split') continue
    const first = outputs.find((other) => other.name === name && other.format !== 'split')
    if (first !== output && first?.format === format) {
      interpretation.refuse(
        configPath,
        `Cannot write ${format} twice: one of each is accepted`,
        format === 'raw' ? undefined : `Give it another name: { format: ${format}, name: … }`,
      )
      continue
    }
    const owner = name === imageName && output !== image ? 'the image' : (owners.get(name) ?? undefined)
    // The raw image and a zip of bundle.name are judged where those names are given.
    if (owner !== undefined && format !== 'raw' && (format !== 'zip' || name !== bundleName)) {
      interpretation.refuse(
        configPath,
        `Cannot write ${format} as "${name}": ${owner} has that name, any other is accepted`,
      )
    }
    if (!owners.has(name)) owners.set(name, `the output ${format}`)
  }
}
