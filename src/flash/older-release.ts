/** Whether a device was given a newer release before, as far as a receipt says it. */
import { existsSync, readFileSync } from 'node:fs'
import { compareVersions } from '../bytes/compare-versions.js'
import type { Warning } from '../errors.js'
import type { Disk } from './disks.js'
import { type FlashedRelease, lastReleaseOn } from './receipt.js'

/** Gives a warning where the last receipt of the device in `receiptFile`, which is replaced later, has a newer release of the same image. */
export function warningIfOlder(
  built: FlashedRelease,
  disk: Disk,
  receiptFile: string | undefined,
): Warning | undefined {
  if (receiptFile === undefined || !existsSync(receiptFile)) return undefined
  const before = lastReleaseOn(disk, readFileSync(receiptFile, 'utf8'))
  if (before === undefined || before.image !== built.image || !isOlder(built, before)) return undefined
  return {
    finding: 'older-release',
    message: `${built.image} ${releaseText(built)} is older than ${releaseText(before)}, which ${receiptFile} says was written to ${disk.path}`,
    hint: '--min-version VERSION refuses older releases.',
  }
}

function isOlder(a: FlashedRelease, b: FlashedRelease): boolean {
  if (a.version !== null && b.version !== null) return compareVersions(a.version, b.version) < 0
  return a.source_date_epoch !== null && b.source_date_epoch !== null && a.source_date_epoch < b.source_date_epoch
}

function releaseText({ version, source_date_epoch }: FlashedRelease): string {
  const date = source_date_epoch === null ? undefined : new Date(source_date_epoch * 1000).toISOString().slice(0, 10)
  const parts = [version === null ? undefined : `version ${version}`, date === undefined ? undefined : `of ${date}`]
  return parts.filter((part) => part !== undefined).join(' ')
}
