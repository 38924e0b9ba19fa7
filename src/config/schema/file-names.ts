import { Refusal } from '../refusal.js'
import { text } from './leaf.js'

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

function tooLong(name: string): Refusal | undefined {
  const bytes = Buffer.byteLength(name)
  return bytes > MAX_NAME_BYTES
    ? new Refusal(`it has ${bytes} bytes`, `at most ${MAX_NAME_BYTES} are accepted`)
    : undefined
}
