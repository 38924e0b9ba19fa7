import { basename } from 'node:path'
import type { ConfigPath } from '../errors.js'
import type { Interpretation } from './interpretation.js'
import type { BundleInput } from './schema/bundle.js'
import type { BundleSpec, GadgetSpec } from './spec.js'

const DEFAULT_LEVEL = 6
const ZIP_SUFFIX = '.zip'

/** What every build writes beside the image, in the folder and in the zip. */
const OUTPUT_NAMES = ['PartList.cfg', 'manifest.json', 'SHA256SUMS', 'layout.svg', 'gadget'] as const
const BMAP_SUFFIX = '.bmap'
const GADGET_FOLDER = 'gadget'

export interface BundleContext {
  readonly imageName: string
  readonly gadget: GadgetSpec | undefined
  readonly interpretation: Interpretation
}

/** Finds every name that two files would have, in the folder of results or in the zip. */
export function interpretBundle(input: BundleInput, { imageName, gadget, interpretation }: BundleContext): BundleSpec {
  const name = input.name ?? `${imageName}${ZIP_SUFFIX}`
  const own = new Set<string>([...OUTPUT_NAMES, `${imageName}${BMAP_SUFFIX}`])
  if (own.has(imageName)) {
    interpretation.refuse(
      ['image'],
      `Cannot name the image "${imageName}": a file or folder beside it has that name, any other is accepted`,
    )
  }
  if (own.has(name) || name === imageName) {
    interpretation.refuse(
      ['bundle', 'name'],
      `Cannot name the zip "${name}": another result has that name, any other is accepted`,
    )
  }
  const taken = new Map<string, string>([...own, imageName].map((reserved) => [reserved, 'a file of the build']))
  const include = (input.include ?? []).map((item, index) => {
    const configPath: ConfigPath = ['bundle', 'include', index]
    const pathAt = typeof item === 'string' ? configPath : [...configPath, 'path']
    const path = interpretation.absolute(typeof item === 'string' ? item : item.path, pathAt)
    const entry = { path, name: (typeof item === 'string' ? undefined : item.name) ?? basename(path), configPath }
    checkEntryName(entry, { taken, gadget, interpretation })
    taken.set(entry.name, `bundle.include[${index}]`)
    return entry
  })
  return { name, include, level: input.level ?? DEFAULT_LEVEL }
}

function checkEntryName(
  { name, configPath }: BundleSpec['include'][number],
  {
    taken,
    gadget,
    interpretation,
  }: { taken: ReadonlyMap<string, string> } & Pick<BundleContext, 'gadget' | 'interpretation'>,
): void {
  const inGadget = gadget !== undefined && name.startsWith(`${GADGET_FOLDER}/`)
  const owner = taken.get(name) ?? (inGadget ? 'the folder of the gadget files' : undefined)
  if (owner === undefined) return
  const hint = 'Give it another name: { path: …, name: … }'
  interpretation.refuse(
    configPath,
    `Cannot put ${name} into the zip: ${owner} has that name, every name is accepted once`,
    hint,
  )
}
