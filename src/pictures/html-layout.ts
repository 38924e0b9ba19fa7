/**
 * The pieces of layout.html (templates/layout.html has the page around them): the disk to scale, the parts magnified, for each
 * partition what fills it, its figures and its largest folders. Whatever can be pointed at says itself in words, by hover and
 * by keyboard.
 */
import { formatSize } from '../bytes/format-size.js'
import {
  type DiskPicture,
  type FolderSize,
  isVolumePart,
  type PictureFact,
  type PicturePart,
  STRETCH_USES,
  titleOf,
  usesOf,
} from './disk-picture.js'
import { escapeText, number, textWidth } from './markup.js'
import { bars } from './occupancy-paths.js'
import { shownUses, summaryOf, tooltipOf } from './picture-words.js'
import { squarify } from './treemap.js'
import { useWords } from './use-words.js'

/** One for each slot of the template. */
export interface HtmlLayout {
  readonly title: string
  readonly summary: string
  readonly facts: string
  readonly scale: string
  readonly boxes: string
  readonly legend: string
  readonly volumes: string
}

export function htmlLayout(picture: DiskPicture): HtmlLayout {
  return {
    title: escapeText(picture.name),
    summary: escapeText(summaryOf(picture)),
    facts: factList(picture.facts),
    scale: scaleBar(picture),
    boxes: picture.parts.map((part) => partBox(part, picture)).join('\n'),
    legend: legend(picture),
    volumes: picture.parts
      .filter(isVolumePart)
      .map((part) => volume(part, picture))
      .join('\n'),
  }
}

const STRIP = { x: 0, y: 0, width: 1000, height: 40 }

function strip(stretches: PicturePart['stretches'], startByte: number, endByte: number): string {
  const paths = bars(stretches, { ...STRIP, startByte, endByte }).join('')
  return `<svg class="strip" viewBox="0 0 ${STRIP.width} ${STRIP.height}" preserveAspectRatio="none" aria-hidden="true">${paths}</svg>`
}

/** What the line at the foot of the page says, and which parts light up together. */
function says(part: PicturePart, picture: DiskPicture): string {
  const words = tooltipOf(part, picture).map(escapeText).join(' · ')
  return `data-part="${part.startByte}" data-say="${words}"`
}

function anchor({ startByte }: PicturePart): string {
  return `at-${startByte}`
}

function scaleBar(picture: DiskPicture): string {
  const percent = (byte: number): string => `${number((byte / picture.sizeBytes) * 100)}%`
  const edges = picture.parts
    .filter(({ kind }) => kind !== 'gap')
    .map((part) => {
      const place = `left:${percent(part.startByte)};width:${percent(part.endByte - part.startByte)}`
      return `<span class="edge" style="${place}" ${says(part, picture)}></span>`
    })
  const stretches = picture.parts.flatMap((part) => part.stretches)
  return `${strip(stretches, 0, picture.sizeBytes)}${edges.join('')}`
}

/** The words of a box need so much; ch would depend on the font. */
const BOX_TEXT_PX = 14
const BOX_PADDING_PX = 20

function partBox(part: PicturePart, picture: DiskPicture): string {
  const { kind, content, startByte, endByte, stretches } = part
  const size = formatSize(endByte - startByte)
  // Square roots, as in the drawing: the small ones are magnified, the large ones are still the large ones.
  const grow = `flex-grow:${number(Math.sqrt(endByte - startByte) / 64 + 1)}`
  if (kind === 'gap') return `<span class="box gap" style="${grow}" ${says(part, picture)}></span>`
  const inside = strip(stretches, startByte, endByte)
  if (kind === 'table')
    return `<span class="box table" tabindex="-1" role="listitem" ${says(part, picture)} aria-label="${escapeText(titleOf(part))}">${inside}</span>`
  const words = [titleOf(part), size, content]
  const least = Math.min(150, Math.max(64, ...words.map((word) => textWidth(word, BOX_TEXT_PX) + BOX_PADDING_PX)))
  const style = `${grow};flex-basis:${Math.ceil(least)}px`
  return `<a class="box" role="listitem" href="#${anchor(part)}" tabindex="-1" style="${style}" ${says(part, picture)}><b>${escapeText(titleOf(part))}</b><i>${size}</i><i>${escapeText(content)}</i>${inside}</a>`
}

function legend(picture: DiskPicture): string {
  return shownUses(picture)
    .map((use) => `<li><span class="swatch use-${use}"></span>${useWords(use, picture)}</li>`)
    .join('')
}

