/**
 * The image among the files of an archive: found by proof, not by order. Files that go with an
 * image (sums, signatures, notes, what macOS adds) never count; where more than one is left, nobody
 * guesses.
 */
import { basename } from 'node:path'
import { FormatError } from '../errors.js'
import { ImageBuilder } from '../image/extent.js'
import { judgeImage } from '../recognition/judge-image.js'
import type { ArchiveMember } from './archive-member.js'
import { formatOfHead, isArchive, isPacked } from './identify.js'

export interface MemberChoice {
  /** For messages: `zip "a.zip"`. */
  readonly archive: string
  /** The member that was asked for. */
  readonly wanted: string | undefined
  /** The member that a manifest in the archive names as its image. */
  readonly named: string | undefined
}

/** Signs of tables and volumes, and of loaders up to 128 KiB. */
const HEAD_BYTES = 192 << 10
/**
 * The largest of those whose name says nothing: an image is among them, and archives of sources
 * have thousands.
 */
const MOST_EXAMINED = 256
const MOST_NAMED = 8

/** Files beside an image. */
const COMPANIONS = [
  /^(?:readme|licen[cs]e|copying|notice|changelog|changes|release[-_ ]?notes|sbom|provenance)(?:[-_.].*)?$/i,
  /^(?:md5|sha\d{1,3}|b2|check)sums?(?:\..*)?$/i,
  /\.(?:md5|sha\d{1,3}|b2|crc|sfv)(?:sums?)?(?:\.txt)?$/i,
  /\.(?:sig|asc|gpg|minisig|p7s|cms|pem|pub|crt|key|bmap|zsync|torrent|metalink|meta4)$/i,
  /\.(?:txt|md|rst|nfo|html?|pdf|rtf|docx?|json|xml|ya?ml|toml|ini|cfg|conf|log|csv|svg|png|jpe?g|gif)$/i,
  /\.(?:dtsi?|dtb|dtbo|patch|diff|sh|bat|cmd|ps1|py|exe|msi|dll|apk|c|h)$/i,
]

/**
 * What people call images, after balenaEtcher's list and Yocto's; a program may have packed them
 * once more.
 */
const IMAGE_NAME =
  /\.(?:img|image|raw|wic|sdcard|sdimg|rpi-sdimg|hddimg|dsk|iso|qcow2|simg|vdi|vhdx?|vmdk)(?:\.(?:gz|xz|zst|zstd|bz2|lzma|lz|zip))?$/i

/**
 * FormatError where none of `members` is an image, where several may be one, or where the one that
 * was asked for is not there. Reads the first 192 KiB of the members in question.
 */
export async function chooseMember<M extends ArchiveMember>(
  members: readonly M[],
  { archive, wanted, named }: MemberChoice,
): Promise<M> {
  if (wanted !== undefined) return memberCalled(members, wanted, archive)
  const byManifest = named === undefined ? undefined : members.find(({ name }) => name === named)
  if (byManifest !== undefined) return byManifest
  const inQuestion = members.filter(({ name, sizeBytes }) => sizeBytes > 0 && !isCompanion(name))
  const examined: Examined<M>[] = []
  for (const member of mostLikely(inQuestion)) examined.push(await examine(member))
  const strong = examined.filter(({ rank }) => rank === 'image')
  const candidates = strong.length > 0 ? strong : examined.filter(({ rank }) => rank === 'maybe')
  const [only] = candidates
  if (only === undefined) throw noImage(members, examined, archive)
  if (candidates.length === 1) return only.member
  throw new FormatError(
    `Cannot read image "${archive}": ${candidates.length} files in it may be the image, ${listed(candidates)}`,
    {
      hint: `Choose one: --member "${only.member.name}"`,
      details: { path: archive, found: candidates.map(({ member }) => member.name) },
    },
  )
}

function memberCalled<M extends ArchiveMember>(members: readonly M[], wanted: string, archive: string): M {
  const found = members.filter(({ name }) => name === wanted)
  if (found.length === 1) return found[0]!
  const names = members.map(({ name }) => name)
  const there = names.length === 0 ? 'nothing' : namesText(names)
  const why = found.length === 0 ? `there is no such entry, it has ${there}` : `${found.length} entries have that name`
  throw new FormatError(`Cannot read "${wanted}" of "${archive}": ${why}`)
}

/** Also what a file manager hides, and what macOS keeps beside each file. */
function isCompanion(name: string): boolean {
  const folders = name.split('/').filter((part) => part !== '' && part !== '.')
  if (folders.some((part) => part.startsWith('.') || part === '__MACOSX')) return true
  return COMPANIONS.some((pattern) => pattern.test(basename(name)))
}

function mostLikely<M extends ArchiveMember>(members: readonly M[]): M[] {
  const named = members.filter(({ name }) => IMAGE_NAME.test(name))
  const others = members.filter(({ name }) => !IMAGE_NAME.test(name)).toSorted((a, b) => b.sizeBytes - a.sizeBytes)
  return [...named, ...others.slice(0, MOST_EXAMINED)]
}

interface Examined<M> {
  readonly member: M
  readonly rank: 'image' | 'maybe' | 'none'
  /** What it is, for messages. */
  readonly what: string
}

async function examine<M extends ArchiveMember>(member: M): Promise<Examined<M>> {
  const { name, sizeBytes } = member
  const isCalledImage = IMAGE_NAME.test(name)
  const head = await member.head(HEAD_BYTES)
  if (head === undefined || head.length === 0) {
    return { member, rank: isCalledImage ? 'image' : 'none', what: 'it cannot be read' }
  }
  const format = formatOfHead(head)
  if (isPacked(format) || isArchive(format)) {
    return { member, rank: isCalledImage ? 'image' : 'maybe', what: `packed as ${format}` }
  }
  if (format !== 'raw') return { member, rank: 'image', what: format }
  const image = new ImageBuilder(Math.max(sizeBytes, head.length)).bytes(0, head).finish()
  const { evidence, foreign, unproven } = judgeImage(image, name, { isHead: true })
  if (foreign !== undefined) return { member, rank: 'none', what: foreign.what }
  if (evidence !== undefined)
    return { member, rank: evidence.kind === 'loader' ? 'maybe' : 'image', what: evidence.what }
  return { member, rank: isCalledImage ? 'image' : 'none', what: unproven?.what ?? 'without a table or volume' }
}

function noImage(
  members: readonly ArchiveMember[],
  examined: readonly Examined<ArchiveMember>[],
  archive: string,
): FormatError {
  const names = members
    .filter(({ name }) => !examined.some(({ member }) => member.name === name))
    .map(({ name }) => name)
  const there = [...examined.map(textOf), ...names.map((name) => `"${name}"`)]
  const found = there.length === 0 ? 'it holds no file' : `it holds ${namesText(there)}`
  return new FormatError(`Cannot read image "${archive}": ${found}, one image of a disk or a volume is expected`, {
    details: { path: archive },
  })
}

function listed(candidates: readonly Examined<ArchiveMember>[]): string {
  return namesText(candidates.map(textOf))
}

function textOf({ member, what }: Examined<ArchiveMember>): string {
  return `"${member.name}" (${what})`
}

function namesText(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ')
}
