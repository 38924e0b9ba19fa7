/** One forgery for each row of docs/design/zip-bundles.md: what is changed in a signed bundle, and what is said of it. */
import { FORGED_ARCHIVES } from './forged-archives.js'
import { FORGED_CENTRAL_HEADERS } from './forged-central-headers.js'
import { FORGED_LOCAL_HEADERS } from './forged-local-headers.js'
import { type ForgedZip, putTogether, takeApart } from './forged-zip.js'
import type { ZipForgery } from './zip-forgery.js'

export const ZIP_FORGERIES: readonly ZipForgery[] = [
  ...FORGED_LOCAL_HEADERS,
  ...FORGED_CENTRAL_HEADERS,
  ...FORGED_ARCHIVES,
]

/** The bundle with that forgery in it. */
export function forgedBundle(zip: Buffer, { forge, whole }: ZipForgery): Buffer {
  if (whole !== undefined) return whole(zip)
  const parts = takeApart(zip)
  const entries = parts.entries.map((entry) => ({
    ...entry,
    local: { ...entry.local },
    central: { ...entry.central! },
  }))
  const forged: ForgedZip = { ...parts, entries }
  forge(forged, entries[0]!)
  return putTogether(forged)
}

/** The same bundle without its signatures. */
export function unsigned(zip: Buffer): Buffer {
  const parts = takeApart(zip)
  const entries = parts.entries.filter(({ localName }) => !/\.(?:sig|sshsig|minisig)$/.test(localName.toString()))
  return putTogether({ ...parts, entries })
}
