import { leaf, refuseUnprintable, text } from '../../schema/leaf.js'
import { Refusal } from '../../schema/refusal.js'

/** NAME_MAX of Linux. */
const MAX_NAME_BYTES = 255

/** A file name without folders. */
export function plainFileName() {
  return text((value) => {
    const accepted = 'accepted is a plain file name'
    if (value === '.' || value === '..') return new Refusal(`"${value}" is a folder`, accepted)
    if (/[/\\]/.test(value)) return new Refusal(`"${value}" holds a folder`, accepted, '--out chooses the folder')
    return tooLong(value)
  })
}

/** A relative path with `/`, without `.` and `..`: an entry of a zip that no tool refuses to unpack. */
export function zipEntryName() {
  return text((value) => {
    const accepted = 'accepted is a relative path such as tools/flash.sh'
    if (value.includes('\\')) return new Refusal(`"${value}" holds a backslash`, accepted)
    const parts = value.split('/')
    if (parts.some((part) => part === '' || part === '.' || part === '..'))
      return new Refusal(`"${value}" is no name in a zip`, accepted)
    return parts.map(tooLong).find((refusal) => refusal !== undefined)
  })
}

/** A path inside a volume, with or without the slash before it; gives it without (`etc/hostname`; the root is ''). */
export function volumePath() {
  return leaf(
    (value): string | Refusal => {
      const names = value.split('/').filter((name) => name !== '' && name !== '.')
      const outside = names.includes('..')
        ? new Refusal(`"${value}" leads out of the volume`, 'accepted is a path such as /etc/hostname, without ".."')
        : undefined
      return refuseUnprintable(value) ?? outside ?? names.map(tooLong).find(Boolean) ?? names.join('/')
    },
    { type: 'string' },
  )
}

function tooLong(name: string): Refusal | undefined {
  const bytes = Buffer.byteLength(name)
  return bytes > MAX_NAME_BYTES
    ? new Refusal(`it has ${bytes} bytes`, `at most ${MAX_NAME_BYTES} are accepted`)
    : undefined
}
