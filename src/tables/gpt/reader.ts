/**
 * GPT → the table that it is, from the backup where the primary is damaged, with everything in which the copies contradict
 * themselves, each other or the disk.  [UEFI 2.10 §5.3]
 */
import { fieldError } from '../../bytes/field-error.js'
import { Findings } from '../../bytes/findings.js'
import { guidFromBytes } from '../../bytes/guid.js'
import type { ImageView } from '../../image/image-view.js'
import type { ReadTable } from '../read-table.js'
import { GptHeader } from './disklayout.js'
import { checkHybridRecords, protectedLastLba, readProtectiveMbr } from './protective-mbr.js'
import {
  GPT_SECTOR_SIZES,
  type GptCopy,
  type GptPlace,
  type GptSectorSize,
  hasGptSignature,
  headerName,
  PRIMARY_LBA,
  readGptCopy,
} from './read-copy.js'
import { readGptPartitions } from './read-entries.js'

/** A copy as it was found. */
interface Attempt {
  readonly place: GptPlace
  /** Missing where it cannot be followed. */
  readonly copy: GptCopy | undefined
  readonly findings: Findings
}

interface Attempts {
  readonly primary: Attempt
  readonly backup: Attempt
}

/**
 * The GPT of `view`, for sectors of `sectorSize` bytes or, where that is missing, of either size. FormatError where no copy
 * can be followed.
 */
export function readGpt(view: ImageView, sectorSize?: GptSectorSize): ReadTable {
  const sizes = (sectorSize === undefined ? GPT_SECTOR_SIZES : [sectorSize]).map((size) => attemptsAt(view, size))
  const followed = choose(sizes)
  if (followed === undefined) throw noGpt(view, sizes)
  const { primary, backup } = sizes.find((attempts) => Object.values(attempts).includes(followed))!
  const findings = new Findings()
  findings.add(...primary.findings.list, ...backup.findings.list)
  const isHybrid = readProtectiveMbr(view, followed.copy.sectorSize, findings)
  checkPlaces(view, primary, backup, findings)
  const isWhole = primary.findings.list.length + backup.findings.list.length === 0
  if (isWhole && primary.copy !== undefined && backup.copy !== undefined) {
    compareCopies(primary.copy, backup.copy, findings)
  }
  const partitions = readGptPartitions(view, followed.copy, findings)
  if (isHybrid) checkHybridRecords(view, followed.copy.sectorSize, partitions, findings)
  return {
    kind: isHybrid ? 'hybrid' : 'gpt',
    sectorSize: followed.copy.sectorSize,
    id: guidFromBytes(followed.copy.header.DiskGUID),
    copy: followed.copy.which,
    partitions,
    findings: findings.list,
  }
}

/** Some header bears a GPT's signature. */
export function hasGpt(view: ImageView): boolean {
  return GPT_SECTOR_SIZES.some((size) =>
    [primaryPlace(size), backupPlace(view, size)].some((place) => hasGptSignature(view, place)),
  )
}

function attemptsAt(view: ImageView, size: GptSectorSize): Attempts {
  const [primary, backup] = [primaryPlace(size), backupPlace(view, size)].map((place): Attempt => {
    const findings = new Findings()
    return { place, copy: readGptCopy(view, place, findings), findings }
  })
  return { primary: primary!, backup: backup! }
}

function primaryPlace(sectorSize: GptSectorSize): GptPlace {
  return { which: 'primary', sectorSize, lba: PRIMARY_LBA }
}

/**
 * In the last sector; where there is none, the image may have been made for another disk: then where the primary header or the
 * protective record say.
 */
function backupPlace(view: ImageView, sectorSize: GptSectorSize): GptPlace {
  const at = (lba: number): GptPlace => ({ which: 'backup', sectorSize, lba })
  const last = at(lastLbaOf(view, sectorSize))
  if (hasGptSignature(view, last)) return last
  const primary = primaryPlace(sectorSize)
  const said = new Findings().attempt(() =>
    hasGptSignature(view, primary)
      ? view.decode(GptHeader, primary.lba * sectorSize).AlternateLBA
      : protectedLastLba(view),
  )
  return said !== undefined && said > PRIMARY_LBA && hasGptSignature(view, at(said)) ? at(said) : last
}

function lastLbaOf(view: ImageView, sectorSize: number): number {
  return Math.floor(view.sizeBytes / sectorSize) - 1
}

