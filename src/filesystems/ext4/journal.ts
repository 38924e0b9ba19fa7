/** An empty journal: its superblock, then zeros. */
import { JBD2_MAGIC_NUMBER, JBD2_SUPERBLOCK_V2, JournalSuperblock } from './disklayout/journal.js'

/** The journal's first block. Without features, as mke2fs makes it: the kernel sets those it uses when it mounts. */
export function encodeJournalSuperblock(blockSize: number, journalBlocks: number, uuid: Uint8Array): Uint8Array {
  const block = new Uint8Array(blockSize)
  JournalSuperblock.encodeInto(block, 0, {
    h_magic: JBD2_MAGIC_NUMBER,
    h_blocktype: JBD2_SUPERBLOCK_V2,
    h_sequence: 0,
    s_blocksize: blockSize,
    s_maxlen: journalBlocks,
    s_first: 1,
    s_sequence: 1,
    s_start: 0,
    s_errno: 0,
    s_feature_compat: 0,
    s_feature_incompat: 0,
    s_feature_ro_compat: 0,
    s_uuid: uuid,
    s_nr_users: 1,
    s_num_fc_blks: 0,
    s_checksum: 0,
  })
  return block
}
