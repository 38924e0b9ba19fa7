/**
 * What the reader of a partition table found, as flashing takes it: what ends the work, and what is
 * only told.
 */
import { type FieldFinding, findingProblem } from '../bytes/field-error.js'
import { FormatError, type Problem } from '../errors.js'
import type { ImageVerdict } from '../recognition/judge-image.js'

/**
 * Findings with which the disk still means one thing: the backup GPT inside an image that is longer
 * than its table says, which flashing puts at the device's end anyway; what Linux and firmware pass
 * over.
 */
const TOLERATED: readonly (readonly [structure: RegExp, field: string])[] = [
  [/^backup GPT header$/, 'MyLBA'],
  [/^protective MBR/, 'SizeInLBA'],
  [/^GPT entry/, 'UniquePartitionGUID'],
  [/^GPT entry/, 'Attributes'],
  [/^MBR record/, 'BootIndicator'],
]

/**
 * Its MBR, its GPT and the Apple map describe the same bytes in several ways, and so contradict
 * each other.
 */
const HYBRID_ISO = 'iso9660'

export interface JudgedTable {
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** `source` names the image in the messages. */
export function judgeTable({ findings, evidence }: ImageVerdict, source: string): JudgedTable {
  const isTolerated = ({ structure, field }: FieldFinding): boolean =>
    evidence?.format === HYBRID_ISO || TOLERATED.some(([pattern, name]) => pattern.test(structure) && name === field)
  // A sum is not expected: it comes from the bytes.
  const problemOf = (finding: FieldFinding): Problem =>
    finding.field.endsWith('CRC32')
      ? { message: findingProblem(source, finding).message.replace(/, (\S+) is expected$/, ', its bytes give $1') }
      : findingProblem(source, finding)
  return {
    errors: findings.filter((finding) => !isTolerated(finding)).map(problemOf),
    warnings: findings.filter(isTolerated).map(problemOf),
  }
}

export function refusedTable(errors: readonly Problem[]): FormatError {
  const [first, ...others] = errors
  const message = `Cannot flash the image: ${first!.message}`
  const hint = [first!.hint, 'Make or fetch the image again; --as-is writes the bytes as they are.']
    .filter((text) => text !== undefined)
    .join(' ')
  return new FormatError([{ message, hint }, ...others])
}
