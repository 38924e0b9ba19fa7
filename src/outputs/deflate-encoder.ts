/**
 * libdeflate, compiled to WebAssembly: its output depends on no processor and no library of the machine, where Node's zlib
 * hashes with what the processor offers and Debian's Node links another zlib altogether. Loaded when first needed.
 */

export interface DeflateEncoder {
  /** A complete deflate stream. `level` 1 to 12; level 5 is denser than zlib's 6 in half of its time. */
  deflate(bytes: Uint8Array, level: number): Uint8Array
}

let loading: Promise<DeflateEncoder> | undefined

export function loadDeflateEncoder(): Promise<DeflateEncoder> {
  loading ??= import('libdeflate').then(({ deflate }) => {
    withoutNewListeners(() => deflate(new Uint8Array(1), 1))
    return { deflate }
  })
  return loading
}

/** Emscripten's start listens for errors that nobody has caught, only to throw them again: Node tells them better. */
const ERROR_EVENTS = ['uncaughtException', 'unhandledRejection']

function withoutNewListeners(start: () => void): void {
  const before = ERROR_EVENTS.map((event) => new Set(process.rawListeners(event)))
  start()
  ERROR_EVENTS.forEach((event, index) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[index]!.has(listener)) process.off(event, listener as () => void)
    }
  })
}
