/** What verify says of an image, and what the tools say that made or check it. */
import { checkImageFile } from '../../../src/inspect.js'
import { runTool } from '../oracle.js'

/** `unread`: nothing in it is known to the one who judges. */
export type Verdict = 'sound' | 'unsound' | 'unread'

export interface OurVerdict {
  readonly verdict: Verdict
  /** Findings, or notes where there are none, for messages. */
  readonly text: string
  readonly notes: number
}

export async function ourVerdict(path: string): Promise<OurVerdict> {
  const { findings, notes, checked } = await checkImageFile(path, { secondOpinion: false })
  const text = findings
    .slice(0, 3)
    .map(({ structure, field, found, expected }) => `${structure}: ${field} is ${found}, not ${expected}`)
    .join('; ')
  const verdict = findings.length > 0 ? 'unsound' : checked.length === 0 ? 'unread' : 'sound'
  return { verdict, text, notes: notes.length }
}

export interface JudgeVerdict {
  readonly verdict: Verdict
  readonly text: string
  /** The volume was not unmounted. */
  readonly isDirty?: boolean
}

/** e2fsck -fn; of a volume whose journal is not empty, of a copy in which e2fsck has replayed it. */
export function judgeByE2fsck(path: string): JudgeVerdict {
  const first = runTool('e2fsck', ['-fn', path])
  const isDirty = /skipping journal recovery/.test(first.stdout + first.stderr)
  if (!isDirty) return { verdict: first.status === 0 ? 'sound' : 'unsound', text: first.stdout }
  const copy = `${path}.replayed`
  runTool('cp', ['--sparse=always', path, copy])
  runTool('e2fsck', ['-y', '-E', 'journal_only', copy])
  const { status, stdout } = runTool('e2fsck', ['-fn', copy])
  runTool('rm', [copy])
  return { verdict: status === 0 ? 'sound' : 'unsound', text: stdout, isDirty }
}

export function judgeByFsckFat(path: string): JudgeVerdict {
  const { status, stdout, stderr } = runTool('fsck.fat', ['-n', path])
  return {
    verdict: status === 0 ? 'sound' : 'unsound',
    text: stdout + stderr,
    isDirty: /Dirty bit is set/.test(stdout),
  }
}

/** blkid says which table it is; then sgdisk judges a GPT, sfdisk an MBR. Others nobody here reads. */
export function judgeTable(path: string): JudgeVerdict {
  const kind = runTool('blkid', ['-p', '-s', 'PTTYPE', '-o', 'value', path]).stdout.trim()
  const gpt = runTool('sgdisk', ['-v', path], { input: '' })
  const text = gpt.stdout + gpt.stderr
  // sgdisk finds a GPT that blkid does not see for its damage.
  if (kind === 'gpt' || kind === 'PMBR' || /valid GPT with corrupt MBR|Found protective or hybrid MBR/.test(text)) {
    const isSound =
      /No problems found/.test(text) && !/corrupt|CRC|Invalid partition data|Creating new GPT entries/i.test(text)
    return { verdict: isSound ? 'sound' : 'unsound', text }
  }
  if (kind !== 'dos') return { verdict: 'unread', text: kind }
  const mbr = runTool('sfdisk', ['--verify', path])
  const isSound = mbr.status === 0 && /No errors detected/.test(mbr.stdout)
  return { verdict: isSound ? 'sound' : 'unsound', text: mbr.stdout + mbr.stderr }
}
