/** The reserved sectors against the specification: boot sector, its backup, FSInfo.  [FATGEN §3, §5] */
import type { Findings } from '../../../bytes/findings.js'
import { isZero } from '../../../bytes/zeros.js'
import {
  BOOT_RECORD_BYTES,
  type BootSector,
  BootSector32,
  EXT_FLAGS_ACTIVE_FAT,
  EXT_FLAGS_NOT_MIRRORED,
  FIRST_CLUSTER,
  FSI_LEAD_SIGNATURE,
  FSI_STRUCTURE_SIGNATURE,
  FSI_TRAIL_SIGNATURE,
  FSI_UNKNOWN,
  FsInfo,
  MAX_CLUSTERS_16,
  SLOT_BYTES,
} from '../disklayout.js'
import type { FatReading } from './fat-reading.js'
import { entriesOf } from './volume-shape.js'
import { bootLabel, countClusters, rootLabel } from './volume-summary.js'

const JUMP_SHORT = 0xeb
const JUMP_NEAR = 0xe9
const NOP = 0x90
/** BPB_FSInfo where there is none. */
const NO_SECTOR: readonly number[] = [0, 0xffff]

type SayField = (field: keyof BootSector, found: number | string, expected: string, isHarmless?: true) => void

/** Fields of the backup from which a reader would find another volume; what stands in the others is for people and boot code. */
const GEOMETRY = /^BPB_(?!HiddSec|Media|SecPerTrk|NumHeads)|^Signature_word$/

export function checkReserved(reading: FatReading, findings: Findings): void {
  const { shape } = reading
  const say: SayField = (field, found, expected, isHarmless) =>
    findings.add({
      structure: 'boot sector',
      offset: shape.bootOffset,
      field,
      found,
      expected,
      ...(isHarmless && { isHarmless }),
    })
  if (shape.bootProblem !== undefined) findings.add(shape.bootProblem)
  checkBootSector(reading, say)
  checkSizes(reading, say)
  if (shape.width !== 32) return
  checkFat32(reading, say)
  findings.attempt(() => checkBackup(reading, findings))
  findings.attempt(() => checkFsInfo(reading, findings))
}

function checkBootSector(reading: FatReading, say: SayField): void {
  const { boot, width } = reading.shape
  const [opcode, , third] = boot.BS_jmpBoot
  if (opcode !== JUMP_NEAR && !(opcode === JUMP_SHORT && third === NOP)) {
    say('BS_jmpBoot', Buffer.from(boot.BS_jmpBoot).toString('hex'), 'eb __ 90 or e9 __ __')
  }
  const text = boot.BS_FilSysType
  if (/^FAT(12|16|32)/.test(text) && !text.startsWith(`FAT${width}`)) say('BS_FilSysType', text, `FAT${width}`, true)
  const inRoot = rootLabel(reading)
  const inBoot = bootLabel(reading.shape)
  if (inBoot !== undefined && inBoot !== inRoot) {
    say(
      'BS_VolLab',
      inBoot,
      inRoot === undefined ? 'a label in the root directory, too,' : `${inRoot}, the label in the root directory,`,
    )
  }
}

function checkSizes({ shape, view }: FatReading, say: SayField): void {
  const { boot, width, sectorSize, fatBytes, clusterBytes } = shape
  const totalField = boot.BPB_TotSec16 > 0 ? 'BPB_TotSec16' : 'BPB_TotSec32'
  if (boot.BPB_TotSec16 > 0 && boot.BPB_TotSec32 > 0 && boot.BPB_TotSec16 !== boot.BPB_TotSec32) {
    say('BPB_TotSec32', boot.BPB_TotSec32, '0, since BPB_TotSec16 is not')
  }
  if (shape.sizeBytes > view.sizeBytes) {
    say(totalField, boot[totalField], `at most the ${Math.floor(view.sizeBytes / sectorSize)} sectors there are`)
  }
  const dataClusters = Math.floor((shape.sizeBytes - shape.dataOffset) / clusterBytes)
  const entries = entriesOf(fatBytes, width)
  if (entries < dataClusters + FIRST_CLUSTER) {
    const field = width === 32 ? 'BPB_FATSz32' : 'BPB_FATSz16'
    say(field, fatBytes / sectorSize, `sectors for ${dataClusters + FIRST_CLUSTER} entries, not ${entries},`)
  }
  if (width === 16 && dataClusters > MAX_CLUSTERS_16) {
    say(totalField, boot[totalField], `at most ${MAX_CLUSTERS_16} clusters, not ${dataClusters},`)
  }
  const rootEntries = boot.BPB_RootEntCnt
  if (width !== 32 && (rootEntries === 0 || (rootEntries * SLOT_BYTES) % sectorSize !== 0)) {
    say('BPB_RootEntCnt', rootEntries, `a multiple of ${sectorSize / SLOT_BYTES}`)
  }
}

