/** What is asked of an image before its bytes are used, and the errors of what is none. */
import { FormatError } from '../errors.js'
import type { ImageVerdict } from '../recognition/judge-image.js'

/**
 * `proof`: something says that it is a disk or a volume, and nothing that it was cut off. `look`:
 * it is not certainly something else, for those who only look into it. `nothing`: the bytes as they
 * are, which somebody asked for.
 */
export type Demand = 'proof' | 'look' | 'nothing'

export interface DemandOptions {
  /** For messages. */
  readonly name: string
  readonly sizeBytes: number
  readonly demand: Demand
  /** A manifest names it with this size, which is proof enough. */
  isVouched(): boolean
}

const AS_IS = '--as-is takes the bytes as they are.'
const EXPECTED = 'a partition table, a file system or a first loader at its place is expected'

/** FormatError where the image is not what `demand` asks. */
export function assertDemand(verdict: ImageVerdict, { name, sizeBytes, demand, isVouched }: DemandOptions): void {
  if (demand === 'nothing') return
  const { evidence, foreign, unproven, beyondEnd } = verdict
  const details = { path: name }
  const refuse = (why: string, hint: string | undefined): FormatError => {
    const isProof = demand === 'proof'
    const hints = [hint, isProof ? AS_IS : undefined].filter((text) => text !== undefined)
    const text = `Cannot read image "${name}": ${why}`
    return new FormatError(text, { ...(hints.length > 0 && { hint: hints.join(' ') }), details })
  }
  if (foreign !== undefined && !(demand === 'look' && foreign.isPart === true) && !isVouched()) {
    throw refuse(`it is ${foreign.what}, a disk or a volume is expected`, foreign.hint)
  }
  if (demand === 'look') return
  if (evidence === undefined && !isVouched()) {
    const what = unproven === undefined ? 'nothing in it says that it is a disk or a volume' : `it is ${unproven.what}`
    throw refuse(`${what}, ${EXPECTED}`, unproven?.hint)
  }
  const last = beyondEnd.at(-1)
  if (last === undefined) return
  const ends = beyondEnd.map(({ what, endByte }) => `${what} at byte ${endByte}`).join(', ')
  throw refuse(
    `it is cut off at byte ${sizeBytes}, while by its own account it ends later: ${ends}`,
    'Fetch or make it again, and compare its length with that of the source.',
  )
}
