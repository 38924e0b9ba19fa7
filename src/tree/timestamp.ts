import { compareTimestamps, type Timestamp } from './file-tree.js'

const NS_PER_SECOND = 1_000_000_000n

/** From nanoseconds since 1970, before it too: −1 ns is second −1 and 999,999,999 ns. */
export function timestampFromNs(ns: bigint): Timestamp {
  let seconds = ns / NS_PER_SECOND
  let nanoseconds = ns % NS_PER_SECOND
  if (nanoseconds < 0n) {
    seconds -= 1n
    nanoseconds += NS_PER_SECOND
  }
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds) }
}

/** `time`, or `latest` where that is earlier: what SOURCE_DATE_EPOCH does to a file's own time. */
export function clampTimestamp(time: Timestamp, latest: Timestamp | undefined): Timestamp {
  return latest !== undefined && compareTimestamps(time, latest) > 0 ? latest : time
}