function checkFat32({ shape }: FatReading, say: SayField): void {
  const { boot } = shape
  if (boot.BPB_RootEntCnt !== 0) say('BPB_RootEntCnt', boot.BPB_RootEntCnt, '0')
  if (boot.BPB_FSVer !== 0) say('BPB_FSVer', boot.BPB_FSVer, '0')
  if ((boot.BPB_ExtFlags & ~(EXT_FLAGS_ACTIVE_FAT | EXT_FLAGS_NOT_MIRRORED)) !== 0) {
    say('BPB_ExtFlags', `0x${boot.BPB_ExtFlags.toString(16)}`, 'no reserved bits')
  }
  for (const field of ['BPB_FSInfo', 'BPB_BkBootSec'] as const) {
    const sector = boot[field]
    if (!NO_SECTOR.includes(sector) && sector >= boot.BPB_RsvdSecCnt) {
      say(field, sector, `one of the ${boot.BPB_RsvdSecCnt} reserved sectors`)
    }
  }
}

/** Equal but for the state that is kept in the first one only. */
function checkBackup({ view, shape }: FatReading, findings: Findings): void {
  const { BPB_BkBootSec, BPB_RsvdSecCnt } = shape.boot
  if (BPB_BkBootSec === 0 || BPB_BkBootSec >= BPB_RsvdSecCnt || shape.bootOffset !== 0) return
  const offset = BPB_BkBootSec * shape.sectorSize
  const boot = view.read(0, BOOT_RECORD_BYTES, 'boot sector')
  const backup = view.read(offset, BOOT_RECORD_BYTES, 'backup boot sector')
  if (isZero(backup)) {
    const field = 'its content'
    const expected = 'a copy of the boot sector'
    findings.add({ structure: 'backup boot sector', offset, field, found: 'zeros', expected, isHarmless: true })
    return
  }
  for (const [field, [at, size]] of Object.entries(BootSector32.FIELDS)) {
    const parts = [backup, boot].map((bytes) => Buffer.from(bytes.subarray(at, at + size)))
    if (field === 'BS_Reserved1' || parts[0]!.equals(parts[1]!)) continue
    const [found, expected] = parts.map((part) => part.toString('hex', 0, 16))
    findings.add({
      structure: 'backup boot sector',
      offset,
      field: field.replace(/^_/, ''),
      found: `${found} (bytes)`,
      expected: `${expected} as in the boot sector`,
      ...(!GEOMETRY.test(field) && { isHarmless: true }),
    })
  }
}

function checkFsInfo(reading: FatReading, findings: Findings): void {
  const { view, shape } = reading
  const { BPB_FSInfo, BPB_RsvdSecCnt } = shape.boot
  if (NO_SECTOR.includes(BPB_FSInfo) || BPB_FSInfo >= BPB_RsvdSecCnt) return
  const offset = BPB_FSInfo * shape.sectorSize
  const info = view.decode(FsInfo, offset, 'FSInfo')
  const say = (field: keyof typeof info, found: number | string, expected: string, isHarmless?: true): void =>
    findings.add({ structure: 'FSInfo', offset, field, found, expected, ...(isHarmless && { isHarmless }) })
  const signatures = {
    FSI_LeadSig: FSI_LEAD_SIGNATURE,
    FSI_StrucSig: FSI_STRUCTURE_SIGNATURE,
    FSI_TrailSig: FSI_TRAIL_SIGNATURE,
  }
  for (const [field, expected] of Object.entries(signatures)) {
    const found = info[field as keyof typeof signatures]
    if (found !== expected) say(field as keyof typeof signatures, hex32(found), hex32(expected))
  }
  const { free } = countClusters(reading)
  if (info.FSI_Free_Count !== FSI_UNKNOWN && info.FSI_Free_Count !== free) {
    say('FSI_Free_Count', info.FSI_Free_Count, String(free))
  }
  const next = info.FSI_Nxt_Free
  if (next !== FSI_UNKNOWN && (next < FIRST_CLUSTER || next > shape.lastCluster)) {
    // A hint, from which readers search onwards, from its start where it leads nowhere.
    say('FSI_Nxt_Free', next, `${FIRST_CLUSTER} to ${shape.lastCluster}`, true)
  }
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}
