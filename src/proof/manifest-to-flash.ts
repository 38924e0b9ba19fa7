/** The manifest by which an image is verified before it is written to a device. */
import { compareVersions } from '../bytes/compare-versions.js'
import { DifferenceError, UsageError, type Warning } from '../errors.js'
import { isSigned, signedManifestOf } from './manifest-of-source.js'
import type { Manifest } from './manifest-schema.js'
import { readPublicKey } from './signing-key.js'

export interface ManifestToFlashOptions {
  /** Path of the public key. */
  readonly key?: string | undefined
  readonly minVersion?: string | undefined
  readonly bmap?: string | undefined
  readonly onEvent?: ((event: { readonly kind: 'warning'; readonly problem: Warning }) => void) | undefined
}

/**
 * Gives the signed manifest of `source` where there is a key, and otherwise a warning where a signature is there to be checked. Throws
 * UsageError for what does not go together, DifferenceError where the signature or the version is not as it should be.
 */
export function manifestToFlash(
  source: string,
  { key, minVersion, bmap, onEvent }: ManifestToFlashOptions,
): Manifest | undefined {
  if (key === undefined) {
    if (minVersion !== undefined) {
      throw new UsageError('Cannot ask for --min-version without --key: only a signed manifest says what version it is')
    }
    if (source !== '-' && isSigned(source)) {
      const message = `${source} is signed, and its signature is not checked`
      onEvent?.({
        kind: 'warning',
        problem: { finding: 'signature-unchecked', message, hint: '--key FILE checks it, and all that is written.' },
      })
    }
    return undefined
  }
  if (source === '-') {
    throw new UsageError(
      'Cannot verify standard input before it is written: a bundle or an image in a file is accepted',
    )
  }
  if (bmap !== undefined) throw new UsageError('Cannot use a block map with --key: the manifest says what is written')
  const manifest = signedManifestOf(source, readPublicKey(key))
  if (minVersion !== undefined) assertVersion(manifest, minVersion, source)
  return manifest
}

/** Throws DifferenceError where the manifest has no version or an older one than `least`; `source` is for the message. */
function assertVersion({ image }: Manifest, least: string, source: string): void {
  const { version } = image
  if (version === undefined) {
    throw new DifferenceError({
      message: `Cannot flash ${source}: its manifest has no version, ${least} or a newer one is expected`,
      hint: 'Set "version:" in the config of the release.',
    })
  }
  if (compareVersions(version, least) < 0) {
    throw new DifferenceError(`Cannot flash ${source}: it is version ${version}, ${least} or a newer one is expected`)
  }
}
