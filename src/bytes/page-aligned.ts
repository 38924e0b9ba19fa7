/** The part of the WebAssembly interface that is used here; Node's own types leave it to the browser's library. */
declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => { readonly buffer: SharedArrayBuffer }
}

const WASM_PAGE_BYTES = 65536

/**
 * Zeroed memory that begins at a page, as direct I/O wants it, and that threads can share. A WebAssembly memory is the one
 * allocation in JavaScript with that promise. Pages are taken from the machine when they are first touched.
 */
export function pageAlignedMemory(sizeBytes: number): SharedArrayBuffer {
  const pages = Math.ceil(sizeBytes / WASM_PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
}
