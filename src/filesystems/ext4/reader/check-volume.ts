/**
 * Everything in a volume that contradicts itself or the specification, in the order in which one thing depends on another:
 * superblock, groups, inodes by themselves, the tree that directories make of them, and last the bitmaps and counts, which are
 * what the rest says. Steps after a step with findings may echo them. A volume that was not unmounted is checked as a mount
 * would find it: with the journal's transactions in their places.
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import type { ImageView } from '../../../image/image-view.js'
import { checkBitmaps } from './check-bitmaps.js'
import { CheckContext } from './check-context.js'
import { checkDirectories } from './check-directories.js'
import { checkGroups } from './check-groups.js'
import { checkInodes } from './check-inodes.js'
import { checkJournal } from './check-journal.js'
import { checkOrphans } from './check-orphans.js'
import { checkQuotas } from './check-quotas.js'
import { checkState, recoverJournal } from './check-state.js'
import { checkBackups, checkSuperblock } from './check-superblock.js'
import { checkXattrCounts } from './check-xattrs.js'
import { ExtDisk } from './ext-disk.js'
import type { Report } from './report.js'
import { collectFindings } from './report.js'

export function checkVolume(view: ImageView): readonly FieldFinding[] {
  // Of its own: what a reader has complained of once is to be said here again.
  const disk = new ExtDisk(view)
  return collectFindings((report) => {
    const recovered = recoverJournal(disk, report)
    if (recovered === 'unknown') return
    try {
      checkDisk(recovered === undefined ? disk : new ExtDisk(recovered), recovered !== undefined, report)
    } finally {
      recovered?.close()
    }
  })
}

function checkDisk(disk: ExtDisk, isRecovered: boolean, report: Report): void {
  const context = new CheckContext(disk, report)
  checkState(context, isRecovered)
  checkSuperblock(context)
  checkBackups(context)
  checkGroups(context)
  checkOrphans(context)
  checkInodes(context)
  checkXattrCounts(context)
  checkJournal(context)
  checkDirectories(context)
  checkBitmaps(context)
  checkQuotas(context)
}
