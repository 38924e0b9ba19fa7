/** What the commands over one place in an image share: the argument, and opening what it names. */
import { existsSync } from 'node:fs'
import { type Found, findPlace } from '../inspect/lookup.js'
import type { OpenImage } from '../inspect/open-image.js'
import { parseTarget } from '../inspect/target.js'
import type { Services } from './services.js'
import type { Terminal } from './terminal.js'

export const TARGET_HELP = 'IMAGE:2:/PATH or IMAGE:NAME:/PATH; IMAGE:/PATH where there is one volume'

/** Opens the image that a target names, and lets it go when `use` has ended. `rest`: the target without the image. */
export async function withImage<T>(
  text: string,
  { terminal, services }: { readonly terminal: Terminal; readonly services: Services },
  use: (disk: OpenImage, rest: string | undefined) => T | Promise<T>,
): Promise<T> {
  const { image, rest } = parseTarget(text, (path) => path === '-' || existsSync(path))
  const { openImage } = await services.loadInspect()
  const disk = await openImage(image, { environment: terminal.environment, signal: terminal.signal })
  try {
    return await use(disk, rest)
  } finally {
    disk.close()
  }
}

/** The same for the partition and path in it. */
export function withPlace<T>(
  text: string,
  context: { readonly terminal: Terminal; readonly services: Services },
  use: (found: Found, disk: OpenImage) => T | Promise<T>,
): Promise<T> {
  return withImage(text, context, (disk, rest) => use(findPlace(disk, rest, text), disk))
}
