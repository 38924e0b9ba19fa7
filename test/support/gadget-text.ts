/** Board files from the keys of a `gadget:` section, as if it stood in a config. */

import type { GadgetInputs } from '../../src/gadget/gadget-files.js'
import { planGadgetFiles } from '../../src/gadget/gadget-files.js'
import { readTemplates } from '../../src/gadget/template.js'
import { loadText } from './load-text.js'

export interface BoardFiles {
  /** Texts by name, without the folder. */
  readonly texts: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** `keys`: lines that are indented by two blanks. */
export async function boardFiles(keys: string, inputs: Omit<GadgetInputs, 'templates'> = {}): Promise<BoardFiles> {
  const { spec } = loadText(`image: stick.img\nsize: 8MiB\npartitions: [{ fs: fat }]\ngadget:\n${keys}\n`)
  const { files, warnings } = planGadgetFiles(spec.gadget!, { ...inputs, templates: await readTemplates() })
  return {
    texts: Object.fromEntries(
      files.map(({ path, bytes }) => [path.replace(/^gadget\//, ''), Buffer.from(bytes).toString('utf8')]),
    ),
    warnings: warnings.map(({ message }) => message),
  }
}
