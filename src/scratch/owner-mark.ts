/** The name of a private folder, and the file in it that proves whose it is. */
/** In each private folder. */
export const OWNER_FILE = 'owner'

/** In a folder of results: a commit under way, or one that was interrupted (outputs/commit-lock.ts). */
export const COMMIT_FILE = '.diskloom.commit'

const KIND = 'temporary folder'
const NAME = /^\.diskloom-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{12}$/

/** A process, by the set of processes that its id counts in (`processSpace`) and that id. */
export interface Maker {
  readonly space: string
  readonly pid: number
}

export interface Owner extends Maker {
  /** Inode of the private folder in decimal: a copy of the folder is somebody else's. */
  readonly folder: string
  /** Whether the maker holds a lock on the file as long as it lives. */
  readonly locked: boolean
}

/** Returns `.diskloom-SPACE-PID-RANDOM`. */
export function privateName({ space, pid }: Maker, random: string): string {
  return `.diskloom-${space}-${pid}-${random}`
}

/** Returns the maker that a name speaks of, or undefined where it is not the name of a private folder. */
export function makerOf(name: string): Maker | undefined {
  const [, space, pid] = NAME.exec(name) ?? []
  return space === undefined ? undefined : { space, pid: Number(pid) }
}

export function ownerText(owner: Owner): string {
  return `${JSON.stringify({ diskloom: KIND, ...owner })}\n`
}

/** Returns undefined for what `ownerText` has not written. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const { diskloom, folder, locked, space, pid } = JSON.parse(text) as Record<string, unknown>
    if (diskloom !== KIND || typeof folder !== 'string' || typeof locked !== 'boolean') return undefined
    return typeof space === 'string' && typeof pid === 'number' ? { folder, locked, space, pid } : undefined
  } catch {
    return undefined
  }
}
