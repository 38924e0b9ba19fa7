/** Signatures that lie in or beside a release and that a verification did not check. */
import type { KeyObject } from 'node:crypto'
import { SIGNATURE_NAME, SUMS_SIGNATURE_NAME } from './manifest-names.js'
import type { Manifest } from './manifest-schema.js'

/** Of OpenSSL and ours, minisign and signify, ssh-keygen, GnuPG. */
export const SIGNATURE_SUFFIXES: readonly string[] = ['.sig', '.minisig', '.sshsig', '.asc']

/**
 * Returns, sorted, which of `names` look like signatures and are neither outputs of the manifest, whose sums are compared, nor
 * among `checked`, which a key was held against.
 */
export function uncheckedSignatures(
  names: Iterable<string>,
  key: KeyObject | undefined,
  { outputs }: Manifest,
  checked: readonly string[] = [SIGNATURE_NAME, SUMS_SIGNATURE_NAME],
): string[] {
  const known = new Set(outputs.map(({ path }) => path))
  return [...names]
    .filter((name) => SIGNATURE_SUFFIXES.some((suffix) => name.endsWith(suffix)))
    .filter((name) => !known.has(name) && !(key !== undefined && checked.includes(name)))
    .sort()
}
