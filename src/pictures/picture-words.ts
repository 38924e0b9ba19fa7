import { formatSize } from '../bytes/format-size.js'
import { type DiskPicture, type PicturePart, STRETCH_USES, type StretchUse, titleOf, usesOf } from './disk-picture.js'
import { useWords } from './use-words.js'

export function summaryOf({ sizeBytes, sectorSize, table, parts }: DiskPicture): string {
  const partitions = parts.filter(({ kind }) => kind === 'partition').length
  const words = [`${sizeBytes / sectorSize} sectors of ${sectorSize} bytes`, table]
  return `${formatSize(sizeBytes)}, ${words.join(', ')}, ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`
}

/** Returns the lines that a part shows when it is pointed at. */
export function tooltipOf(part: PicturePart, picture: DiskPicture): string[] {
  const uses = usesOf(part)
  const shown = part.kind === 'gap' ? [] : [...STRETCH_USES, 'rest' as const].filter((use) => uses[use] > 0)
  const content = part.content === '' ? '' : ` (${part.content})`
  return [
    `${titleOf(part)}${content}: ${formatSize(part.endByte - part.startByte)} at ${formatSize(part.startByte)}`,
    ...shown.map((use) => `${useWords(use, picture)}: ${formatSize(uses[use])}`),
  ]
}

/** For the legend: what the picture has anywhere. */
export function shownUses({ parts }: DiskPicture): (StretchUse | 'rest')[] {
  const uses = parts.map(usesOf)
  return [...STRETCH_USES, 'rest' as const].filter((use) => uses.some((each) => each[use] > 0))
}
