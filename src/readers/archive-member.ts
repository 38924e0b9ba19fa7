/**
 * A file in an archive, as far as finding the image asks: its name, its size and its first bytes.
 */
export interface ArchiveMember {
  readonly name: string
  readonly sizeBytes: number
  /**
   * The first bytes, `length` of them or all; undefined where they cannot be read, which reading
   * the whole then explains.
   */
  head(length: number): Promise<Uint8Array | undefined>
}
