/**
 * What kind of text a file is that people mistake for an image, because a download or a checkout
 * gave it in the image's place.
 */

export interface ForeignFile {
  /** With its article: `an HTML page`. */
  readonly what: string
  /** What to do about it. */
  readonly hint?: string
  /**
   * It is made to stand in a partition, or is a program: not to be flashed, but `inspect` may look
   * at it.
   */
  readonly isPart?: boolean
}

/** As much as is looked at. No table and no volume is free of zeros for so long. */
export const TEXT_HEAD_BYTES = 4096

const DOWNLOAD_HINT = 'Look at the address: a page for a login, a redirect or an error came instead of the image.'
const UTF8_MARK = '\uFEFF'

/** In the order in which they are tried, on text without a byte order mark and blanks before it. */
const TEXT_KINDS: readonly (ForeignFile & { readonly pattern: RegExp })[] = [
  {
    pattern: /^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<bmap\b/i,
    what: 'a block map (bmap)',
    hint: 'Name the image, and the block map with --bmap.',
  },
  {
    pattern:
      /^(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script|style|div|h1|center)\b/i,
    what: 'an HTML page',
    hint: DOWNLOAD_HINT,
  },
  { pattern: /^<\?xml|^<!DOCTYPE|^<[a-z][\w:.-]*[\s/>]/i, what: 'an XML file', hint: DOWNLOAD_HINT },
  {
    pattern: /^\{(?=[\s\S]*"manifest_version")/,
    what: 'a manifest of diskloom',
    hint: 'Name the image that it describes, or the folder that it is in.',
  },
  { pattern: /^[{[]\s*(?:["\]}[{\d-]|true|false|null)/, what: 'a JSON file', hint: DOWNLOAD_HINT },
  {
    pattern: /^version https:\/\/git-lfs\.github\.com\/spec\//,
    what: 'a Git LFS pointer',
    hint: '"git lfs pull" fetches the file that it points to.',
  },
  {
    pattern: /^\/?(?:\.\.\/)*(?:\.git\/)?annex\/objects\//,
    what: 'a git-annex pointer',
    hint: '"git annex get" fetches the file that it points to.',
  },
  { pattern: /^-----BEGIN PGP /, what: 'a PGP signature or key', hint: 'Name the file that it signs.' },
  { pattern: /^-----BEGIN SSH SIGNATURE-----/, what: 'an SSH signature', hint: 'Name the file that it signs.' },
  { pattern: /^untrusted comment:/, what: 'a minisign signature or key', hint: 'Name the file that it signs.' },
  { pattern: /^-----BEGIN [A-Z0-9 ]+-----/, what: 'a PEM file' },
  {
    pattern: /^# Disk DescriptorFile/i,
    what: 'a VMDK descriptor',
    hint: '"qemu-img convert -f vmdk -O raw" makes a raw image of the disk.',
  },
  {
    pattern: /^(?:(?:SHA|MD5|BLAKE2)[\w-]*\s*\(.+\)\s*=\s*)?[0-9a-f]{32,128}(?:\s|$)/i,
    what: 'a list of checksums',
    hint: 'Name the image.',
  },
  {
    pattern: /^:[0-9A-F]{10,}\s*$/im,
    what: 'an Intel HEX file',
    hint: '"objcopy -I ihex -O binary" makes bytes of it.',
  },
  {
    pattern: /^S[0-9][0-9A-F]{8,}\s*$/m,
    what: 'a file of S-records',
    hint: '"objcopy -I srec -O binary" makes bytes of it.',
  },
  { pattern: /^#!/, what: 'a script' },
  { pattern: /^zsync:/, what: 'a zsync file', hint: 'Name the image.' },
]

/**
 * Undefined where `head`, the first bytes of a file of `sizeBytes`, is no text in ASCII, UTF-8 or
 * UTF-16.
 */
export function textKind(head: Uint8Array, sizeBytes: number): ForeignFile | undefined {
  const whole = head.subarray(0, TEXT_HEAD_BYTES)
  const text = decodeText(whole, sizeBytes <= head.length)
  if (text === undefined) return kindOf(decodeText(withoutPadding(whole), true) ?? '')
  if (text.replace(UTF8_MARK, '').trim() === '') return { what: 'a text file of blanks' }
  return kindOf(text) ?? { what: 'a text file' }
}

function kindOf(text: string): ForeignFile | undefined {
  const trimmed = text.replace(UTF8_MARK, '').trimStart()
  const kind = TEXT_KINDS.find(({ pattern }) => pattern.test(trimmed))
  if (kind === undefined) return undefined
  const { what, hint } = kind
  return hint === undefined ? { what } : { what, hint }
}

/**
 * Programs pad texts to whole sectors: the descriptor of a VMDK disk, for instance. The magics of
 * some volumes are letters, so a text before zeros counts only where its kind is known.
 */
function withoutPadding(head: Uint8Array): Uint8Array {
  const length = head.findLastIndex((byte) => byte !== 0) + 1
  return head.subarray(0, length)
}

/** Of a text, too, the last character may be cut where the head ends. */
function decodeText(head: Uint8Array, isWhole: boolean): string | undefined {
  if (head.length === 0) return undefined
  const encoding = encodingOf(head)
  if (encoding === undefined) return undefined
  const even = encoding === 'utf-8' ? head : head.subarray(0, head.length & ~1)
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(even, { stream: !isWhole })
    return hasControls(text) ? undefined : text
  } catch {
    return isLatin1Text(head) ? Buffer.from(head).toString('latin1') : undefined
  }
}

function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (!head.includes(0)) return 'utf-8'
  // Text without a mark that is mostly ASCII has a zero in every other byte.
  const units = head.subarray(0, Math.min(head.length & ~1, 512))
  if (units.length < 4) return undefined
  const zeros = (from: number): boolean => units.every((byte, index) => index % 2 !== from || byte === 0)
  if (zeros(1) && !zeros(0)) return 'utf-16le'
  return zeros(0) && !zeros(1) ? 'utf-16be' : undefined
}

/**
 * Everything below the blank but tab, line feed, form feed, carriage return and escape; and DEL.
 */
const CONTROLS = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]/

function hasControls(text: string): boolean {
  return CONTROLS.test(text)
}

/**
 * Words of an older encoding: almost all of it is ASCII, and the rest no control character of
 * Latin-1.
 */
function isLatin1Text(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString('latin1')
  if (hasControls(text) || /[\x80-\x9f]/.test(text)) return false
  return head.reduce((count, byte) => count + (byte >> 7), 0) * 10 < head.length
}
