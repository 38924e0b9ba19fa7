/**
 * Where verify and the tools differ on purpose: each row is a row of the table in docs/inspect.md, and names the members that
 * show it. A member that is in no row has to have one verdict from both.
 */
import type { Verdict } from './verdicts.js'

export interface Difference {
  /** The first cell of the row in docs/inspect.md. */
  readonly what: string
  readonly members: RegExp
  readonly ours: Verdict
  readonly theirs: Verdict
}

export const EXT_DIFFERENCES: readonly Difference[] = [
  {
    what: 'deleted files that wait in an orphan file',
    members: /^pulled out .*orphan_file/,
    ours: 'sound',
    theirs: 'unsound',
  },
  {
    what: 'the device of such a journal itself',
    members: /^a journal device itself$/,
    ours: 'unread',
    theirs: 'unsound',
  },
  { what: 'QCOW2 and other packed images', members: /^e2image, QCOW2/, ours: 'sound', theirs: 'unsound' },
]

export const FAT_DIFFERENCES: readonly Difference[] = [
  { what: 'a FAT that was not unmounted', members: /dirty/, ours: 'sound', theirs: 'unsound' },
  { what: 'three or four FATs', members: /-f [34] /, ours: 'sound', theirs: 'unsound' },
  {
    what: 'a label in the root directory alone',
    members: /^label (in the root only|in lower case|in the middle|with the archive bit)$/,
    ours: 'sound',
    theirs: 'unsound',
  },
  { what: 'no extended boot record', members: /^DOS 3/, ours: 'sound', theirs: 'unsound' },
  {
    what: 'no FSInfo (0xFFFF), no backup',
    members: /^FAT32, (FSInfo ffff|no backup)$/,
    ours: 'sound',
    theirs: 'unsound',
  },
  { what: 'FATs that are not mirrored', members: /^FAT32, no mirroring, .*stale$/, ours: 'sound', theirs: 'unsound' },
  {
    what: 'a backup boot sector of another geometry',
    members: /^FAT32, backup has another size$/,
    ours: 'unsound',
    theirs: 'sound',
  },
  { what: 'no 55 AA', members: /^no signature at the end$/, ours: 'unsound', theirs: 'sound' },
  { what: 'long names alike but for case', members: /^two long names alike/, ours: 'unsound', theirs: 'sound' },
  { what: 'entries behind the end mark', members: /^entries behind the end mark$/, ours: 'unsound', theirs: 'sound' },
]

export const TABLE_DIFFERENCES: readonly Difference[] = [
  {
    what: 'an MBR record or chain that leaves its disk or extended partition',
    members: /^(sfdisk, beyond the disk|MBR, (chain that leaves|overlapping the extended))/,
    ours: 'unsound',
    theirs: 'sound',
  },
  {
    what: 'a boot indicator that is neither 00 nor 80',
    members: /^MBR, (odd boot indicator|boot indicator of)/,
    ours: 'unsound',
    theirs: 'unread',
  },
  {
    what: 'two active or two extended records',
    members: /^(sfdisk, two active|MBR, two extended)$/,
    ours: 'unsound',
    theirs: 'sound',
  },
  {
    what: 'partitions inside one that begins at sector 0',
    members: /^(MBR, isohybrid with a nested|xorriso: isohybrid GPT basdat)/,
    ours: 'sound',
    theirs: 'unsound',
  },
  {
    what: 'a last usable sector in the backup',
    members: /^sgdisk, last usable is large$/,
    ours: 'unsound',
    theirs: 'sound',
  },
  {
    what: 'GUIDs that are equal or zeros',
    members: /^sgdisk, (equal GUIDs|entry GUID of zeros)$/,
    ours: 'unsound',
    theirs: 'sound',
  },
  {
    what: 'a GPT under a signed MBR without records',
    members: /^GPT with an MBR of zeros/,
    ours: 'unsound',
    theirs: 'sound',
  },
  { what: 'NTFS over the whole disk', members: /^NTFS boot sector/, ours: 'unread', theirs: 'sound' },
]

/** The members whose differences are all listed. */
export function isDifferent(name: string, differences: readonly Difference[]): boolean {
  return differences.some(({ members }) => members.test(name))
}
