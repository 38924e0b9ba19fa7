/**
 * Where files have data, as their file systems know it: a hole then costs nothing, however long it is. Node has no way to
 * call lseek with SEEK_DATA and SEEK_HOLE. Perl has (its sysseek passes any `whence` on), and Debian's perl-base is
 * essential, so it is there wherever dpkg is. FIEMAP, which filefrag shows, is not asked: it knows nothing of tmpfs, and
 * extents that are unwritten, delayed or inline are data to it or not by rules of each file system; lseek answers what a
 * reader would see. st_blocks is not believed either: some file systems say 0 of files that have data.  [lseek(2)]
 */
import type { CommandRunner } from './command-runner.js'
import type { ByteRange } from './data-ranges.js'

export interface HollowFile {
  /** Absolute, or relative to the working folder. */
  readonly path: string | Buffer
  readonly sizeBytes: number
}

/**
 * From this many bytes of holes on perl is asked. Reading a hole directly costs 0.03 s for each GiB; a program costs 10 to
 * 40 ms.
 */
export const WORTH_ASKING_BYTES = 2 ** 30

const NUL = Buffer.of(0)
const COMPLETE = 'end'
const LINE = /^(\d+) (\d+) (\d+|end)$/

/**
 * A line for each stretch of data: the number of the file, its start, its end. ENXIO (6 on every Linux) says that there is no
 * more; the line with `end` states the length up to which the lines before it are all.
 */
const PROGRAM = `
use strict; use warnings; use Fcntl;
local $/ = "\\0"; my $number = 0;
while (my $path = <STDIN>) {
  chomp $path;
  if (sysopen(my $file, $path, O_RDONLY)) {
    my ($size, $at, $known) = (-s $file, 0, 1);
    while ($at < $size) {
      my $data = sysseek($file, $at, 3);
      if (!defined $data) { $known = 0 if $! != 6; last }
      my $hole = sysseek($file, $data + 0, 4);
      if (!defined $hole) { $known = 0; last }
      print $number, " ", $data + 0, " ", $hole + 0, "\\n";
      $at = $hole + 0;
    }
    print $number, " ", $size, " ${COMPLETE}\\n" if $known;
  }
  $number++;
}`

/**
 * For each file the stretches outside which it reads as zeros, in order; undefined where that is not known: there is no perl,
 * the file cannot be read, or it has another length. InterruptedError.
 */
export async function findDataExtents(
  files: readonly HollowFile[],
  { runner, signal }: { readonly runner: CommandRunner; readonly signal?: AbortSignal | undefined },
): Promise<readonly (readonly ByteRange[] | undefined)[]> {
  const unknown = files.map(() => undefined)
  if (files.length === 0 || runner.locate('perl') === undefined) return unknown
  const input = Buffer.concat(files.flatMap(({ path }) => [Buffer.from(reachablePath(path)), NUL]))
  const { status, stdout } = await runner.run('perl', ['-e', PROGRAM], { input, ...(signal && { signal }) })
  if (status !== 0) return unknown
  const found: ByteRange[][] = files.map(() => [])
  const complete = new Set<number>()
  for (const line of stdout.toString('latin1').split('\n')) {
    const [, number, start, end] = LINE.exec(line) ?? []
    if (number === undefined) continue
    if (end !== COMPLETE) found[Number(number)]!.push([Number(start), Number(end)])
    else if (Number(start) === files[Number(number)]!.sizeBytes) complete.add(Number(number))
  }
  return found.map((ranges, index) => (complete.has(index) ? ranges : undefined))
}

/** A spool without a name is opened through this process, which is another one for perl. */
function reachablePath(path: string | Buffer): string | Buffer {
  return typeof path === 'string' ? path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`) : path
}

/** The same for one file, where its length and blocks say that it is worth a program; undefined otherwise. */
export async function dataExtentsOf(
  file: HollowFile & { readonly allocatedBytes: number },
  options: { readonly runner: CommandRunner; readonly signal?: AbortSignal | undefined },
): Promise<readonly ByteRange[] | undefined> {
  if (file.sizeBytes - file.allocatedBytes < WORTH_ASKING_BYTES) return undefined
  return (await findDataExtents([file], options))[0]
}

export const STAT_BLOCK_BYTES = 512
