/** verify's verdict on FAT volumes of mkfs.fat, mtools, DOS, Windows, macOS and cameras is that of fsck.fat. */
import { join } from 'node:path'
import { beforeAll, it } from 'vitest'
import { compareFamily } from '../support/foreign/compare-family.js'
import { FAT_DIFFERENCES, isDifferent } from '../support/foreign/differences.js'
import { FAT_MEMBERS } from '../support/foreign/fat-members.js'
import { chosenMembers } from '../support/foreign/make-members.js'
import { makeFatSource } from '../support/foreign/source-folder.js'
import { judgeByFsckFat } from '../support/foreign/verdicts.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'

const TOOLS = ['bash', 'mkfs.fat', 'fsck.fat', 'mformat', 'mcopy', 'mmd', 'mdel', 'mattrib', 'mlabel', 'python3']

/** Of a machine that does much else at the same time. */
const PATIENCE_MS = process.env.DISKLOOM_DEEP === undefined ? 300_000 : 3_000_000

describeWithTools('FAT volumes of other tools and systems', TOOLS, () => {
  const folder = scratchFolder()
  const source = join(folder, 'source')
  beforeAll(() => makeFatSource(source))

  it(
    'are sound where fsck.fat says so, and unsound where it does not',
    async () => {
      // Rows of systems and names are cheap and each is a case of its own; those of mkfs.fat are taken by samples.
      const isOwn = ({ name }: { name: string }): boolean =>
        isDifferent(name, FAT_DIFFERENCES) || !/^(mkfs|mformat)/.test(name)
      const members = chosenMembers(FAT_MEMBERS, 13, isOwn)
      await compareFamily({ members, folder, source, judge: judgeByFsckFat, differences: FAT_DIFFERENCES })
    },
    PATIENCE_MS,
  )
})
