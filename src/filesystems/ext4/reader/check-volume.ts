/**
 * Everything in a volume that contradicts itself or the specification, in the order in which one thing depends on another:
 * superblock, groups, inodes by themselves, the tree that directories make of them, and last the bitmaps and counts, which are
 * what the rest says. Steps after a step with findings may echo them.
 */
import type { FieldFinding } from '../../../bytes/field-error.js'
import type { ImageView } from '../../../image/image-view.js'
import { SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import { checkBitmaps } from './check-bitmaps.js'
import { CheckContext } from './check-context.js'
import { checkDirectories } from './check-directories.js'
import { checkGroups } from './check-groups.js'
import { checkInodes } from './check-inodes.js'
import { checkJournal, journalStart } from './check-journal.js'
import { checkOrphans } from './check-orphans.js'
import { checkBackups, checkSuperblock } from './check-superblock.js'
import { checkXattrCounts } from './check-xattrs.js'
import { ExtDisk } from './ext-disk.js'
import { collectFindings } from './report.js'

export function checkVolume(view: ImageView): readonly FieldFinding[] {
  // Of its own: what a reader has complained of once is to be said here again.
  const disk = new ExtDisk(view)
  return collectFindings((report) => {
    const context = new CheckContext(disk, report)
    checkSuperblock(context)
    checkBackups(context)
    checkGroups(context)
    if (needsRecovery(context)) return
    checkOrphans(context)
    checkInodes(context)
    checkXattrCounts(context)
    checkJournal(context)
    checkDirectories(context)
    checkBitmaps(context)
  })
}

/** What the journal holds is not in its place yet, so the rest contradicts itself and is sound all the same. */
function needsRecovery(context: CheckContext): boolean {
  if (!context.shape.features.has('needs_recovery') || journalStart(context) === 0) return false
  context.report({
    structure: 'superblock',
    offset: SUPERBLOCK_OFFSET_BYTES,
    field: 's_feature_incompat',
    found: 'needs_recovery',
    expected: 'a journal whose transactions are in their places',
    hint: 'Mount the volume once, or run e2fsck on it: the rest cannot be checked before.',
  })
  return true
}
