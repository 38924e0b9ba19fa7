/**
 * Whether a volume was unmounted, and what is not in its place yet where it was not. All of that is a state and no damage: the
 * next mount continues from it.  [Linux 6.1 fs/ext4/super.c, fs/jbd2/recovery.c; e2fsprogs 1.47.0 e2fsck/journal.c]
 */
import type { ImageView } from '../../../image/image-view.js'
import { EXT4_JOURNAL_INO } from '../disklayout/inode.js'
import { EXT4_ERROR_FS, EXT4_VALID_FS, SUPERBLOCK_OFFSET_BYTES } from '../disklayout/superblock.js'
import { readBlockMap } from './block-map.js'
import { CheckContext, SILENT } from './check-context.js'
import type { ExtDisk } from './ext-disk.js'
import { readJournalLog } from './journal-log.js'
import { readInode } from './read-inode.js'
import { recoveredView } from './recovered-view.js'
import type { Report } from './report.js'
import type { VolumeShape } from './volume-shape.js'

const SUPERBLOCK = { structure: 'superblock', offset: SUPERBLOCK_OFFSET_BYTES } as const

/** Whether counts of the superblock may be old: the kernel writes them when it unmounts. */
export function isUnmounted({ features, superblock }: VolumeShape): boolean {
  return !features.has('needs_recovery') && (superblock.s_state & EXT4_VALID_FS) !== 0
}

/**
 * The volume with the journal's transactions in their places, for the caller to close; undefined where the journal has none;
 * `unknown` where nobody can say from this volume alone, which is reported as a finding.
 */
export function recoverJournal(disk: ExtDisk, report: Report): ImageView | 'unknown' | undefined {
  const { features, superblock } = disk.shape
  if (!features.has('needs_recovery')) return undefined
  const unknown = (found: string, hint: string): 'unknown' => {
    const expected = 'a journal whose transactions are in their places'
    report({ ...SUPERBLOCK, field: 's_feature_incompat', found, expected, hint })
    return 'unknown'
  }
  if (superblock.s_journal_dev !== 0) {
    return unknown('needs_recovery, with a journal on another device', 'Run e2fsck with that device at hand.')
  }
  const context = new CheckContext(disk, SILENT)
  const inode = readInode(context.reading(), EXT4_JOURNAL_INO)
  const log = readJournalLog(disk, readBlockMap(context.reading(), inode).runs, report)
  if (log === undefined) return undefined
  if (log.hasFastCommits) {
    return unknown(
      'needs_recovery, with fast commits in the journal',
      'Mount the volume once, or run e2fsck on it: fast commits are not replayed here, and the rest cannot be checked before.',
    )
  }
  report({
    structure: 'journal',
    offset: SUPERBLOCK_OFFSET_BYTES,
    field: 'its content',
    found: `${log.transactions} transactions with ${log.blocks.length} blocks that are not in their places yet`,
    expected: 'none (the volume is checked as a mount finds it, with these in their places)',
    isHarmless: true,
  })
  return recoveredView(disk, log.blocks)
}

/** What the superblock says of the last use; `isRecovered`: that the journal had something was reported. */
export function checkState({ shape, report }: CheckContext, isRecovered: boolean): void {
  const { features, superblock: s } = shape
  const note = (field: string, found: string, expected: string): void =>
    report({ ...SUPERBLOCK, field, found, expected, isHarmless: true })
  const isInUse = features.has('needs_recovery')
  if (isInUse && !isRecovered) {
    note('s_feature_incompat', 'needs_recovery', 'a volume that was unmounted')
  } else if (!isInUse && (s.s_state & EXT4_VALID_FS) === 0) {
    note('s_state', 'not clean', 'a volume that was unmounted')
  }
  if ((s.s_state & EXT4_ERROR_FS) !== 0 || s.s_error_count > 0) {
    note('s_error_count', `${s.s_error_count} errors that the kernel met`, 'none')
  }
  if (!isInUse && (features.has('orphan_present') || s.s_last_orphan !== 0)) {
    note(
      features.has('orphan_present') ? 's_feature_ro_compat' : 's_last_orphan',
      'deleted files that wait for their removal',
      'none',
    )
  }
  if (features.has('has_journal') && s.s_journal_dev !== 0) {
    note('s_journal_dev', 'a journal on another device, which is not checked', 'a journal in the volume')
  }
}
