/**
 * layout.svg: the disk true to scale, the same magnified so that every part has a box with its name, and for each partition what
 * fills it. One file without references, light or dark as its reader is; the same picture gives the same bytes.
 */
import { formatSize } from '../bytes/format-size.js'
import { boxRows, type PartBox } from './box-rows.js'
import { type DiskPicture, isVolumePart, type PicturePart, titleOf, usesOf } from './disk-picture.js'
import { escapeText, fitText, number, textWidth } from './markup.js'
import { bars, type Frame } from './occupancy-paths.js'
import { shownUses, summaryOf, tooltipOf } from './picture-words.js'
import { useWords } from './use-words.js'

/** Units of the drawing, pixels where it is not scaled. */
const WIDTH = 960
const MARGIN = 24
const INNER = WIDTH - 2 * MARGIN
const SCALE_TOP = 78
const SCALE_HEIGHT = 30
const LENS_GAP = 34
const BOX_HEIGHT = 64
const BOX_GAP = 4
const ROW_HEIGHT = 54
const STRIP_X = 236
const STRIP_WIDTH = 480
const STRIP_HEIGHT = 26
const FIGURES_X = STRIP_X + STRIP_WIDTH + 16

const TEXT = 13
const SMALL = 11

/** `style`: the sheet, templates/layout-svg.css. */
export function svgLayout(picture: DiskPicture, style: string): string {
  const boxes = boxRows(picture.parts, { width: INNER, gap: BOX_GAP, leastWidth })
  const rows = Math.max(...boxes.map(({ row }) => row)) + 1
  const lensTop = SCALE_TOP + SCALE_HEIGHT + LENS_GAP
  const volumesTop = lensTop + rows * (BOX_HEIGHT + BOX_GAP) + 34
  const volumes = picture.parts.filter(isVolumePart)
  const legendTop = volumesTop + volumes.length * ROW_HEIGHT + 8
  const height = legendTop + 34
  const summary = summaryOf(picture)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeText(picture.name)}</title>`,
    `<desc id="desc">${escapeText(summary)}</desc>`,
    `<style>\n${style.trimEnd()}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    text(MARGIN, 38, fitText(picture.name, INNER, 20), 'h'),
    text(MARGIN, 60, fitText(summary, INNER, TEXT), 'muted'),
    ...scaleBar(picture),
    ...(rows === 1 ? boxes.map((box) => lens(box, picture, lensTop)) : []),
    ...boxes.flatMap((box) => partBox(box, picture, lensTop + box.row * (BOX_HEIGHT + BOX_GAP))),
    ...volumes.flatMap((part, index) => volumeRow(part, picture, volumesTop + index * ROW_HEIGHT)),
    ...legend(legendTop, picture),
    '</svg>',
    '',
  ].join('\n')
}

function leastWidth(part: PicturePart): number {
  if (part.kind === 'gap') return 8
  if (part.kind === 'table') return 22
  const words = [titleOf(part), sizeText(part), part.content]
  return Math.min(150, Math.max(46, ...words.map((word) => textWidth(word, TEXT) + 14)))
}

function sizeText({ startByte, endByte }: PicturePart): string {
  return formatSize(endByte - startByte)
}

function scaleX(byte: number, { sizeBytes }: DiskPicture): number {
  return MARGIN + (byte / sizeBytes) * INNER
}

function scaleBar(picture: DiskPicture): string[] {
  const strip = { x: MARGIN, y: SCALE_TOP, width: INNER, height: SCALE_HEIGHT }
  const stretches = picture.parts.flatMap((part) => part.stretches)
  const edges = picture.parts
    .filter(({ kind }) => kind !== 'gap')
    .map((part) => {
      const x = scaleX(part.startByte, picture)
      const width = Math.max(0.5, scaleX(part.endByte, picture) - x)
      return `<g class="part ${part.kind}">${title(part, picture)}${rectangle({ ...strip, x, width }, 'edge')}</g>`
    })
  return [
    rectangle(strip, 'room'),
    ...bars(stretches, { ...strip, startByte: 0, endByte: picture.sizeBytes }),
    ...edges,
  ]
}

