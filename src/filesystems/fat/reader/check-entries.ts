/** The entries of one directory, by themselves and against each other.  [FATGEN §6] */
import type { Findings } from '../../../bytes/findings.js'
import { displayName } from '../../../bytes/text.js'
import type { Directory, DirectoryPlace, FatEntry, SpecialEntry } from './read-directory.js'
import { foldAscii } from './read-tree.js'

type Say = (
  at: Pick<SpecialEntry, 'slot' | 'offset'>,
  field: string,
  found: number | string,
  expected: string,
  isHarmless?: true,
) => void

/** The upper two bits of DIR_Attr are reserved. */
const RESERVED_ATTRIBUTES = 0xc0
/** In a base or extension, besides the blanks that fill it. */
const SHORT_NAME = /^[A-Z0-9!#$%&'()@^_`{}~\x80-\xff-][A-Z0-9!#$%&'()@^_`{}~ \x80-\xff-]*$/
/** The same with what readers take as well: lower case, blanks only at the end. */
const READABLE = /^[A-Za-z0-9!#$%&'()@^_`{}~+,;=[\]\x80-\xff-]+ *$/
const READABLE_EXTENSION = /^[A-Za-z0-9!#$%&'()@^_`{}~+,;=[\]\x80-\xff-]* *$/
/** Where OS/2 keeps extended attributes: the one name with blanks within. */
const OS2_ATTRIBUTES = 'EA DATA  SF'
const ESCAPED = /^\x05/

export function checkEntries(
  place: DirectoryPlace,
  parent: DirectoryPlace | undefined,
  directory: Directory,
  findings: Findings,
): void {
  const { structure } = place.owner
  const say: Say = ({ slot, offset }, field, found, expected, isHarmless) =>
    findings.add({
      structure,
      offset,
      field: `${field} of slot ${slot}`,
      found,
      expected,
      ...(isHarmless && { isHarmless }),
    })
  findings.addAll(directory.unnamed)
  checkDots(place, parent, directory, say)
  checkLabels(parent === undefined, directory, say)
  for (const entry of directory.entries) checkEntry(entry, say)
  checkNames(directory.entries, say)
  const [behind] = directory.slotsBehindEnd
  if (behind !== undefined) {
    const found = `the first of ${directory.slotsBehindEnd.length} in use`
    findings.add({
      structure,
      offset: place.owner.offset,
      field: `slot ${behind}`,
      found,
      expected: 'zeros behind the last entry',
    })
  }
}

/** `.` and `..` are the first two slots of every directory but the root. */
function checkDots(
  { firstCluster, owner }: DirectoryPlace,
  parent: DirectoryPlace | undefined,
  { dots, entries }: Directory,
  say: Say,
): void {
  const places = parent === undefined ? [] : dotsOf(firstCluster, parent)
  for (const dot of dots) {
    const name = dot.shortName.trimEnd()
    const expected = places[dot.slot]
    if (expected?.name !== name)
      say(dot, 'DIR_Name', `"${name}"`, expected === undefined ? 'another name' : `"${expected.name}"`)
    else if (!dot.isDirectory) say(dot, 'DIR_Attr', dot.record.DIR_Attr, 'the attribute of a directory')
    else if (dot.firstCluster !== expected.cluster) say(dot, 'DIR_FstClus', dot.firstCluster, String(expected.cluster))
  }
  for (const [slot, { name }] of places.entries()) {
    if (dots.some((dot) => dot.slot === slot)) continue
    const first = entries.find((entry) => entry.slot === slot)
    const found = first === undefined ? 'no entry' : `"${first.shortName.trimEnd()}"`
    say(first ?? { slot, offset: owner.offset }, 'DIR_Name', found, `"${name}"`)
  }
}

/** The root is cluster 0 for its children, on FAT32, too.  [FATGEN §6.5] */
function dotsOf(firstCluster: number, parent: DirectoryPlace): { name: string; cluster: number }[] {
  return [
    { name: '.', cluster: firstCluster },
    { name: '..', cluster: parent.path === '' ? 0 : parent.firstCluster },
  ]
}

function checkLabels(isRoot: boolean, { labels }: Directory, say: Say): void {
  for (const [index, label] of labels.entries()) {
    if (!isRoot) say(label, 'DIR_Attr', 'that of a volume label', 'none but in the root directory')
    else if (index > 0)
      say(label, 'DIR_Attr', 'that of a volume label', `one label, and slot ${labels[0]!.slot} is it,`)
    if (LABEL_DAMAGE.test(label.shortName)) {
      say(
        label,
        'DIR_Name',
        JSON.stringify(label.shortName),
        'a label without control characters and * ? . , ; : / \\ | + = < > [ ] "',
      )
    }
    if (label.firstCluster !== 0) say(label, 'DIR_FstClus', label.firstCluster, '0')
  }
}

function checkEntry(entry: FatEntry, say: Say): void {
  const { record, shortName, isDirectory } = entry
  if (isDirectory && record.DIR_FileSize !== 0)
    say(entry, 'DIR_FileSize', record.DIR_FileSize, '0, since it is a directory,')
  if ((record.DIR_Attr & RESERVED_ATTRIBUTES) !== 0) {
    say(entry, 'DIR_Attr', `0x${record.DIR_Attr.toString(16)}`, 'no reserved bits', true)
  }
  const base = shortName.slice(0, 8).replace(ESCAPED, '\xe5')
  const extension = shortName.slice(8)
  if (!SHORT_NAME.test(base) || !(extension.trimEnd() === '' || SHORT_NAME.test(extension))) {
    // Every reader shows characters that long names may hold; OS/2 and old cameras write them. Others are damage.
    const isReadable = shortName === OS2_ATTRIBUTES || (READABLE.test(base) && READABLE_EXTENSION.test(extension))
    const expected = 'upper case letters, digits and what 8.3 names may hold'
    say(entry, 'DIR_Name', JSON.stringify(shortName), expected, isReadable ? true : undefined)
  }
}

/** As fsck.fat and mlabel take labels. */
const LABEL_DAMAGE = /[*?.,;:/\\|+=<>[\]"\x00-\x04\x06-\x1f\x7f]/

/** Names that ASCII's case alone tells apart are one for every reader; beyond ASCII, readers differ. */
function checkNames(entries: readonly FatEntry[], say: Say): void {
  const shortNames = new Map<string, FatEntry>()
  const names = new Map<string, FatEntry>()
  for (const entry of entries) {
    const folded = foldAscii(entry.name)
    const sameShort = shortNames.get(entry.shortName)
    const same = names.get(folded)
    if (sameShort !== undefined)
      say(entry, 'DIR_Name', `"${entry.shortName}"`, `another name than that in slot ${sameShort.slot}`)
    else if (same !== undefined)
      say(entry, 'LDIR_Name', `"${displayName(entry.name)}"`, `another name than that in slot ${same.slot}`)
    shortNames.set(entry.shortName, entry)
    names.set(folded, entry)
  }
}
