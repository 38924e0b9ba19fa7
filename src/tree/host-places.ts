/**
 * Which symlinks of a payload folder lead to files of the build machine, as those of a sandbox or a link farm do. A root
 * file system has absolute links too, and often their targets exist on the build machine (`/etc/localtime` →
 * `/usr/share/zoneinfo/UTC`), so a target counts only where a root file system has no business: below the places where
 * builds work (the folder around the payload, the current one, the user's own, those for temporary files), or outside the
 * folders of a Linux system. A relative link that leaves its folder counts wherever its target is.
 */
import { existsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, posix } from 'node:path'
import { type ByteString, byteString } from '../bytes/text.js'

/** Folders at the top of a Linux system, to which links of a root file system lead. [FHS 3.0 §3] */
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set(
  'bin boot dev etc lib lib32 lib64 libx32 media mnt opt proc run sbin srv sys usr var'.split(' '),
)
/** Inside of those, and yet places where builds work. */
const TEMPORARY_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/run/user']

export class HostPlaces {
  readonly #root: string
  /** Each with a slash at its end; one character a byte. */
  readonly #places: readonly string[]

  /** `root`: the payload folder, absolute. */
  constructor(root: string) {
    this.#root = `${byteString(root)}/`
    const working = [dirname(root), process.cwd(), homedir(), tmpdir()].filter(isNarrow)
    this.#places = [...working, ...TEMPORARY_FOLDERS].map((place) => `${byteString(place)}/`)
  }

  /** Path of the build machine to which the link at `path` leads; undefined where a payload may well have such a link. */
  targetOf(path: ByteString, target: ByteString): string | undefined {
    const isAbsolute = target.startsWith('/')
    if (!isAbsolute && !target.startsWith('..') && !target.includes('/..')) return undefined
    const reached = isAbsolute ? posix.normalize(target) : posix.resolve(posix.dirname(path), target)
    const isSuspect = isAbsolute ? this.#isOfBuild(reached) : !`${reached}/`.startsWith(this.#root)
    return isSuspect && existsSync(Buffer.from(reached, 'latin1')) ? reached : undefined
  }

  #isOfBuild(path: string): boolean {
    if (this.#places.some((place) => path.startsWith(place) && path.length > place.length)) return true
    const [, top = '', second = ''] = path.split('/', 3)
    return second !== '' && !SYSTEM_FOLDERS.has(top)
  }
}

/** False for `/` and for a system folder itself, below which everything lies. */
function isNarrow(folder: string): boolean {
  const [, top = '', second = ''] = folder.split('/', 3)
  return top !== '' && (second !== '' || !SYSTEM_FOLDERS.has(top))
}
