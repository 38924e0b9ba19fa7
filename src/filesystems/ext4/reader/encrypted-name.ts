/**
 * Names of encrypted directories as Linux shows them to those who have no key: the hash that finds the entry, then the
 * encrypted bytes (or, of long ones, their beginning and the digest of the rest) as letters and digits.
 * [Linux 6.1 fs/crypto/fname.c struct fscrypt_nokey_name]
 */
import { createHash } from 'node:crypto'
import { type ByteString, byteString, byteStringToBytes } from '../../../bytes/text.js'

/** A name of 255 bytes must remain one as letters. */
const SHOWN_BYTES = 149

export function noKeyName(encrypted: ByteString, hash: number, minorHash: number): ByteString {
  const name = byteStringToBytes(encrypted)
  const hashes = Buffer.alloc(8)
  hashes.writeUInt32LE(hash, 0)
  hashes.writeUInt32LE(minorHash, 4)
  const rest = name.subarray(SHOWN_BYTES)
  const digest = rest.length === 0 ? [] : [createHash('sha256').update(rest).digest()]
  return byteString(Buffer.concat([hashes, name.subarray(0, SHOWN_BYTES), ...digest]).toString('base64url'))
}

/** A symlink's target: its length in two bytes, then encrypted bytes. */
export function noKeyTarget(stored: ByteString): ByteString {
  const LENGTH_BYTES = 2
  const length = stored.charCodeAt(0) + stored.charCodeAt(1) * 0x100
  return noKeyName(stored.slice(LENGTH_BYTES, LENGTH_BYTES + length) as ByteString, 0, 0)
}