function volume(part: PicturePart, picture: DiskPicture): string {
  const { sectorSize } = picture
  const { startByte, endByte, content, facts, folders } = part
  const bytes = endByte - startByte
  const uses = usesOf(part)
  const shares = [...STRETCH_USES, 'rest' as const]
    .filter((use) => uses[use] > 0)
    .map((use) => {
      const share = (uses[use] / bytes) * 100
      const percent = share < 0.1 ? '&lt;0.1' : share.toFixed(1)
      return `<tr><th scope="row"><span class="swatch use-${use}"></span>${useWords(use, picture)}</th><td>${formatSize(uses[use])}</td><td>${percent}%</td></tr>`
    })
  const place: PictureFact[] = [
    { name: 'size', value: `${formatSize(bytes)} at ${formatSize(startByte)}` },
    { name: 'sectors', value: `${number(startByte / sectorSize)} to ${number(endByte / sectorSize - 1)}` },
  ]
  return `<section class="volume" id="${anchor(part)}" data-part="${startByte}">
<h2>${escapeText(titleOf(part))}${content === '' ? '' : ` <small>${escapeText(content)}</small>`}</h2>
<div class="room" data-say="${tooltipOf(part, picture).map(escapeText).join(' · ')}">${strip(part.stretches, startByte, endByte)}</div>
<div class="columns"><table>${shares.join('')}</table>
${factList([...place, ...facts])}</div>
${folders === undefined || folders.folders.length === 0 ? '' : treemap(folders)}</section>`
}

function factList(facts: readonly PictureFact[]): string {
  if (facts.length === 0) return ''
  return `<dl>${facts.map(({ name, value }) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`).join('')}</dl>`
}

/** Of the treemap's area, in any unit. */
const MAP_AREA = { x: 0, y: 0, width: 100, height: 36 }
/** Of the whole map: a smaller tile shows no tiles of its own. */
const LEAST_AREA = 0.04

function treemap(root: FolderSize): string {
  const summary = `${root.files} ${root.files === 1 ? 'file' : 'files'}, ${formatSize(root.bytes)}`
  return `<h3>Folders <small>${summary}</small></h3>
<div class="map" role="list" aria-label="Folders by size" data-roving>${tiles(root, { area: MAP_AREA, share: 1, whole: root.bytes })}</div>
`
}

interface TileContext {
  readonly area: typeof MAP_AREA
  /** Of the whole map. */
  readonly share: number
  /** Bytes of the whole map. */
  readonly whole: number
}

/** The folders, and one tile for what stands in none that is shown. */
function tiles(folder: FolderSize, { area, share, whole }: TileContext): string {
  const rest = folder.bytes - folder.folders.reduce((sum, { bytes }) => sum + bytes, 0)
  const items: { bytes: number; folder: FolderSize | undefined }[] = [
    ...folder.folders.map((each) => ({ bytes: each.bytes, folder: each })),
    ...(rest > 0 ? [{ bytes: rest, folder: undefined }] : []),
  ].sort((a, b) => b.bytes - a.bytes)
  const places = squarify(
    items.map(({ bytes }) => bytes),
    area,
  )
  return items
    .map((item, index) => {
      const { x, y, width, height } = places[index]!
      const style = [
        `left:${number(((x - area.x) / area.width) * 100)}%`,
        `top:${number(((y - area.y) / area.height) * 100)}%`,
        `width:${number((width / area.width) * 100)}%`,
        `height:${number((height / area.height) * 100)}%`,
      ].join(';')
      const percent = `${number((item.bytes / whole) * 100)}%`
      if (item.folder === undefined) {
        const say = escapeText(`smaller folders and files in ${folder.path}: ${formatSize(item.bytes)}, ${percent}`)
        return `<div class="tile rest" role="listitem" tabindex="-1" style="${style}" data-say="${say}"><span>…</span></div>`
      }
      const { name, path, bytes, files, folders } = item.folder
      const count = `${files} ${files === 1 ? 'file' : 'files'}`
      const say = escapeText(`${path}: ${formatSize(bytes)} in ${count}, ${percent}`)
      const ownShare = share * (bytes / folder.bytes)
      const inner =
        folders.length === 0 || ownShare < LEAST_AREA
          ? ''
          : `<div class="inner">${tiles(item.folder, { area: { x: 0, y: 0, width, height }, share: ownShare, whole })}</div>`
      return `<div class="tile" role="listitem" tabindex="-1" style="${style}" data-say="${say}"><span>${escapeText(name)} <i>${formatSize(bytes)}</i></span>${inner}</div>`
    })
    .join('')
}
