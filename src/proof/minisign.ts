/**
 * The signature that `minisign -V` takes, and its public key file. Both are two letters for the algorithm, eight bytes
 * that name the key, and the 64 or 32 bytes of Ed25519, in base64.  [MINISIGN]
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { publicKeyBytes } from './signing-key.js'

const ALGORITHM = Buffer.from('Ed', 'ascii')
/** `ED`: over the BLAKE2b of the file, which minisign 0.8 and later make by default. */
const PREHASHED = Buffer.from('ED', 'ascii')
const KEY_ID_BYTES = 8

/** `trustedComment` is signed too; one line. */
export function minisignSignature(message: Uint8Array, key: KeyObject, trustedComment: string): string {
  const digest = createHash('blake2b512').update(message).digest()
  const signature = sign(null, digest, key)
  const global = sign(null, Buffer.concat([signature, Buffer.from(trustedComment, 'utf8')]), key)
  return [
    'untrusted comment: signature from diskloom',
    Buffer.concat([PREHASHED, keyId(key), signature]).toString('base64'),
    `trusted comment: ${trustedComment}`,
    global.toString('base64'),
    '',
  ].join('\n')
}

export function minisignPublicKey(key: KeyObject): string {
  const blob = Buffer.concat([ALGORITHM, keyId(key), publicKeyBytes(key)])
  return `untrusted comment: minisign public key ${keyId(key).toString('hex').toUpperCase()}\n${blob.toString('base64')}\n`
}

/** minisign draws it at random and keeps it with the key; ours is derived, so the key alone says it. */
function keyId(key: KeyObject): Buffer {
  return createHash('sha256').update(publicKeyBytes(key)).digest().subarray(0, KEY_ID_BYTES)
}
