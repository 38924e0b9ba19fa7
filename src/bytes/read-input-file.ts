/**
 * Reads a file that a config or a command line names and that is taken into memory whole: a config, a device tree, a key.
 * A device or a fifo at such a path would never end, or wait for a writer for ever.
 */
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'

/** Far more than any of these files has. */
const MOST_BYTES = 256 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024
/** A pipe that this process was given open: standard input, and what a shell makes of <(COMMAND). */
const OWN_PIPES = /^\/(?:dev\/(?:stdin$|fd\/)|proc\/self\/fd\/)/

/** An error like those of node:fs, whose message says what the file is and what is accepted. */
class InputFileError extends Error {
  readonly code: 'ENOTREGULAR' | 'ETOOLARGE'

  constructor(code: InputFileError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/** Throws what node:fs throws, and an error with a code for what is no regular file, or has no end. */
export function readInputFile(path: string, mostBytes: number = MOST_BYTES): Buffer {
  // Before it is opened: opening a fifo waits for its writer.
  assertReadable(path, statSync(path))
  const fd = openSync(path, 'r')
  try {
    assertReadable(path, fstatSync(fd))
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = readSync(fd, chunk)
      if (count === 0) return Buffer.concat(chunks, sizeBytes)
      sizeBytes += count
      if (sizeBytes > mostBytes) {
        throw new InputFileError('ETOOLARGE', `it has more than ${mostBytes} bytes, which no such file has`)
      }
      chunks.push(chunk.subarray(0, count))
    }
  } finally {
    closeSync(fd)
  }
}

function assertReadable(path: string, status: Stats): void {
  // A folder is what the system says that it is.
  if (status.isFile() || status.isDirectory() || (status.isFIFO() && OWN_PIPES.test(path))) return
  const what = status.isFIFO()
    ? 'a fifo'
    : status.isSocket()
      ? 'a socket'
      : status.isBlockDevice()
        ? 'a block device'
        : 'a character device'
  throw new InputFileError('ENOTREGULAR', `it is ${what}, a regular file is accepted`)
}