/** A sound primary, else a sound backup, else what can be followed at all. */
function choose(sizes: readonly Attempts[]): (Attempt & { copy: GptCopy }) | undefined {
  const byRank = [...sizes.map(({ primary }) => primary), ...sizes.map(({ backup }) => backup)]
  const isSound = ({ copy, findings }: Attempt): boolean => copy !== undefined && findings.list.length === 0
  const chosen = byRank.find(isSound) ?? byRank.find(({ copy }) => copy !== undefined)
  return chosen as (Attempt & { copy: GptCopy }) | undefined
}

/** The finding of the first header that is one at all, or that there is none. */
function noGpt(view: ImageView, sizes: readonly Attempts[]): Error {
  const attempts = sizes.flatMap(({ primary, backup }) => [primary, backup])
  const closest = attempts.find(({ place }) => hasGptSignature(view, place)) ?? attempts[0]!
  return fieldError(view.name, closest.findings.list.at(-1)!)
}

/** Where the copies say that they, each other and the usable sectors are. */
function checkPlaces(view: ImageView, primary: Attempt, backup: Attempt, findings: Findings): void {
  const lastLba = lastLbaOf(view, primary.place.sectorSize)
  if (backup.copy !== undefined && backup.place.lba !== lastLba) {
    findings.add({
      structure: headerName(backup.place),
      offset: backup.place.lba * backup.place.sectorSize,
      field: 'MyLBA',
      found: backup.place.lba,
      expected: `${lastLba}, the last sector of the disk,`,
      hint: 'The image was made for a disk of another size; "sgdisk --move-second-header" moves it on a device.',
    })
  }
  for (const [{ copy }, other] of [
    [primary, backup.place],
    [backup, primary.place],
  ] as const) {
    if (copy !== undefined) checkHeader(copy, other.lba, findings)
  }
}

function checkHeader(copy: GptCopy, otherLba: number, findings: Findings): void {
  const { header, which, lba, sectorSize, entries } = copy
  const { FirstUsableLBA, LastUsableLBA, PartitionEntryLBA } = header
  const say = (field: keyof GptHeader, found: number, expected: string): void =>
    findings.add({ structure: headerName(copy), offset: lba * sectorSize, field, found, expected })
  const entriesEndLba = PartitionEntryLBA + Math.ceil(entries.length / sectorSize)
  if (header.AlternateLBA !== otherLba) say('AlternateLBA', header.AlternateLBA, String(otherLba))
  if (FirstUsableLBA > LastUsableLBA) {
    say('FirstUsableLBA', FirstUsableLBA, `at most LastUsableLBA, ${LastUsableLBA},`)
  }
  if (which === 'primary') {
    if (FirstUsableLBA < entriesEndLba) say('FirstUsableLBA', FirstUsableLBA, `at least ${entriesEndLba}`)
    if (LastUsableLBA >= otherLba) say('LastUsableLBA', LastUsableLBA, `at most ${otherLba - 1}`)
    return
  }
  if (LastUsableLBA >= PartitionEntryLBA) say('LastUsableLBA', LastUsableLBA, `at most ${PartitionEntryLBA - 1}`)
  if (entriesEndLba > lba)
    say('PartitionEntryLBA', PartitionEntryLBA, `at most ${PartitionEntryLBA - entriesEndLba + lba}`)
}

const SAME_FIELDS = ['FirstUsableLBA', 'LastUsableLBA', 'NumberOfPartitionEntries', 'SizeOfPartitionEntry'] as const

/** Both are sound by themselves. */
function compareCopies(primary: GptCopy, backup: GptCopy, findings: Findings): void {
  const offset = backup.lba * backup.sectorSize
  const say = (field: string, found: number | string, expected: number | string): void =>
    findings.add({ structure: headerName(backup), offset, field, found, expected: `${expected} as in the primary` })
  for (const field of SAME_FIELDS) {
    if (backup.header[field] !== primary.header[field]) say(field, backup.header[field], primary.header[field])
  }
  const guids = [backup, primary].map(({ header }) => guidFromBytes(header.DiskGUID))
  if (guids[0] !== guids[1]) say('DiskGUID', guids[0]!, guids[1]!)
  const differing = primary.entries.findIndex((byte, index) => byte !== backup.entries[index])
  if (differing < 0) return
  const entryBytes = primary.header.SizeOfPartitionEntry
  findings.add({
    structure: 'backup GPT entries',
    offset: backup.header.PartitionEntryLBA * backup.sectorSize + differing,
    field: `entry ${Math.floor(differing / entryBytes) + 1}`,
    found: 'another one',
    expected: 'the same as in the primary',
  })
}
