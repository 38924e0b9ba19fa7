/** Capabilities as setcap(8) writes them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { encodeCapabilities } from '../../src/tree/file-capability.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

describeWithTools(
  'file capabilities',
  ['setcap', 'getfattr'],
  () => {
    const file = join(scratchFolder(), 'file')
    it.each(['cap_net_raw+ep', 'cap_chown,cap_sys_admin,cap_checkpoint_restore=eip', 'cap_mac_override,cap_bpf+p'])(
      '%s',
      (text) => {
        writeFileSync(file, '')
        tool('setcap', text, file)
        const line = tool('getfattr', '-e', 'hex', '-n', 'security.capability', '--absolute-names', file)
        expect(line).toContain(`=0x${Buffer.from(encodeCapabilities([text])).toString('hex')}\n`)
      },
    )
  },
  { root: true },
)
