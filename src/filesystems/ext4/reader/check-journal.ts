/** The journal's superblock. What its transactions hold is the kernel's affair.  [EXT4 disk layout, journal (jbd2)] */

import { journalChecksum } from '../checksums.js'
import { EXT4_JOURNAL_INO, S_IFREG } from '../disklayout/inode.js'
import {
  JBD2_FEATURE_INCOMPAT_CSUM_V2,
  JBD2_FEATURE_INCOMPAT_CSUM_V3,
  JBD2_MAGIC_NUMBER,
  JBD2_SUPERBLOCK_V1,
  JBD2_SUPERBLOCK_V2,
  JournalSuperblock,
} from '../disklayout/journal.js'
import { readBlockMap } from './block-map.js'
import { type CheckContext, SILENT } from './check-context.js'
import type { MappedRun } from './map-collector.js'
import { hex } from './volume-shape.js'

const MIN_JOURNAL_BLOCKS = 1024

export function checkJournal(context: CheckContext): void {
  const { shape, disk, report } = context
  if (!shape.features.has('has_journal') || shape.superblock.s_journal_dev !== 0) return
  const inode = context.inode(EXT4_JOURNAL_INO)
  if (inode === undefined) return
  const owner = { structure: `inode ${EXT4_JOURNAL_INO} (the journal)`, offset: inode.offset }
  if (inode.type !== S_IFREG || inode.links === 0) {
    report({ ...owner, field: 'i_mode', found: hex(inode.type), expected: 'a regular file in use' })
    return
  }
  const { runs } = journalMap(context)!
  const blocks = Math.floor(inode.sizeBytes / shape.blockSize)
  const mapped = contiguousBlocks(runs)
  if (blocks < MIN_JOURNAL_BLOCKS || mapped < blocks) {
    const expected = `at least ${MIN_JOURNAL_BLOCKS} blocks without a hole`
    report({ ...owner, field: 'i_size', found: `${blocks} blocks, ${mapped} of them there`, expected })
    return
  }
  const offset = runs[0]!.physical * shape.blockSize
  const structure = 'journal superblock'
  const bytes = disk.block(runs[0]!.physical, structure)
  const found = JournalSuperblock.decode(bytes)
  const expect = (isSo: boolean, field: keyof typeof found, expected: string): void => {
    if (!isSo) report({ structure, offset, field, found: hex(found[field] as number), expected })
  }
  expect(found.h_magic === JBD2_MAGIC_NUMBER, 'h_magic', hex(JBD2_MAGIC_NUMBER))
  if (found.h_magic !== JBD2_MAGIC_NUMBER) return
  const isVersion = found.h_blocktype === JBD2_SUPERBLOCK_V1 || found.h_blocktype === JBD2_SUPERBLOCK_V2
  expect(isVersion, 'h_blocktype', `${JBD2_SUPERBLOCK_V1} or ${JBD2_SUPERBLOCK_V2}`)
  expect(found.s_blocksize === shape.blockSize, 's_blocksize', `${shape.blockSize}`)
  expect(found.s_maxlen <= blocks && found.s_maxlen >= MIN_JOURNAL_BLOCKS, 's_maxlen', `at most ${blocks}`)
  expect(found.s_first >= 1 && found.s_first < found.s_maxlen, 's_first', `1 to ${found.s_maxlen - 1}`)
  expect(found.s_start < found.s_maxlen, 's_start', `less than ${found.s_maxlen}`)
  expect(found.s_errno === 0, 's_errno', '0')
  const hasChecksum = found.s_feature_incompat & (JBD2_FEATURE_INCOMPAT_CSUM_V2 | JBD2_FEATURE_INCOMPAT_CSUM_V3)
  if (found.h_blocktype === JBD2_SUPERBLOCK_V2 && hasChecksum) {
    const expected = journalChecksum(bytes.subarray(0, JournalSuperblock.SIZE))
    expect(found.s_checksum === expected, 's_checksum', hex(expected))
  }
}

function journalMap(context: CheckContext): ReturnType<typeof readBlockMap> | undefined {
  const inode = context.inode(EXT4_JOURNAL_INO)
  return inode === undefined ? undefined : readBlockMap(context.reading(SILENT), inode)
}

/** How many blocks there are from the first one on until a hole. */
function contiguousBlocks(runs: readonly MappedRun[]): number {
  let end = 0
  for (const { logical, blocks } of runs) {
    if (logical !== end) break
    end += blocks
  }
  return end
}
