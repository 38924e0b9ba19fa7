/** What is about to be written, and what was, for people. */
import { formatSize } from '../bytes/format-size.js'
import { modelText } from '../flash/disks.js'
import type { FlashJob, FlashReceipt } from '../flash.js'
import type { Paint } from './terminal.js'
import { formatSeconds } from './transfer.js'

/** One line a disk: what it is, and what stands on it now. */
export function jobLines(jobs: readonly FlashJob[], paint: Paint): string[] {
  return jobs.flatMap(({ disk, grown }) => {
    const { path, sizeBytes, serial, bus, nodes } = disk
    const facts = [modelText(disk), bus, serial === undefined ? undefined : `serial ${serial}`].filter(Boolean)
    const parts = nodes.filter(({ type }) => type === 'part')
    const content = parts.length === 0 ? 'it has no partitions' : `it has ${parts.map(partText).join(', ')}`
    const more =
      grown === undefined ? [] : [`  partition ${grown.number} grows to ${formatSize(grown.endByte - grown.startByte)}`]
    return [`${paint('bold', path)}  ${formatSize(sizeBytes)}, ${facts.join(', ')}`, `  ${content}`, ...more]
  })
}

function partText({ path, fsType }: { readonly path: string; readonly fsType: string | undefined }): string {
  return fsType === undefined ? path : `${path} (${fsType})`
}

export function receiptLines(receipt: FlashReceipt, paint: Paint): string[] {
  const { device, written_bytes, zeroed_bytes, verified_bytes, seconds } = receipt
  const who = [device.vendor, device.model].filter(Boolean).join(' ')
  const title = paint('bold', paint('green', device.path))
  const zeroed = zeroed_bytes === 0 ? '' : `, ${formatSize(zeroed_bytes)} of zeros`
  const verified = verified_bytes === 0 ? 'not read back' : `${formatSize(verified_bytes)} read back and equal`
  return [
    `${title}  ${who === '' ? formatSize(device.size_bytes) : `${who}, ${formatSize(device.size_bytes)}`}${device.serial === null ? '' : `, serial ${device.serial}`}`,
    `  ${formatSize(written_bytes)} written${zeroed}, ${verified}, in ${formatSeconds(seconds)}`,
    ...(receipt.grown_partition === null ? [] : [`  partition ${receipt.grown_partition} takes the rest of the disk`]),
    `  mapped SHA-256 ${receipt.mapped_sha256}`,
  ]
}
