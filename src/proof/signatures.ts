/** The signatures that go beside manifest.json: one key, three forms, so that whoever checks needs no tool of ours. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { MANIFEST_NAME, MINISIGN_NAME, SIGNATURE_NAME, SSH_SIGNATURE_NAME } from './manifest-names.js'
import { minisignSignature } from './minisign.js'
import { sshSignature } from './ssh-signature.js'

export const SIGNATURE_BYTES = 64

export interface SignatureFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** `manifest`: the bytes of manifest.json. Ed25519 draws nothing, so the same key gives the same bytes. */
export function signManifest(manifest: Uint8Array, key: KeyObject): SignatureFile[] {
  return [
    { path: SIGNATURE_NAME, bytes: sign(null, manifest, key) },
    { path: SSH_SIGNATURE_NAME, bytes: Buffer.from(sshSignature(manifest, key), 'ascii') },
    { path: MINISIGN_NAME, bytes: Buffer.from(minisignSignature(manifest, key, `file:${MANIFEST_NAME}`), 'ascii') },
  ]
}

export function isSignedBy(manifest: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return signature.length === SIGNATURE_BYTES && verify(null, manifest, key, signature)
}
