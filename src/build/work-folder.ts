/** A folder for large temporary files that a build makes before it has an output folder. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { IoError, systemReason } from '../errors.js'
import { isRunning } from '../outputs/output-folder.js'

/** The namespace that process ids are of, the process, and what mkdtemp adds. */
const NAME = /^\.diskloom\.(\d+)\.(\d+)\.\w+$/

export class WorkFolder {
  readonly #parent: string
  #path: string | undefined

  constructor(parent: string) {
    this.#parent = parent
  }

  /** Makes it at the first call, and removes those of builds that were killed. */
  path(): string {
    if (this.#path === undefined) {
      removeAbandoned(this.#parent)
      try {
        this.#path = mkdtempSync(join(this.#parent, `.diskloom.${pidNamespace()}.${process.pid}.`))
      } catch (error) {
        const message = `Cannot make a temporary folder in "${this.#parent}": ${systemReason(error)}`
        throw new IoError(message, { hint: 'TMPDIR chooses another folder', cause: error })
      }
    }
    return this.#path
  }

  /** Idempotent. */
  release(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
    this.#path = undefined
  }
}

function removeAbandoned(parent: string): void {
  const ours = pidNamespace()
  for (const name of readdirSync(parent)) {
    const [, namespace, pid] = NAME.exec(name) ?? []
    // A process of another container has a number that says nothing here.
    if (namespace !== ours || Number(pid) === process.pid || isRunning(Number(pid))) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // Somebody else's: they will do it.
    }
  }
}

/** `pid:[4026531836]` → its number. */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}
