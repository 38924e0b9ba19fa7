/** Compared in one call from here on; data shows itself before. */
const FIRST_BYTES = 8

/** Whether [start, end) of `bytes` holds zeros alone. */
export function isZero(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  const first = Math.min(end, start + FIRST_BYTES)
  for (let at = start; at < first; at++) if (bytes[at] !== 0) return false
  // Each byte behind is what stands eight places before it: half the memory that a comparison with zeros would read.
  return first === end || Buffer.compare(bytes.subarray(start, end - FIRST_BYTES), bytes.subarray(first, end)) === 0
}
