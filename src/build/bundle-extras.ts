/** What the bundle holds for burning tools and for people, where the config asks for it. */

import { readFileSync } from 'node:fs'
import { formatSize } from '../bytes/format-size.js'
import { jsonText } from '../bytes/json-text.js'
import { META_NAMES, README_NAME } from '../config/spec.js'
import { shellWord } from '../gadget/mass-storage/shell-quote.js'
import { renderTemplate, templatePath } from '../gadget/template.js'
import type { DiskPlan } from '../layout/disk-plan.js'

export interface BundleExtra {
  readonly path: string
  readonly bytes: Uint8Array
}

const README_TEMPLATE = 'burn-readme.txt'

/** In the order of the zip. `bmap`: the text of the image's bmap, where one was made. */
export function bundleExtras(plan: DiskPlan, bmap: string | undefined): BundleExtra[] {
  const { bundle } = plan.spec
  const extras: BundleExtra[] = []
  if (bundle.meta && bmap !== undefined) {
    extras.push({ path: META_NAMES.bmap, bytes: Buffer.from(bmap, 'utf8') })
    extras.push({ path: META_NAMES.manifest, bytes: Buffer.from(etcherManifest(plan), 'utf8') })
  }
  if (bundle.readme) extras.push({ path: README_NAME, bytes: Buffer.from(readme(plan), 'utf8') })
  return extras
}

/** The keys that etcher-sdk knows and a build can answer for. */
function etcherManifest({ spec, sizeBytes }: DiskPlan): string {
  return `${jsonText({ name: spec.name, recommendedDriveSize: sizeBytes }, { indent: 2 })}\n`
}

function readme({ spec, sizeBytes }: DiskPlan): string {
  const templates = new Map([[README_TEMPLATE, readFileSync(templatePath(README_TEMPLATE), 'utf8')]])
  const withBmap = spec.outputs.find(({ format }) => format === 'bmap')
  return renderTemplate(templates, README_TEMPLATE, {
    image: spec.name,
    // unzip takes the name for a pattern.
    image_word: shellWord(spec.name.replace(/[[\]*?]/g, '\\$&')),
    zip_word: shellWord(spec.bundle.name),
    underline: '='.repeat(spec.name.length),
    size: formatSize(sizeBytes),
    bytes: String(sizeBytes),
    zip: spec.bundle.name,
    bmap:
      withBmap === undefined
        ? ''
        : `\nFaster, with ${withBmap.name} beside the zip:\n\n    sudo bmaptool copy --bmap ${shellWord(withBmap.name)} ${shellWord(spec.bundle.name)} /dev/DEVICE\n`,
  })
}
