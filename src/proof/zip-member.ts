/**
 * One small entry of a bundle in a file, found by its directory: the manifest, ahead of the pass that checks everything.
 * Whatever is not as expected gives undefined; the pass then finds out and tells what it is.
 */
import { readSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import {
  CentralDirectoryHeader,
  EndOfCentralDirectory,
  LocalFileHeader,
  OVERFLOW_32,
  SIGNATURE,
} from '../archives/zip/disklayout.js'

/** Of a bundle of 100,000 files, with room to spare. */
const MAX_DIRECTORY_BYTES = 64 << 20

export function readZipMember(fd: number, archiveBytes: number, name: string, maxBytes: number): Buffer | undefined {
  try {
    const directory = readCentralDirectory(fd, archiveBytes)
    for (let at = 0; directory !== undefined && at + CentralDirectoryHeader.SIZE <= directory.length; ) {
      const header = CentralDirectoryHeader.decode(directory, at)
      const nameAt = at + CentralDirectoryHeader.SIZE
      if (header.signature !== SIGNATURE.centralDirectoryHeader) return undefined
      const found = directory.toString('utf8', nameAt, nameAt + header.file_name_length)
      if (found === name) return readMember(fd, header, archiveBytes, maxBytes)
      at = nameAt + header.file_name_length + header.extra_field_length + header.file_comment_length
    }
  } catch {
    // A damaged archive: the pass over it says where and how.
  }
  return undefined
}

function readCentralDirectory(fd: number, archiveBytes: number): Buffer | undefined {
  const end = EndOfCentralDirectory.decode(
    readAt(fd, archiveBytes - EndOfCentralDirectory.SIZE, EndOfCentralDirectory.SIZE),
  )
  const { offset_of_central_directory: offset, size_of_central_directory: size } = end
  const here =
    end.signature === SIGNATURE.endOfCentralDirectory && offset !== OVERFLOW_32 && size <= MAX_DIRECTORY_BYTES
  return here ? readAt(fd, offset, size) : undefined
}

function readMember(
  fd: number,
  { relative_offset_of_local_header: offset, compressed_size: size }: ReturnType<typeof CentralDirectoryHeader.decode>,
  archiveBytes: number,
  maxOutputLength: number,
): Buffer | undefined {
  if (offset === OVERFLOW_32 || size > maxOutputLength || offset + size > archiveBytes) return undefined
  const local = LocalFileHeader.decode(readAt(fd, offset, LocalFileHeader.SIZE))
  const contentAt = offset + LocalFileHeader.SIZE + local.file_name_length + local.extra_field_length
  return inflateRawSync(readAt(fd, contentAt, size), { maxOutputLength })
}

function readAt(fd: number, position: number, length: number): Buffer {
  const target = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const count = readSync(fd, target, done, length - done, position + done)
    if (count === 0) throw new Error(`the file ends at byte ${position + done}`)
    done += count
  }
  return target
}
