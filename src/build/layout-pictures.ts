/** layout.svg and layout.html of a disk's picture, with what stands around them. */
import { readFileSync } from 'node:fs'
import { renderTemplate, templatePath } from '../gadget/template.js'
import type { DiskPicture, PicturePart } from '../pictures/disk-picture.js'
import { htmlLayout } from '../pictures/html-layout.js'
import { svgLayout } from '../pictures/svg-layout.js'

const LAYOUT_HTML = 'layout.html'

const SVG_STYLE = 'layout-svg.css'

/** What the manifest says of the content. */
export interface LayoutDigests {
  readonly disk: string
  /** By the byte at which a partition begins. */
  readonly partitions: ReadonlyMap<number, string>
}

export function layoutSvg(picture: DiskPicture): Uint8Array {
  return Buffer.from(svgLayout(picture, readFileSync(templatePath(SVG_STYLE), 'utf8')), 'utf8')
}

export function layoutHtml(picture: DiskPicture, digests?: LayoutDigests): Uint8Array {
  const withDigest = (part: PicturePart): PicturePart => {
    const digest =
      part.kind === 'partition' || part.kind === 'blob' ? digests?.partitions.get(part.startByte) : undefined
    return digest === undefined ? part : { ...part, facts: [...part.facts, { name: 'mapped sha256', value: digest }] }
  }
  const layout = htmlLayout({
    ...picture,
    facts: [...picture.facts, ...(digests === undefined ? [] : [{ name: 'mapped sha256', value: digests.disk }])],
    parts: picture.parts.map(withDigest),
  })
  const templates = new Map([[LAYOUT_HTML, readFileSync(templatePath(LAYOUT_HTML), 'utf8')]])
  return Buffer.from(renderTemplate(templates, LAYOUT_HTML, { ...layout }), 'utf8')
}
