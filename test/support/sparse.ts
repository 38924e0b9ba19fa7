/** Big sparse files, handled by their data only (node:fs knows no SEEK_DATA; Python does). */
import { tool } from './oracle.js'

const COPY = `
import os, sys
source, target, offset, length = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
fd, out = os.open(source, os.O_RDONLY), os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
os.ftruncate(out, length)
at, end = offset, offset + length
while at < end:
    try: at = os.lseek(fd, at, os.SEEK_DATA)
    except OSError: break
    hole = min(os.lseek(fd, at, os.SEEK_HOLE), end)
    while at < hole:
        part = os.pread(fd, min(1 << 20, hole - at), at)
        os.pwrite(out, part, at - offset)
        at += len(part)
`

/** The stretch [offset, offset + length) of a file as a file of its own, holes kept. */
export function copyRange(source: string, target: string, offset: number, length: number): void {
  tool('python3', '-c', COPY, source, target, String(offset), String(length))
}

const COMPARE = `
import os, sys
CHUNK = 1 << 16
def chunks(path):
    fd = os.open(path, os.O_RDONLY); at = 0
    while True:
        try: data = os.lseek(fd, at, os.SEEK_DATA)
        except OSError: return
        at = os.lseek(fd, data, os.SEEK_HOLE)
        yield from range(data - data % CHUNK, at, CHUNK)
a, b = sys.argv[1], sys.argv[2]
if os.path.getsize(a) != os.path.getsize(b): sys.exit(f"sizes differ: {os.path.getsize(a)} and {os.path.getsize(b)}")
with open(a, "rb", 0) as fa, open(b, "rb", 0) as fb:
    for at in sorted(set(chunks(a)) | set(chunks(b))):
        fa.seek(at); fb.seek(at)
        if fa.read(CHUNK) != fb.read(CHUNK): sys.exit(f"differ in the 64 KiB from byte {at}")
`

/** Throws with the place where two sparse files differ; reads only what either has as data. */
export function assertSameSparse(a: string, b: string): void {
  tool('python3', '-c', COMPARE, a, b)
}
