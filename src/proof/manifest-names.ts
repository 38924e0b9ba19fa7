/** Names of the manifest and of its signatures, apart from the schema and the keys, which few who know the names need. */
export const MANIFEST_NAME = 'manifest.json'
export const MANIFEST_VERSION = 1

/** The 64 bytes of Ed25519 over the manifest [RFC 8032]: what `diskloom verify` and `openssl pkeyutl -verify -rawin` read. */
export const SIGNATURE_NAME = `${MANIFEST_NAME}.sig`
export const SSH_SIGNATURE_NAME = `${MANIFEST_NAME}.sshsig`
export const MINISIGN_NAME = `${MANIFEST_NAME}.minisig`
/** Also where nothing is signed: a file of the bundle must not pass for a signature. */
export const SIGNATURE_NAMES: readonly string[] = [SIGNATURE_NAME, SSH_SIGNATURE_NAME, MINISIGN_NAME]

export const SUMS_NAME = 'SHA256SUMS'
export const SUMS_SIGNATURE_NAME = `${SUMS_NAME}.sig`
/** By the same key and in the same forms, so that what people check with sha256sum is signed too. */
export const SUMS_SIGNATURE_NAMES: readonly string[] = [
  SUMS_SIGNATURE_NAME,
  `${SUMS_NAME}.sshsig`,
  `${SUMS_NAME}.minisig`,
]
