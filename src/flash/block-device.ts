/** What flashing asks of a device; `open-device.ts` is the real one, tests wrap it to make it fail. */
export interface BlockDevice {
  readonly path: string
  readonly sizeBytes: number
  /** Offsets, lengths and nothing less: writes and reads are whole sectors from page-aligned memory. */
  readonly sectorBytes: number
  /** IoError with path, byte offset and errno. `bytes` is lent until the promise settles. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Makes zeros that read back as zeros, whatever the device thinks of discards. */
  zero(offset: number, length: number): Promise<void>
  /** Fills `target` from the medium, not from a cache of this machine. */
  read(offset: number, target: Uint8Array): Promise<void>
  /** Everything written so far is on the medium when this settles. */
  flush(): Promise<void>
  close(): Promise<void>
}
