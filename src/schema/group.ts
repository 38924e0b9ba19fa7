import * as z from 'zod'

export interface GroupOptions {
  /** For messages: `a partition`. */
  readonly noun: string
  /** Keys of coming versions, refused as such. */
  readonly later?: readonly string[]
}

/** A map with exactly these keys. */
export function group<const Shape extends z.ZodRawShape>(shape: Shape, options: GroupOptions) {
  return z.strictObject(shape).meta({ group: options })
}
