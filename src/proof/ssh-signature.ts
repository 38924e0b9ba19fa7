/**
 * The signature that `ssh-keygen -Y verify` takes, and the line that tells it the key. Binary parts are in SSH's wire
 * form: a big-endian 32-bit length before each string.  [PROTOCOL.sshsig], [RFC 8709]
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { u32be } from '../bytes/struct.js'
import { publicKeyBytes } from './signing-key.js'

const MAGIC = Buffer.from('SSHSIG', 'ascii')
const VERSION = 1
const KEY_TYPE = 'ssh-ed25519'
const HASH = 'sha512'
/** What the signature is for, so that one made for something else is not taken: `-n file`, as ssh-keygen has it for files. */
export const SSH_NAMESPACE = 'file'
const LINE_LENGTH = 70

export function sshSignature(message: Uint8Array, key: KeyObject): string {
  const digest = createHash(HASH).update(message).digest()
  const signed = Buffer.concat([MAGIC, text(SSH_NAMESPACE), text(''), text(HASH), string(digest)])
  const signature = Buffer.concat([text(KEY_TYPE), string(sign(null, signed, key))])
  const blob = Buffer.concat([
    MAGIC,
    uint32(VERSION),
    string(publicKeyBlob(key)),
    text(SSH_NAMESPACE),
    text(''),
    text(HASH),
    string(signature),
  ])
  const lines = blob.toString('base64').match(new RegExp(`.{1,${LINE_LENGTH}}`, 'g'))!
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
}

/** A line for `ssh-keygen -Y verify -f`; `principal` is who signs, the `-I` of the command. */
export function allowedSignersLine(principal: string, key: KeyObject): string {
  return `${principal} namespaces="${SSH_NAMESPACE}" ${KEY_TYPE} ${publicKeyBlob(key).toString('base64')}\n`
}

function publicKeyBlob(key: KeyObject): Buffer {
  return Buffer.concat([text(KEY_TYPE), string(publicKeyBytes(key))])
}

function text(value: string): Buffer {
  return string(Buffer.from(value, 'ascii'))
}

function string(value: Uint8Array): Buffer {
  return Buffer.concat([uint32(value.length), value])
}

function uint32(value: number): Buffer {
  const target = Buffer.alloc(u32be.size)
  target.writeUInt32BE(value)
  return target
}
