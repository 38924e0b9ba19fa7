/** A manifest and the signature that vouches for it. */
import type { KeyObject } from 'node:crypto'
import { DifferenceError, type Problem } from '../errors.js'
import { MANIFEST_NAME, SIGNATURE_NAME } from './manifest-names.js'
import { type Manifest, parseManifest } from './manifest-schema.js'
import { isSignedBy, SIGNATURE_BYTES } from './signatures.js'

/**
 * `small` has the manifest and, where there is one, its signature; `source` is for messages. With a key it throws
 * DifferenceError, with `findings` and its own, where the signature is missing or is not of this key. FormatError where
 * the manifest cannot be read.
 */
export function readSignedManifest(
  small: ReadonlyMap<string, Uint8Array>,
  source: string,
  key: KeyObject | undefined,
  findings: readonly Problem[] = [],
): { manifest: Manifest; signed: boolean } {
  const problems = [...findings]
  const bytes = small.get(MANIFEST_NAME)!
  const signature = small.get(SIGNATURE_NAME)
  if (key !== undefined) {
    if (signature === undefined) {
      problems.push({ message: `Cannot verify ${source}: it is not signed, there is no ${SIGNATURE_NAME} beside it` })
    } else if (signature.length !== SIGNATURE_BYTES) {
      problems.push({
        message: `Cannot verify ${source}: ${SIGNATURE_NAME} has ${signature.length} bytes, ${SIGNATURE_BYTES} are expected`,
      })
    } else if (!isSignedBy(bytes, signature, key)) {
      problems.push({
        message: `Cannot verify ${source}: ${SIGNATURE_NAME} is no signature of it by this key`,
        hint: 'Either the manifest was changed after it was signed, or another key signed it.',
      })
    }
    // An unvouched manifest can say anything; comparing files with it would prove nothing.
    if (problems.length > 0) throw new DifferenceError(problems)
  }
  return { manifest: parseManifest(bytes, source), signed: key !== undefined }
}
