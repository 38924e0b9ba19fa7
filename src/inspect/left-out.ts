/** What an extraction could not make or keep: counted, and told once for each kind. */
import type { Warning } from '../errors.js'

const KINDS = {
  owners: {
    what: (count: number) => `the owners of ${count} ${count === 1 ? 'entry were' : 'entries were'} not kept`,
    hint: 'Only root can give files away; --tar keeps owners without root.',
  },
  'set-id': {
    what: (count: number) =>
      `the setuid and setgid bits of ${count} ${count === 1 ? 'entry were' : 'entries were'} not kept`,
    hint: 'They would speak for another owner here; --tar keeps them.',
  },
  devices: {
    what: (count: number) => `${count} ${count === 1 ? 'device was' : 'devices were'} not made`,
    hint: 'Only root can make devices; --tar keeps them without root.',
  },
  fifos: { what: (count: number) => `${count} ${count === 1 ? 'fifo was' : 'fifos were'} not made`, hint: undefined },
  sockets: {
    what: (count: number) => `${count} ${count === 1 ? 'socket was' : 'sockets were'} not made`,
    hint: 'A socket lives with the program that opened it.',
  },
  xattrs: {
    what: (count: number) => `extended attributes of ${count} ${count === 1 ? 'entry were' : 'entries were'} not kept`,
    hint: 'setfattr (package attr) sets them; those of system and security take root, and --tar keeps all of them.',
  },
} as const

export class LeftOut {
  readonly #counts = new Map<keyof typeof KINDS, number>()

  add(kind: keyof typeof KINDS, count = 1): void {
    if (count > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count)
  }

  notes(): Warning[] {
    return [...this.#counts].map(([kind, count]) => {
      const { what, hint } = KINDS[kind]
      return { finding: `extract-${kind}` as const, message: what(count), ...(hint !== undefined && { hint }) }
    })
  }
}
