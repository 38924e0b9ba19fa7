/** The files that go into the zip beside the image: those that `bundle.include` names, and all that is in the folders that it names. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { appendAll } from '../bytes/append-all.js'
import { exactStatsAt } from '../bytes/path-stats.js'
import { type ByteString, compareBytes, decodeUtf8, displayName } from '../bytes/text.js'
import type { BundleSpec } from '../config/spec.js'
import { LayoutError, type Problem } from '../errors.js'
import type { SourceFile } from '../image/extent.js'
import { problemAt, unreadable } from '../tree/payload-problem.js'
import { readSourceFile } from '../tree/raw-file.js'

export interface BundleFile {
  /** Its name in the zip. */
  readonly name: string
  readonly file: SourceFile
  /** The entry of `bundle.include` that it comes from. */
  readonly configPath: BundleSpec['include'][number]['configPath']
}

/** In the order of the config, a folder's files in bytewise order. LayoutError with all that is missing, unreadable or named twice. */
export function readBundle({ include }: Pick<BundleSpec, 'include'>): BundleFile[] {
  const reading = new BundleReading()
  for (const entry of include) reading.add(entry)
  if (reading.problems.length > 0) throw new LayoutError(reading.problems)
  return reading.files
}

type Included = BundleSpec['include'][number]

class BundleReading {
  readonly files: BundleFile[] = []
  readonly problems: Problem[] = []
  readonly #names = new Set<string>()

  add(entry: Included): void {
    this.#attempt(() => this.#any(entry, []))
  }

  /** Symlinks are followed. `above`: the folders on the way, as one may lead back to one of them. */
  #any(entry: Included, above: readonly string[]): void {
    const { path, configPath } = entry
    const status = exactStatsAt(path)
    if (status?.isDirectory() !== true) {
      this.#file(entry)
      return
    }
    const id = `${status.dev}:${status.ino}`
    if (above.includes(id)) {
      const message = `Cannot put folder "${path}" into the zip: it leads back to a folder that holds it, an end is expected`
      throw new LayoutError(problemAt(message, configPath))
    }
    this.#children(entry, [...above, id])
  }

  #children({ path, name, configPath }: Included, above: readonly string[]): void {
    for (const child of childrenOf(path, configPath)) {
      const text = decodeUtf8(child)
      if (text === undefined || text.includes('\\')) {
        const accepted = 'names in a zip are UTF-8 without backslashes'
        this.problems.push(
          problemAt(`Cannot put "${displayName(child)}" of folder "${path}" into the zip: ${accepted}`, configPath),
        )
        continue
      }
      this.#attempt(() => this.#any({ path: join(path, text), name: `${name}/${text}`, configPath }, above))
    }
  }

  #file({ path, name, configPath }: Included): void {
    const file = readSourceFile(path, configPath)
    if (this.#names.has(name)) {
      const message = `Cannot put "${path}" into the zip as ${name}: another file of the bundle has that name, every name is accepted once`
      throw new LayoutError(problemAt(message, configPath, 'Give one of them another name: { path: …, name: … }'))
    }
    this.#names.add(name)
    this.files.push({ name, file, configPath })
  }

  #attempt(step: () => void): void {
    try {
      step()
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error
      appendAll(this.problems, error.problems)
    }
  }
}

function childrenOf(path: string, configPath: Included['configPath']): ByteString[] {
  try {
    return (readdirSync(path, { encoding: 'latin1' }) as ByteString[]).sort(compareBytes)
  } catch (error) {
    throw new LayoutError(
      unreadable(`folder "${path}"`, error, 'a folder that this user can read is accepted', configPath),
    )
  }
}
