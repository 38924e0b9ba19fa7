/** The signatures that go beside manifest.json and SHA256SUMS: one key, three forms, so that whoever checks needs no tool of ours. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { minisignSignature } from './minisign.js'
import { sshSignature } from './ssh-signature.js'

export const SIGNATURE_BYTES = 64

export interface SignatureFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Signs a file of that name and content. Ed25519 draws nothing, so the same key gives the same bytes. */
export function signFile({ path, bytes }: SignatureFile, key: KeyObject): SignatureFile[] {
  return [
    { path: `${path}.sig`, bytes: sign(null, bytes, key) },
    { path: `${path}.sshsig`, bytes: Buffer.from(sshSignature(bytes, key), 'ascii') },
    { path: `${path}.minisig`, bytes: Buffer.from(minisignSignature(bytes, key, `file:${path}`), 'ascii') },
  ]
}

export function isSignedBy(bytes: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, bytes, key, signature)
}
