import { basename } from 'node:path'
import type { ConfigPath } from '../errors.js'
import type { Interpretation } from './interpretation.js'
import { OUTPUT_LEVELS } from './output-levels.js'
import type { BundleInput } from './schema/bundle.js'
import { type BundleSpec, type GadgetSpec, META_NAMES, type OutputSpec, README_NAME } from './spec.js'

const ZIP_SUFFIX = '.zip'

/** What every build writes beside the image, in the folder and in the zip. */
const OUTPUT_NAMES = ['PartList.cfg', 'manifest.json', 'SHA256SUMS', 'layout.svg', 'gadget'] as const
const BMAP_SUFFIX = '.bmap'
const GADGET_FOLDER = 'gadget'

/** Extensions by which balenaEtcher knows an image in an archive. */
const ETCHER_NAME = /\.(?:img|bin|iso|dsk|hddimg|raw|sdcard|rpi-sdimg|wic)$/i

export interface BundleContext {
  readonly imageName: string
  readonly outputs: readonly OutputSpec[]
  readonly gadget: GadgetSpec | undefined
  readonly interpretation: Interpretation
}

/** Finds every name that two files would have, in the folder of results or in the zip. */
export function interpretBundle(
  input: BundleInput,
  { imageName, outputs, gadget, interpretation }: BundleContext,
): BundleSpec {
  const zip = outputs.find(({ format }) => format === 'zip')
  const name = zip?.name ?? input.name ?? `${imageName}${ZIP_SUFFIX}`
  const own = new Set<string>([...OUTPUT_NAMES, `${imageName}${BMAP_SUFFIX}`])
  if (own.has(imageName)) {
    interpretation.refuse(
      ['image'],
      `Cannot name the image "${imageName}": a file or folder beside it has that name, any other is accepted`,
    )
  }
  // A name from `outputs:` is judged there.
  if (input.name !== undefined && (own.has(input.name) || input.name === imageName)) {
    interpretation.refuse(
      ['bundle', 'name'],
      `Cannot name the zip "${input.name}": another result has that name, any other is accepted`,
    )
  }
  const { meta = false, readme = false } = input
  const inZip = [...own, imageName, ...(meta ? Object.values(META_NAMES) : []), ...(readme ? [README_NAME] : [])]
  const taken = new Map<string, string>(inZip.map((reserved) => [reserved, 'a file of the build']))
  const include = (input.include ?? []).map((item, index) => {
    const configPath: ConfigPath = ['bundle', 'include', index]
    const pathAt = typeof item === 'string' ? configPath : [...configPath, 'path']
    const path = interpretation.absolute(typeof item === 'string' ? item : item.path, pathAt)
    const entry = { path, name: (typeof item === 'string' ? undefined : item.name) ?? basename(path), configPath }
    checkEntryName(entry, { taken, gadget, interpretation })
    taken.set(entry.name, `bundle.include[${index}]`)
    return entry
  })
  if (meta && !ETCHER_NAME.test(imageName)) {
    interpretation.warnings.push({
      path: ['bundle', 'meta'],
      finding: 'etcher-name',
      message: `balenaEtcher will not find the image in the zip: it goes by the name, and "${imageName}" does not end in .img`,
      hint: `image: ${imageName}.img`,
    })
  }
  return { name, include, level: zip?.level ?? input.level ?? OUTPUT_LEVELS.zip.usual, meta, readme }
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
