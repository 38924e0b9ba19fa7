import * as z from 'zod'
import { explainIssues, type PathProblem } from './explain-issue.js'
import type { ConfigInput, Pieces } from './interpretation.js'
import { type ImageInput, image } from './schema/image.js'
import { type PartitionInput, partition } from './schema/partition.js'

const NONE: ReadonlySet<string> = new Set()

/** A config is read once: compiling a reader for each of its maps takes longer than reading them. */
const ONCE = { jitless: true }

/** Plain values through the schema. A key with something wrong in it is left out, so that the rest is still checked. */
export function readInput(plain: unknown): { input: ConfigInput; problems: PathProblem[] } {
  const whole = image.safeParse(plain, ONCE)
  if (whole.success) {
    const { partitions, ...values } = whole.data
    const complete = partitions.map((partition) => ({ values: partition, unread: NONE }))
    return { input: { top: { values, unread: NONE }, partitions: complete }, problems: [] }
  }
  const { partitions: items, ...others } = isMap(plain) ? plain : {}
  const top = readPieces<Omit<ImageInput, 'partitions'>>(image.shape, others)
  const partitions = Array.isArray(items) ? items : []
  return {
    input: {
      top,
      partitions: partitions.map((item) =>
        isMap(item) ? readPieces<PartitionInput>(partition.shape, item) : undefined,
      ),
    },
    problems: explainIssues(whole.error.issues, image, plain),
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Each key by its own schema; a key that is not of the schema counts for nothing. */
function readPieces<Values>(shape: z.core.$ZodShape, plain: Record<string, unknown>): Pieces<Values> {
  const values: Record<string, unknown> = {}
  const unread = new Set<string>()
  for (const [key, value] of Object.entries(plain)) {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined
    if (schema === undefined) continue
    const read = z.safeParse(schema, value, ONCE)
    if (read.success) values[key] = read.data
    else unread.add(key)
  }
  return { values: values as Partial<Values>, unread }
}
