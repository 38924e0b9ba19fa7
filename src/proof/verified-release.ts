/** What a verification is asked for, and what it found. */
import type { KeyObject } from 'node:crypto'
import type { Manifest } from './manifest-schema.js'
import type { ByteStretch } from './unspecified.js'
import type { Unspecified } from './verify-image.js'

export interface VerifyOptions {
  /** Ed25519; without it nothing says who made the release. */
  readonly key?: KeyObject | undefined
  /** Of raw images in a folder, default `zeros`: what a build has just written itself need not be read once more. */
  readonly unspecified?: Unspecified | undefined
  readonly signal?: AbortSignal | undefined
  /** For TMPDIR; default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

export interface VerifiedRelease {
  readonly manifest: Manifest
  /** Whether a key vouched for the manifest. */
  readonly signed: boolean
  /** Files whose content was compared, the image among them; sorted. */
  readonly files: readonly string[]
  /** How many partitions were compared with their digests. */
  readonly partitions: number
  /** The raw image, where the manifest names one that is not in the folder. */
  readonly missing: readonly string[]
  /** Bytes of the disk that nothing vouches for: of a raw image alone, what its manifest does not specify. */
  readonly unvouched: readonly ByteStretch[]
  /** Signatures that lie beside and were not checked: of other tools, of other files, or for want of a key; sorted. */
  readonly unchecked: readonly string[]
}
