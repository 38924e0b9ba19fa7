import type { FileHandle } from 'node:fs/promises'
import { writeError } from './write-error.js'

/** Writes `pieces` end to end from byte `position` of the file on. Throws IoError with the place. */
export async function writePieces(
  handle: FileHandle,
  path: string,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const end = pieces.reduce((total, { length }) => total + length, position)
  let rest = pieces
  for (let at = position; at < end; ) {
    try {
      const { bytesWritten } = await handle.writev(rest, at)
      at += bytesWritten
      rest = withoutStart(rest, bytesWritten)
    } catch (error) {
      throw writeError(path, error, { offset: at, sizeBytes: end })
    }
  }
}

function withoutStart(pieces: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  let done = length
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]!
    if (done < piece.length) return [piece.subarray(done), ...pieces.slice(index + 1)]
    done -= piece.length
  }
  return []
}
