/**
 * A page of a file as a node holds it. The encoder is JavaScript (fflate), so that the same page has the same bytes on every machine, and
 * every page is inflated again before it counts (docs/DESIGN.md, "The zip"). The kernel takes zlib streams of any window.
 */
import { createRequire } from 'node:module'
import { inflateSync } from 'node:zlib'
import { invariant } from '../../errors.js'
import { JFFS2_COMPR_NONE, JFFS2_COMPR_ZLIB } from './disklayout.js'

export interface EncodedPage {
  readonly compr: number
  /** `page` itself where nothing was gained. */
  readonly data: Uint8Array
}

/**
 * Its tables take 10 ms, and few disks have a JFFS2. Plans are made in one synchronous stretch, which no `import()` fits into; outputs
 * have it by one, since the bundle then gives their threads the encoder alone, a tenth of the package.
 */
let fflate: typeof import('fflate') | undefined
function loadFflate(): typeof import('fflate') {
  fflate ??= createRequire(import.meta.url)('fflate') as typeof import('fflate')
  return fflate
}

/** A page is 4 KiB and is written once: the densest. */
const LEVEL = 9

export function encodePage(page: Uint8Array, compression: 'zlib' | 'none'): EncodedPage {
  if (compression === 'none') return { compr: JFFS2_COMPR_NONE, data: page }
  const data = loadFflate().zlibSync(page, { level: LEVEL })
  if (data.length >= page.length) return { compr: JFFS2_COMPR_NONE, data: page }
  invariant(inflateSync(data, { maxOutputLength: page.length + 1 }).equals(page), 'a page does not inflate to itself')
  return { compr: JFFS2_COMPR_ZLIB, data }
}
