/** A zip of a sparse disk against the files that went in, by Python's zipfile: its content and its CRCs. */

const COMPARE = `
import os, sys, zipfile
CHUNK = 1 << 20
def is_zero(file, at, size):
    try: return os.lseek(file, at, os.SEEK_DATA) >= at + size
    except OSError: return True
archive, *folders = sys.argv[1:]
zeros = bytes(CHUNK)
OWN = ("manifest.json", "SHA256SUMS")
with zipfile.ZipFile(archive) as opened:
    print("\\n".join(info.filename for info in opened.infolist()))
    for info in opened.infolist():
        if info.filename in OWN: continue
        path = next(path for folder in folders if os.path.exists(path := os.path.join(folder, info.filename)))
        if os.path.getsize(path) != info.file_size: sys.exit(f"{info.filename}: {info.file_size} bytes")
        file, at = os.open(path, os.O_RDONLY), 0
        with opened.open(info) as stream:
            while part := stream.read(CHUNK):
                same = zeros[:len(part)] if is_zero(file, at, len(part)) else os.pread(file, len(part), at)
                if part != same: sys.exit(f"{info.filename}: differs after byte {at}")
                at += len(part)
        if at != info.file_size: sys.exit(f"{info.filename}: ends at {at}")
`

/**
 * The command that prints the entries of `zip` in order and fails with the place where one differs from the file of its
 * name in the first of `folders` that has it; holes of the files are not read. The manifest and the sums inside a zip are
 * left out: they are its own, since they cannot hold the zip's sum.
 */
export function compareZipCommand(zip: string, folders: string[]): string[] {
  return ['python3', '-c', COMPARE, zip, ...folders]
}
