/** The parts that are used of packages without types of their own: gpt 3.0.0, ext2fs 4.2.5, fatfs 0.10.8. */
declare module 'gpt' {
  interface Partition {
    type: string
    guid: string
    name: string
    firstLBA: bigint
    lastLBA: bigint
    attr: bigint
  }
  class GPT {
    constructor(options?: { blockSize?: number })
    static parse(buffer: Buffer, offset?: number): GPT
    parse(buffer: Buffer, offset?: number): GPT
    parseBackup(buffer: Buffer, offset?: number): GPT
    parseHeader(buffer: Buffer, offset?: number): GPT
    parseTable(buffer: Buffer, offset?: number, end?: number): GPT
    verify(): boolean
    guid: string
    currentLBA: bigint
    backupLBA: bigint
    tableOffset: bigint
    entries: number
    entrySize: number
    partitions: Partition[]
  }
  export = GPT
}

declare module 'ext2fs' {
  export interface Disk {
    getCapacity(): Promise<number>
    read(
      buffer: Uint8Array,
      bufferOffset: number,
      length: number,
      fileOffset: number,
    ): Promise<{ bytesRead: number; buffer: Uint8Array }>
    write(
      buffer: Uint8Array,
      bufferOffset: number,
      length: number,
    ): Promise<{ bytesWritten: number; buffer: Uint8Array }>
    discard(): Promise<void>
    flush(): Promise<void>
  }
  export interface Stats {
    mode: number
    size: number
    nlink: number
    uid: number
    gid: number
    isDirectory(): boolean
    isFile(): boolean
    isSymbolicLink(): boolean
  }
  export interface FileHandle {
    read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
    close(): Promise<void>
  }
  export interface FileSystem {
    readdir(path: string): Promise<string[]>
    lstat(path: string): Promise<Stats>
    readlink(path: string): Promise<string>
    open(path: string, flags: 'r'): Promise<FileHandle>
  }
  const ext2fs: {
    withMountedDisk<T>(disk: Disk, offset: number, use: (mounted: { promises: FileSystem }) => Promise<T>): Promise<T>
  }
  // biome-ignore lint/style/noDefaultExport: as the package has it
  export default ext2fs
}

declare module 'fatfs' {
  export interface Driver {
    sectorSize: number
    numSectors: number
    readSectors(index: number, target: Uint8Array, callback: (error: Error | null) => void): void
  }
  export interface Stats {
    size: number
    isDirectory(): boolean
  }
  export type Callback<T> = (error: (Error & { code?: string }) | null, result: T) => void
  export interface FileSystem {
    readdir(path: string, callback: Callback<string[]>): void
    stat(path: string, callback: Callback<Stats>): void
    readFile(path: string, callback: Callback<Uint8Array>): void
  }
  const fatfs: { createFileSystem(driver: Driver): FileSystem }
  // biome-ignore lint/style/noDefaultExport: as the package has it
  export default fatfs
}
