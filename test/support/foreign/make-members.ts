/** Makes the images of a family, two at a time, in a folder that the caller removes. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ForeignMember } from './member.js'

/** `poke AT HEX` writes bytes into $IMG, `peek AT COUNT` prints a number of it, `gptsums` corrects the checksums of its GPTs. */
const PRELUDE = `
poke() { printf "$(printf %s "$2" | sed 's/../\\\\x&/g')" | dd of="$IMG" bs=1 seek="$1" conv=notrunc status=none; }
peek() { od -An -tu"$2" -j "$1" -N "$2" "$IMG" | tr -d ' '; }
gptsums() { python3 -c '
import sys, struct, zlib
f = open(sys.argv[1], "r+b"); size = f.seek(0, 2)
for at in (512, size - 512):
    f.seek(at); h = bytearray(f.read(512)); n = struct.unpack_from("<I", h, 12)[0]
    lba, count, each = struct.unpack_from("<QII", h, 72)
    f.seek(lba * 512); struct.pack_into("<I", h, 88, zlib.crc32(f.read(count * each)))
    struct.pack_into("<I", h, 16, 0); struct.pack_into("<I", h, 16, zlib.crc32(h[:n]))
    f.seek(at); f.write(h)
' "$IMG"; }
`
const CANNOT_BE_MADE = 77
const AT_ONCE = 2

export interface MadeMember {
  readonly member: ForeignMember
  readonly path: string
}

/**
 * Makes every member in turn and gives it to `use` while its image is there. `source`: $SRC of the scripts. Rejects with the
 * output of a script that fails; a member that this machine cannot make (exit code 77) is left out.
 */
export async function withMembers(
  members: readonly ForeignMember[],
  folder: string,
  source: string,
  use: (made: MadeMember) => Promise<void>,
): Promise<void> {
  const place = mkdtempSync(join(folder, 'family-'))
  const queue = members.map((member, index) => ({ member, index }))
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { member, index } = next
      const path = join(place, `${index}.img`)
      const scratch = join(place, `${index}.work`)
      mkdirSync(scratch)
      if (await runScript(member, { IMG: path, WORK: scratch, SRC: source })) await use({ member, path })
      rmSync(scratch, { recursive: true, force: true })
      rmSync(path, { force: true })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function runScript(member: ForeignMember, variables: Record<string, string>): Promise<boolean> {
  const env = {
    ...process.env,
    PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...variables,
  }
  return new Promise((resolve, reject) => {
    const child = execFile('bash', ['-euc', PRELUDE + member.script], { env }, (error, stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.code === CANNOT_BE_MADE) resolve(false)
      else reject(new Error(`Cannot make "${member.name}": ${member.script}\n${stdout}${stderr}`))
    })
    child.stdin?.end()
  })
}

/** All of them in the deep run; else those that `isWanted` takes, and one of `step` others, the same each time. */
export function chosenMembers(
  members: readonly ForeignMember[],
  step: number,
  isWanted: (member: ForeignMember) => boolean = () => false,
): readonly ForeignMember[] {
  if (process.env.DISKLOOM_DEEP !== undefined) return members
  return members.filter((member, index) => index % step === 0 || isWanted(member))
}
