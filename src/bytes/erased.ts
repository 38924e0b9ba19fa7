/** What erased flash holds. */
export const ERASED = 0xff
