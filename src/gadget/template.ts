/**
 * Texts that are emitted stand as plain files in templates/, with `{{name}}` where a value goes: readable and changeable
 * without reading code.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { invariant } from '../errors.js'

/** Two levels up from src/gadget and from dist/gadget alike: the root of the package. */
const TEMPLATE_FOLDER = new URL('../../templates/', import.meta.url)

const GADGET_TEMPLATES = [
  'modules.list',
  'node-override.dts',
  'usb-gadget-configfs.sh',
  'usb-gadget-module.sh',
  'usb-gadget-luns.sh',
  'usb-gadget.service',
  'harvest.sh',
] as const
export type TemplateName = (typeof GADGET_TEMPLATES)[number] | 'burn-readme.txt' | 'layout.html'

/** Path of a file in templates/, from the sources and from an installed package alike. */
export function templatePath(name: string): string {
  return fileURLToPath(new URL(name, TEMPLATE_FOLDER))
}

export async function readTemplates(): Promise<ReadonlyMap<string, string>> {
  return new Map(
    await Promise.all(
      GADGET_TEMPLATES.map(async (name) => [name, await readFile(templatePath(name), 'utf8')] as const),
    ),
  )
}

/**
 * Puts `values` into the `{{slots}}` of a template. Every slot must have a value and every value a slot: templates are
 * ours, so a mismatch is a bug. Values are taken as they are; they are never searched for slots.
 */
export function renderTemplate(
  templates: ReadonlyMap<string, string>,
  name: TemplateName,
  values: Readonly<Record<string, string>>,
): string {
  const template = templates.get(name)
  invariant(template !== undefined, `template ${name} was not read`)
  const used = new Set<string>()
  const text = template.replace(/\{\{(\w+)\}\}/g, (_, slot: string) => {
    const value = values[slot]
    invariant(value !== undefined, `template ${name} has a slot {{${slot}}} that nothing fills`)
    used.add(slot)
    return value
  })
  const unused = Object.keys(values).filter((slot) => !used.has(slot))
  invariant(unused.length === 0, `template ${name} has no slot for ${unused.join(', ')}`)
  return text
}
