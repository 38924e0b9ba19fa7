/** Holds the verdicts of verify against those of a judge, over a family. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { PROJECT } from '../diskloom.js'
import { canMount } from '../oracle.js'
import type { Difference } from './differences.js'
import { withMembers } from './make-members.js'
import type { ForeignMember } from './member.js'
import { type JudgeVerdict, ourVerdict, type Verdict } from './verdicts.js'

export interface Family {
  readonly members: readonly ForeignMember[]
  readonly folder: string
  readonly source: string
  readonly judge: (path: string) => JudgeVerdict
  readonly differences: readonly Difference[]
  /** Of damaged images a judge that finds nothing proves nothing. */
  readonly onlyMisses?: boolean
}

/** Fails with every member whose verdicts are neither equal nor listed. */
export async function compareFamily(family: Family): Promise<void> {
  const { differences, judge } = family
  const wrong: string[] = []
  const shown = new Set<Difference>()
  const members = family.members.filter(({ root }) => root === undefined || canMount())
  await withMembers(members, family.folder, family.source, async ({ member, path }) => {
    const ours = await ourVerdict(path)
    const theirs = judge(path)
    const listed = differences.find(({ members: names }) => names.test(member.name))
    const pair = (a: Verdict, b: Verdict): string => `${a} here, ${b} there`
    const found = pair(ours.verdict, theirs.verdict)
    const isEqual = ours.verdict === theirs.verdict || (family.onlyMisses === true && theirs.verdict !== 'unsound')
    if (listed !== undefined) shown.add(listed)
    const isRight = listed === undefined ? isEqual : found === pair(listed.ours, listed.theirs)
    if (!isRight)
      wrong.push(`${member.name}: ${found}: ${ours.text} | ${theirs.text.replace(/\s+/g, ' ').slice(0, 400)}`)
    if (theirs.isDirty === true && ours.verdict === 'sound' && ours.notes === 0) {
      wrong.push(`${member.name}: nothing says that it was not unmounted`)
    }
  })
  expect(wrong, wrong.join('\n')).toEqual([])
  const documented = readFileSync(join(PROJECT, 'docs/inspect.md'), 'utf8')
  for (const { what } of shown) expect(documented).toContain(`| ${what} |`)
}
