/**
 * A page of a file as a node holds it. The encoder is JavaScript (fflate), so that the same page has the same bytes on every machine, and
 * every page is inflated again before it counts (docs/DESIGN.md, "The zip"). The kernel takes zlib streams of any window.
 */
import { inflateSync } from 'node:zlib'
import { zlibSync } from 'fflate'
import { invariant } from '../../errors.js'
import { JFFS2_COMPR_NONE, JFFS2_COMPR_ZLIB } from './disklayout.js'

export interface EncodedPage {
  readonly compr: number
  /** `page` itself where nothing was gained. */
  readonly data: Uint8Array
}

/** A page is 4 KiB and is written once: the densest. */
const LEVEL = 9

export function encodePage(page: Uint8Array, compression: 'zlib' | 'none'): EncodedPage {
  if (compression === 'none') return { compr: JFFS2_COMPR_NONE, data: page }
  const data = zlibSync(page, { level: LEVEL })
  if (data.length >= page.length) return { compr: JFFS2_COMPR_NONE, data: page }
  invariant(inflateSync(data, { maxOutputLength: page.length + 1 }).equals(page), 'a page does not inflate to itself')
  return { compr: JFFS2_COMPR_ZLIB, data }
}
