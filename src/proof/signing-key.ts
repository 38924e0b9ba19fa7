/** Ed25519 keys [RFC 8032] in the PEM forms that every tool knows: PKCS #8 for the private, SPKI for the public key [RFC 8410]. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readInputFile } from '../bytes/read-input-file.js'
import { ConfigError, errnoOf, IoError, systemReason } from '../errors.js'

/** Where a key with a passphrase takes it from. */
export const PASSPHRASE_VARIABLE = 'DISKLOOM_KEY_PASSPHRASE'

export const PUBLIC_KEY_BYTES = 32

export interface KeyPairText {
  readonly privatePem: string
  readonly publicPem: string
}

export function generateKeyPair(): KeyPairText {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privatePem: privateKey, publicPem: publicKey }
}

/** The private key in a PEM file. Throws IoError where it cannot be read, ConfigError where it is none. */
export function readSigningKey(path: string, passphrase: string | undefined): KeyObject {
  const pem = readKeyFile(path)
  if (pem.includes('BEGIN OPENSSH PRIVATE KEY')) {
    throw new ConfigError(
      `Cannot sign with ${path}: it is in OpenSSH's own form, an Ed25519 key in PEM (PKCS #8) is accepted`,
      {
        hint: 'diskloom keygen makes one; its .allowed_signers file makes ssh-keygen take its signatures.',
      },
    )
  }
  let key: KeyObject
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) })
  } catch (error) {
    const locked = pem.includes('ENCRYPTED')
    throw new ConfigError(
      locked
        ? `Cannot sign with ${path}: its passphrase is ${passphrase === undefined ? 'missing' : 'another'}`
        : `Cannot sign with ${path}: it is no private key, an Ed25519 key in PEM (PKCS #8) is accepted`,
      { hint: locked ? `Set ${PASSPHRASE_VARIABLE}.` : 'diskloom keygen makes one.', cause: error },
    )
  }
  assertEd25519(key, `Cannot sign with ${path}`)
  return key
}

/** The public key in a PEM file; of a private key its public half. Throws as `readSigningKey`. */
export function readPublicKey(path: string): KeyObject {
  const pem = readKeyFile(path)
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch (error) {
    throw new ConfigError(`Cannot verify with ${path}: it is no public key, an Ed25519 key in PEM (SPKI) is accepted`, {
      hint: 'diskloom keygen writes it beside the private one, as NAME.pub.',
      cause: error,
    })
  }
  assertEd25519(key, `Cannot verify with ${path}`)
  return key
}

/** The 32 bytes of the public key, of either half. */
export function publicKeyBytes(key: KeyObject): Buffer {
  const der = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  // The key is what the structure ends with. [RFC 8410 §4]
  return der.subarray(der.length - PUBLIC_KEY_BYTES)
}

function assertEd25519(key: KeyObject, what: string): void {
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new ConfigError(`${what}: it is a key of ${key.asymmetricKeyType}, accepted is Ed25519`)
  }
}

function readKeyFile(path: string): string {
  try {
    return readInputFile(path).toString('utf8')
  } catch (error) {
    throw new IoError(`Cannot read the key ${path}: ${systemReason(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}
