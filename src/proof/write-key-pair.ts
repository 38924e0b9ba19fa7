import { createPrivateKey } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { errnoOf, IoError, systemReason } from '../errors.js'
import { minisignPublicKey } from './minisign.js'
import { generateKeyPair } from './signing-key.js'
import { allowedSignersLine } from './ssh-signature.js'

const OWNER_ONLY = 0o600
const EVERYBODY_READS = 0o644

/**
 * Makes a key pair and writes it: `name`.key in PEM, for its owner only; `name`.pub in PEM; `name`.allowed_signers for
 * ssh-keygen and `name`.minisign.pub for minisign. Gives the absolute paths. Throws IoError where one of them is there
 * already or cannot be written; then none stays.
 */
export function writeKeyPair(name: string): string[] {
  const { privatePem, publicPem } = generateKeyPair()
  const key = createPrivateKey(privatePem)
  const base = resolve(name)
  const files = [
    { path: `${base}.key`, text: privatePem, mode: OWNER_ONLY },
    { path: `${base}.pub`, text: publicPem, mode: EVERYBODY_READS },
    { path: `${base}.allowed_signers`, text: allowedSignersLine(principalOf(base), key), mode: EVERYBODY_READS },
    { path: `${base}.minisign.pub`, text: minisignPublicKey(key), mode: EVERYBODY_READS },
  ]
  const written: string[] = []
  for (const { path, text, mode } of files) {
    try {
      writeFileSync(path, text, { mode, flag: 'wx' })
      written.push(path)
    } catch (error) {
      for (const done of written) rmSync(done, { force: true })
      const errno = errnoOf(error)
      const reason = systemReason(error, { EEXIST: 'it is there already, a key is never overwritten' })
      throw new IoError(`Cannot write the key ${path}: ${reason}`, {
        ...(errno === 'EEXIST' && { hint: 'Choose another name with --out.' }),
        details: { path, errno },
        cause: error,
      })
    }
  }
  return written
}

/** Who signs, for ssh-keygen's list: it takes no blanks, commas, quotes or patterns. */
function principalOf(base: string): string {
  return basename(base).replace(/[^\w.@+-]/g, '_')
}
