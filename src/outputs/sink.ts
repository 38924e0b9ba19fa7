/** What takes an image and makes an output of it. Every sink is fed from the one pass that `weave` makes. */
export interface ImageSink {
  /** Whether it needs each window for a moment only, to write it, to copy it, or to be done with it at once: few are then under way. */
  readonly isBrief?: boolean
  /**
   * Bytes of the image from `offset` on; ascending, called without waiting for the call before. `bytes` is lent until the
   * promise settles. Between two windows stand zeros, unspecified space, or a fill of which `fill` told.
   */
  window(offset: number, bytes: Uint8Array): Promise<void>
  /** A span of a byte other than zero. */
  fill(offset: number, length: number, byte: number): Promise<void>
  /** Everything was given. The output stands complete under its temporary name when this settles. */
  finish(): Promise<void>
}

/** A sink over a file (or several) of its own, staged by whoever made it. */
export interface FileSink extends ImageSink {
  /** After `finish`: SHA-256 of the file, lower-case hexadecimal, where it was made while the file was written. */
  readonly sha256?: string | undefined
  /** Lets the file go, complete or not; safe to call twice, and after `finish`. */
  close(): Promise<void>
}
