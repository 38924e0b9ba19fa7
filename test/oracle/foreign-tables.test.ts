/** verify's verdict on tables of sgdisk, sfdisk, fdisk, parted and xorriso is that of sgdisk and sfdisk, and its list that of partx. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { openImage } from '../../src/inspect.js'
import { compareFamily } from '../support/foreign/compare-family.js'
import { isDifferent, TABLE_DIFFERENCES } from '../support/foreign/differences.js'
import { chosenMembers, withMembers } from '../support/foreign/make-members.js'
import { makeFatSource } from '../support/foreign/source-folder.js'
import { TABLE_MEMBERS } from '../support/foreign/table-members.js'
import { judgeTable } from '../support/foreign/verdicts.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'

const TOOLS = ['bash', 'sgdisk', 'sfdisk', 'fdisk', 'parted', 'xorriso', 'blkid', 'partx', 'python3', 'mkfs.fat']
const SECTOR = 512

/** Of a machine that does much else at the same time. */
const PATIENCE_MS = process.env.DISKLOOM_DEEP === undefined ? 300_000 : 3_000_000

describeWithTools('partition tables of other tools', TOOLS, () => {
  const folder = scratchFolder()
  const source = join(folder, 'source')
  beforeAll(() => makeFatSource(source))
  const members = chosenMembers(
    TABLE_MEMBERS,
    6,
    ({ name }) =>
      isDifferent(name, TABLE_DIFFERENCES) ||
      /^xorriso|hybrid of one|^MBR, (start 0|extended with)|no partition in the GPT/.test(name),
  )

  it(
    'are sound where sgdisk and sfdisk say so, and unsound where they do not',
    async () => {
      await compareFamily({ members, folder, source, judge: judgeTable, differences: TABLE_DIFFERENCES })
    },
    PATIENCE_MS,
  )

  it(
    'have the partitions that partx lists',
    async () => {
      const differing: string[] = []
      await withMembers(members, folder, source, async ({ member, path }) => {
        const disk = await openImage(path)
        const { table } = disk
        disk.close()
        if (table === undefined || table.findings.some(({ isHarmless }) => isHarmless !== true)) return
        const inside = [...table.partitions, ...(table.extended === undefined ? [] : [table.extended])]
        const ours = inside
          .map(({ number, startByte, sizeBytes }) => `${number} ${startByte / SECTOR} ${sizeBytes}`)
          .sort()
        const listed = runTool('partx', ['-g', '-b', '-r', '-o', 'NR,START,SIZE', path]).stdout.trim().split('\n')
        const theirs = listed.filter((line) => line !== '').sort()
        if (ours.join() !== theirs.join())
          differing.push(`${member.name} (${statSync(path).size}): ${ours} | ${theirs}`)
      })
      expect(differing, differing.join('\n')).toEqual([])
    },
    PATIENCE_MS,
  )
})
