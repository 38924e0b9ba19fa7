/**
 * Paths of a volume as its own system would walk them: links are followed inside the volume, absolute ones from its root,
 * and patterns (`*`, `?`, `[…]`) stand for the names of one folder.  [path_resolution(7)]
 */
import { appendAll } from '../bytes/append-all.js'
import { type ByteString, compareBytes, displayName } from '../bytes/text.js'
import { visibleWord } from '../bytes/visible-text.js'
import { UsageError } from '../errors.js'
import type { VolumeReader } from '../filesystems/volume-reader.js'
import type { FileNode } from '../tree/file-tree.js'
import { compileGlob } from '../tree/path-glob.js'
import { volumeOf } from './lookup.js'
import type { OpenPartition } from './open-image.js'

export interface FoundNode {
  readonly node: FileNode
  /** The names under which it is found, without a link above it. */
  readonly path: readonly ByteString[]
}

/** What happens to a link that is the last name: `to-folder` follows it where it leads to a folder. */
export type LastLink = 'follow' | 'keep' | 'to-folder'

/** As Linux counts them in one path (MAXSYMLINKS). */
const MAX_LINKS = 40

/** UsageError where nothing has the path, with the part that is missing, or the link that leads nowhere or in a circle. */
export function findNode(partition: OpenPartition, path: readonly ByteString[], last: LastLink): FoundNode {
  const volume = volumeOf(partition)
  const plain = volume.find(path)
  if (plain !== undefined && (plain.type !== 'symlink' || last === 'keep')) return { node: plain, path }
  const walk = new Walk(volume, partition)
  const found = walk.to(path, last === 'follow')
  if (last !== 'to-folder' || found.node.type !== 'symlink') return found
  const behind = tryWalk(() => walk.to(path, true))
  return behind?.node.type === 'directory' ? behind : found
}

/** What a link leads to in the end, or why it leads nowhere. */
export function behindLink(
  partition: OpenPartition,
  path: readonly ByteString[],
): FoundNode | { readonly why: string } {
  try {
    return new Walk(volumeOf(partition), partition).to(path, true)
  } catch (error) {
    if (error instanceof UsageError) return { why: error.message }
    throw error
  }
}

/**
 * The nodes that a path names: one, or with patterns in it all that match, in bytewise order. A name that exists as it is
 * written is no pattern. UsageError where nothing matches.
 */
export function findNodes(partition: OpenPartition, path: readonly ByteString[], last: LastLink): readonly FoundNode[] {
  if (!path.some(isPattern) || volumeOf(partition).find(path) !== undefined) return [findNode(partition, path, last)]
  let heads: (readonly ByteString[])[] = [[]]
  for (const [index, name] of path.entries()) {
    heads = heads.flatMap((head) => {
      if (!isPattern(name))
        return index === path.length - 1 || exists(partition, [...head, name]) ? [[...head, name]] : []
      return matchesIn(partition, head, name)
    })
  }
  const found = heads.flatMap((head) => tryWalk(() => findNode(partition, head, last)) ?? [])
  if (found.length > 0) return found
  throw new UsageError(`Cannot find "${shownPath(path)}" in ${partition.view.name}: no name matches this pattern`)
}

export function isPattern(name: ByteString): boolean {
  return /[*?[]/.test(name)
}

function exists(partition: OpenPartition, path: readonly ByteString[]): boolean {
  return tryWalk(() => findNode(partition, path, 'follow')) !== undefined
}

function matchesIn(partition: OpenPartition, head: readonly ByteString[], pattern: ByteString): ByteString[][] {
  const folder = tryWalk(() => findNode(partition, head, 'follow'))
  if (folder?.node.type !== 'directory') return []
  const matches = compileGlob(Buffer.from(pattern, 'latin1').toString())
  return [...folder.node.children.keys()]
    .filter((name) => matches(name))
    .sort(compareBytes)
    .map((name) => [...head, name])
}

function tryWalk(walk: () => FoundNode): FoundNode | undefined {
  try {
    return walk()
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

class Walk {
  readonly #volume: VolumeReader
  readonly #partition: OpenPartition

  constructor(volume: VolumeReader, partition: OpenPartition) {
    this.#volume = volume
    this.#partition = partition
  }

  to(path: readonly ByteString[], followsLast: boolean): FoundNode {
    /** Names still to go, the next one last. */
    const rest = path.toReversed()
    let at: ByteString[] = []
    let node = this.#volume.find([])
    let links = 0
    /** The link that the walk is behind: it is named in errors. */
    let link: { readonly shown: string; readonly target: string } | undefined
    for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
      if (name === '..') {
        at.pop()
        node = this.#volume.find(at)
        continue
      }
      const next = this.#child(at, name)
      const child = next === undefined ? undefined : this.#volume.find(next)
      if (next === undefined || child === undefined) throw this.#missing([...at, name], link)
      if (child.type === 'symlink' && (rest.length > 0 || followsLast)) {
        link = { shown: shownPath(next), target: displayName(child.target) }
        if (++links > MAX_LINKS) {
          throw this.#refusal(
            shownPath(path),
            `"${link.shown}" (a link to "${link.target}") is part of a loop of links`,
          )
        }
        if (child.target.startsWith('/')) at = []
        const parts = child.target.split('/').filter((part) => part !== '' && part !== '.')
        appendAll(rest, (parts as ByteString[]).toReversed())
        node = this.#volume.find(at)
        continue
      }
      if (child.type !== 'directory' && rest.length > 0) {
        throw this.#refusal(shownPath(next), `it is a ${child.type}, a folder is expected`)
      }
      at = next
      node = child
    }
    if (node === undefined) throw this.#missing(at, link)
    return { node, path: at }
  }

  /** The path of a name in a folder; also of one that is written as `ls` shows it (`\xNN`, `\u{NNNN}`). */
  #child(folder: readonly ByteString[], name: ByteString): ByteString[] | undefined {
    if (this.#volume.find([...folder, name]) !== undefined) return [...folder, name]
    const node = this.#volume.find(folder)
    if (node?.type !== 'directory') return undefined
    const shown = visibleWord(displayName(name))
    const known = [...node.children.keys()].find((each) => visibleWord(displayName(each)) === shown)
    return known === undefined ? undefined : [...folder, known]
  }

  #missing(
    path: readonly ByteString[],
    link: { readonly shown: string; readonly target: string } | undefined,
  ): UsageError {
    const why =
      link === undefined
        ? 'there is nothing of that name'
        : `there is nothing of that name, to which the link "${link.shown}" to "${link.target}" leads`
    return this.#refusal(shownPath(path), why)
  }

  #refusal(shown: string, why: string): UsageError {
    return new UsageError(`Cannot find "${shown}" in ${this.#partition.view.name}: ${why}`)
  }
}

function shownPath(path: readonly ByteString[]): string {
  return `/${path.map(displayName).join('/')}`
}
