/**
 * `IMAGE`, `IMAGE:2`, `IMAGE:root`, `IMAGE:2:/etc/fstab`, `IMAGE:root:/etc/fstab`, `IMAGE:/etc/fstab`: where something stands.
 * Every part may hold colons itself, so nothing is cut by looks: the image is what exists on the host, the partition what
 * exists in its table, and the rest is the path. What can be read in two ways is refused.
 */
import { type ByteString, byteString } from '../bytes/text.js'
import { IoError, UsageError } from '../errors.js'

export interface Target {
  /** Path of the image on the host. */
  readonly image: string
  /** What stands behind the image and its colon; undefined where nothing does. */
  readonly rest?: string
}

/** Cuts the image off. `exists` asks the host. IoError where no reading has an image, UsageError where more than one has. */
export function parseTarget(text: string, exists: (path: string) => boolean): Target {
  const readings = readingsOf(text).filter(({ image }) => exists(image))
  if (readings.length === 1) return readings[0]!
  if (readings.length > 1) {
    const images = readings.map(({ image }) => `"${image}"`).join(' and ')
    throw new UsageError(`Cannot tell what "${text}" means: ${images} are both there, one of them is accepted`, {
      hint: 'Rename one, or give the other by another path.',
    })
  }
  throw new IoError(`Cannot open "${text}": there is no such image`, { hint: FORMS, details: { path: text } })
}

const FORMS = 'Accepted are IMAGE, IMAGE:PARTITION, IMAGE:PARTITION:/PATH and IMAGE:/PATH.'

/** The whole text as an image, and every colon as the end of one. */
function readingsOf(text: string): Target[] {
  const readings: Target[] = [{ image: text }]
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    if (at > 0) readings.push({ image: text.slice(0, at), rest: text.slice(at + 1) })
  }
  return readings
}

/** What a partition can be called by. */
export interface Choice {
  /** Undefined: the volume of a disk without a table. */
  readonly number?: number | undefined
  readonly name: string
  readonly label?: string | undefined
}

export interface Place<C extends Choice> {
  /** Undefined where only the image was named, or a path on a disk of one volume. */
  readonly partition?: C
  /** Undefined where none was given. */
  readonly path?: readonly ByteString[]
}

/**
 * What the text behind the image means on a disk with these partitions: by number, by name, or by the label of the volume,
 * in that order. `text`: the whole target, for messages. UsageError where nothing is called so, or several are.
 */
export function resolvePlace<C extends Choice>(
  rest: string | undefined,
  choices: readonly C[],
  text: string,
): Place<C> {
  if (rest === undefined || rest === '') return {}
  if (rest.startsWith('/')) return { path: parsePath(rest, text) }
  const readable = (each: readonly Head[]) =>
    each.flatMap(({ head, tail }) => {
      const found = choose(head, choices)
      return found.length === 0 ? [] : [{ head, tail, found }]
    })
  const strict = readable(heads(rest))
  // `root:etc/hostname`: a path without its slash begins at the root of the volume, too.
  const readings = strict.length > 0 ? strict : readable(headsBefore(rest, ':'))
  const reading = readings[0]
  if (reading === undefined) {
    const [first] = headsBefore(rest, ':').slice(-1)
    throw unknownPartition(first?.head ?? rest, choices, text)
  }
  if (readings.length > 1) {
    throw new UsageError(
      `Cannot tell what "${text}" means: partitions "${reading.head}" and "${readings[1]!.head}" are both there`,
      { hint: 'Give the number of the partition.' },
    )
  }
  if (reading.found.length > 1) {
    const numbers = reading.found.map(({ number }) => number).join(', ')
    throw new UsageError(`Cannot tell what "${text}" means: partitions ${numbers} are all called "${reading.head}"`, {
      hint: 'Give the number of the partition.',
    })
  }
  const partition = reading.found[0]!
  return reading.tail === undefined ? { partition } : { partition, path: parsePath(reading.tail, text) }
}

/** The whole text as a name, and every colon before a slash as the end of one; longest first. */
function heads(rest: string): Head[] {
  return [{ head: rest }, ...headsBefore(rest, ':/')]
}

interface Head {
  readonly head: string
  readonly tail?: string
}

function headsBefore(rest: string, separator: ':' | ':/'): Required<Head>[] {
  const found: Required<Head>[] = []
  for (let at = rest.lastIndexOf(separator); at > 0; at = rest.lastIndexOf(separator, at - 1)) {
    found.push({ head: rest.slice(0, at), tail: rest.slice(at + 1) })
  }
  return found
}

function choose<C extends Choice>(head: string, choices: readonly C[]): readonly C[] {
  const byNumber = /^[0-9]+$/.test(head) ? choices.filter(({ number }) => number === Number(head)) : []
  if (byNumber.length > 0) return byNumber
  const byName = choices.filter(({ name }) => name !== '' && name === head)
  return byName.length > 0 ? byName : choices.filter(({ label }) => label !== undefined && label === head)
}

function unknownPartition(head: string, choices: readonly Choice[], text: string): UsageError {
  const known = choices.map(({ number, name, label }) => {
    const called = name === '' ? label : name
    return number === undefined ? '' : called ? `${number} "${called}"` : String(number)
  })
  const there = known.filter((word) => word !== '')
  return new UsageError(
    `Cannot find partition "${head}" of "${text}": ${there.length === 0 ? 'the disk has no partition table' : `there are ${there.join(', ')}`}`,
    { hint: FORMS },
  )
}

/** Names from the root. `.` and empty ones say nothing, and `..` is refused, since behind a link it could mean two folders. */
export function parsePath(path: string, text: string): readonly ByteString[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) {
    throw new UsageError(`Cannot use path "${path}" of "${text}": ".." is not accepted`, {
      hint: 'Write the path from the root of the volume',
    })
  }
  return names.map(byteString)
}
