/** verify's verdict on ext volumes of mke2fs, the kernel, tune2fs, resize2fs, e2image and debugfs is that of e2fsck. */
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { checkImageFile } from '../../src/inspect.js'
import { compareFamily, type Family } from '../support/foreign/compare-family.js'
import { EXT_DIFFERENCES, isDifferent } from '../support/foreign/differences.js'
import { EXT_DAMAGES } from '../support/foreign/ext-damages.js'
import { EXT_MEMBERS, EXTERNAL_JOURNAL } from '../support/foreign/ext-members.js'
import { chosenMembers, withMembers } from '../support/foreign/make-members.js'
import { makeExtSource } from '../support/foreign/source-folder.js'
import { judgeByE2fsck } from '../support/foreign/verdicts.js'
import { canMount, describeWithTools, scratchFolder } from '../support/oracle.js'

const TOOLS = [
  'bash',
  'mke2fs',
  'e2fsck',
  'debugfs',
  'tune2fs',
  'resize2fs',
  'e2image',
  'dumpe2fs',
  'setfattr',
  'openssl',
  'blkid',
  'fallocate',
]

/** Of a machine that does much else at the same time. */
const PATIENCE_MS = process.env.DISKLOOM_DEEP === undefined ? 300_000 : 3_000_000

describeWithTools('ext volumes of other tools', TOOLS, () => {
  const folder = scratchFolder()
  const source = join(folder, 'source')
  beforeAll(() => makeExtSource(source))
  const family = (more: Pick<Family, 'members' | 'differences' | 'onlyMisses'>): Family => ({
    folder,
    source,
    judge: judgeByE2fsck,
    ...more,
  })

  it(
    'are sound where e2fsck says so, and unsound where it does not',
    async () => {
      const members = chosenMembers(
        EXT_MEMBERS,
        13,
        ({ name }) => isDifferent(name, EXT_DIFFERENCES) || /inline_data -I|^mke2fs .*quota,project$/.test(name),
      )
      await compareFamily(family({ members, differences: EXT_DIFFERENCES }))
    },
    PATIENCE_MS,
  )

  it(
    'are unsound after every damage that e2fsck finds',
    async () => {
      // A step that shares no factor with the number of damages goes through all of them.
      const members = chosenMembers(EXT_DAMAGES, 53, ({ name }) =>
        /"(sif <2> links_count 1|sif sym900 size 7|set_bg 0 flags 7|ssv journal_inum 20)": -t ext2$/.test(name),
      )
      await compareFamily(family({ members, differences: [], onlyMisses: true }))
    },
    PATIENCE_MS,
  )

  it(
    'that were not unmounted are judged with their journal in its place',
    async () => {
      const members = canMount() ? EXT_MEMBERS.filter(({ name }) => name === 'pulled out after writing: -t ext4') : []
      await withMembers(members, folder, source, async ({ path }) => {
        const { findings, notes } = await checkImageFile(path, { secondOpinion: false })
        expect(findings).toEqual([])
        expect(notes[0]!.message).toMatch(
          /its content is \d+ transactions with \d+ blocks that are not in their places yet/,
        )
      })
    },
    PATIENCE_MS,
  )

  it.runIf(canMount())(
    'whose journal is on another device are sound, with a note',
    async () => {
      await withMembers([EXTERNAL_JOURNAL], folder, source, async ({ path }) => {
        const { findings, notes } = await checkImageFile(path, { secondOpinion: false })
        expect(findings).toEqual([])
        expect(notes.map(({ message }) => message).join()).toContain('a journal on another device')
      })
    },
    PATIENCE_MS,
  )
})
