/** The part of `gadget:` about an initramfs. */
import type { ConfigPath } from '../errors.js'
import { type InterpretImage, interpretContentEntry } from './interpret-content.js'
import { checkLevel } from './interpret-outputs.js'
import type { Interpretation, PartitionContext } from './interpretation.js'
import type { InitramfsInput } from './schema/gadget-initramfs.js'
import type { ContentSource, InitramfsSpec, ModesSpec } from './spec.js'

const DEFAULT_COMPRESSION = 'gz'
const CONFIG_PATH: ConfigPath = ['gadget', 'initramfs']

/** `hasModules`: whether the section lists any. `modes`: of the whole config. */
export function interpretInitramfs(
  input: InitramfsInput,
  { hasModules, modes: modesOfConfig }: { hasModules: boolean; modes: ModesSpec | undefined },
  interpretation: Interpretation,
): InitramfsSpec {
  const { content = [], results = {}, compression = DEFAULT_COMPRESSION, level, modules = hasModules } = input
  const at: ConfigPath = [...CONFIG_PATH, 'content']
  const context: PartitionContext = {
    interpretation,
    path: CONFIG_PATH,
    text: 'the initramfs',
    unread: new Set(),
    isLast: false,
    engine: 'native',
    modes: modesOfConfig,
  }
  const entry = (value: Exclude<typeof content, string>[number], place: ConfigPath): ContentSource[] => {
    const source = interpretContentEntry(value, place, context, refuseImage)
    return source === undefined ? [] : [source]
  }
  const sources =
    typeof content === 'string' ? entry(content, at) : content.flatMap((it, index) => entry(it, [...at, index]))
  if (modules && !hasModules) {
    interpretation.refuse(
      [...CONFIG_PATH, 'modules'],
      'Cannot put modules into the initramfs: gadget.modules lists none',
    )
  }
  if (sources.length === 0 && !modules && Object.keys(results).length === 0) {
    interpretation.refuse(CONFIG_PATH, 'Cannot make an initramfs of nothing: content, modules or results is needed')
  }
  for (const path of Object.keys(results)) {
    if (path.startsWith('/') && !path.endsWith('/') && !path.split('/').includes('..')) continue
    interpretation.refuse(
      [...CONFIG_PATH, 'results', path],
      `Cannot put a result at "${path}" of the initramfs: accepted is a path such as /etc/init.d/S50usb, without ".."`,
    )
  }
  if (compression !== 'none') checkLevel(compression, level, [...CONFIG_PATH, 'level'], interpretation)
  else if (level !== undefined) {
    interpretation.refuse([...CONFIG_PATH, 'level'], 'Cannot use a level for none: it is accepted with gz, xz, zst')
  }
  const suffix = compression === 'none' ? '' : `.${compression}`
  return {
    content: sources,
    modules,
    results: Object.entries(results).map(([path, name]) => ({
      path,
      name,
      configPath: [...CONFIG_PATH, 'results', path],
    })),
    compression,
    name: input.name ?? `initramfs.cpio${suffix}`,
    folder: interpretation.absolute('.', CONFIG_PATH),
    configPath: CONFIG_PATH,
    ...(level !== undefined && { level }),
  }
}

const refuseImage: InterpretImage = (_, { interpretation, path }) => {
  interpretation.refuse(
    path,
    'Cannot make an image in the initramfs: content of a partition takes image, here it is not accepted',
  )
  return undefined
}