/** From the true place to the box. */
function lens({ part, x, width }: PartBox, picture: DiskPicture, lensTop: number): string {
  if (part.kind === 'gap') return ''
  const top = SCALE_TOP + SCALE_HEIGHT
  const points = [
    [scaleX(part.startByte, picture), top],
    [scaleX(part.endByte, picture), top],
    [MARGIN + x + width, lensTop],
    [MARGIN + x, lensTop],
  ]
  return `<path class="lens" d="M${points.map(([px, py]) => `${number(px!)} ${number(py!)}`).join('L')}Z"/>`
}

function partBox({ part, x, width }: PartBox, picture: DiskPicture, top: number): string[] {
  const left = MARGIN + x
  const frame = { x: left, y: top, width, height: BOX_HEIGHT }
  if (part.kind === 'gap') return [`<g class="part gap">${title(part, picture)}${rectangle(frame, 'gap')}</g>`]
  const strip = { x: left + 1, y: top + BOX_HEIGHT - 12, width: width - 2, height: 11 }
  const words =
    part.kind === 'table'
      ? []
      : [
          text(left + 7, top + 17, fitText(titleOf(part), width - 12, TEXT), 'strong'),
          text(left + 7, top + 32, fitText(sizeText(part), width - 12, SMALL), 'small'),
          text(left + 7, top + 46, fitText(part.content, width - 12, SMALL), 'small'),
        ]
  return [
    `<g class="part ${part.kind}" tabindex="0">${title(part, picture)}`,
    rectangle(frame, 'box'),
    ...bars(part.stretches, { ...strip, startByte: part.startByte, endByte: part.endByte }),
    ...words,
    '</g>',
  ]
}

function volumeRow(part: PicturePart, picture: DiskPicture, top: number): string[] {
  const { startByte, endByte } = part
  const strip = { x: STRIP_X, y: top, width: STRIP_WIDTH, height: STRIP_HEIGHT }
  const uses = usesOf(part)
  const figures = (['data', 'metadata', 'zero', 'fill'] as const)
    .filter((use) => uses[use] > 0)
    .map((use) => `${use === 'zero' ? 'zeros' : use} ${formatSize(uses[use])}`)
  const place = `${sizeText(part)} at ${formatSize(startByte)}`
  const room = STRIP_X - MARGIN - 12
  return [
    `<g class="part ${part.kind}" tabindex="0">${title(part, picture)}`,
    text(MARGIN, top + 11, fitText(titleOf(part), room, TEXT), 'strong'),
    text(
      MARGIN,
      top + 27,
      fitText([part.content, place].filter((word) => word !== '').join(', '), room, SMALL),
      'small',
    ),
    rectangle(strip, 'room'),
    ...bars(part.stretches, { ...strip, startByte, endByte }),
    rectangle(strip, 'edge'),
    ...figures.map((figure, index) => text(FIGURES_X, top + 9 + index * 14, figure, 'small')),
    '</g>',
  ]
}

function legend(top: number, picture: DiskPicture): string[] {
  let x = MARGIN
  return shownUses(picture).flatMap((use) => {
    const at = x
    x += 20 + textWidth(useWords(use, picture), SMALL) + 26
    return [
      rectangle({ x: at, y: top, width: 12, height: 12 }, use === 'rest' ? 'room edge' : `use-${use}`),
      text(at + 18, top + 10, useWords(use, picture), 'small'),
    ]
  })
}

function title(part: PicturePart, picture: DiskPicture): string {
  return `<title>${tooltipOf(part, picture).map(escapeText).join('\n')}</title>`
}

function rectangle({ x, y, width, height }: Frame, kind: string): string {
  return `<rect class="${kind}" x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"/>`
}

function text(x: number, y: number, content: string, kind: string): string {
  return content === '' ? '' : `<text class="${kind}" x="${number(x)}" y="${number(y)}">${escapeText(content)}</text>`
}
