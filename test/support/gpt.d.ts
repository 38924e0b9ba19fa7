/** The parts of the `gpt` package (3.0.0, without types of its own) that the tests use. */
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
    parseBackup(buffer: Buffer, offset?: number): GPT
    verify(): boolean
    guid: string
    currentLBA: bigint
    backupLBA: bigint
    tableOffset: bigint
    partitions: Partition[]
  }
  export = GPT
}
