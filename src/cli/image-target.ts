/** What the commands over one place in an image share: the argument, and opening what it names. */
import { existsSync } from 'node:fs'
import { Option } from '@commander-js/extra-typings'
import { type Found, findPlace } from '../inspect/lookup.js'
import type { OpenImage } from '../inspect/open-image.js'
import { parseTarget } from '../inspect/target.js'
import type { PartitionNames } from '../inspect.js'
import type { Variables } from './config-options.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

export const TARGET_HELP = 'IMAGE:2:/PATH or IMAGE:NAME:/PATH; IMAGE:/PATH where there is one volume'

/** Options of every command that looks into an image. */
export interface NameFlags {
  readonly config?: string | undefined
  readonly set?: Variables | undefined
  readonly mtdparts?: string | undefined
}

export interface ImageContext {
  readonly terminal: Terminal
  readonly services: Services
  readonly names?: NameFlags
}

export function namesConfigOption() {
  return new Option('--config <config>', 'call partitions as this config does, and find those of raw flash')
}

export function mtdpartsOption() {
  return new Option('--mtdparts <words>', 'partitions of raw flash, as its kernel is told them').conflicts('config')
}

function partitionNames({ config, set, mtdparts }: NameFlags): PartitionNames | undefined {
  if (config !== undefined) return { config, set }
  return mtdparts === undefined ? undefined : { mtdparts }
}

/** Opens the image that a target names, and lets it go when `use` has ended. `rest`: the target without the image. */
export async function withImage<T>(
  text: string,
  { terminal, services, names }: ImageContext,
  use: (disk: OpenImage, rest: string | undefined) => T | Promise<T>,
): Promise<T> {
  const { image, rest } = parseTarget(text, (path) => path === '-' || existsSync(path))
  const { openImage } = await services.loadInspect()
  const disk = await openImage(image, {
    environment: terminal.environment,
    signal: terminal.signal,
    names: names && partitionNames(names),
  })
  try {
    return await use(disk, rest)
  } finally {
    disk.close()
  }
}

/** The same for the partition and path in it. */
export function withPlace<T>(
  text: string,
  context: ImageContext,
  use: (found: Found, disk: OpenImage) => T | Promise<T>,
): Promise<T> {
  return withImage(text, context, (disk, rest) => use(findPlace(disk, rest, text), disk))
}
