import { describe, expect, it } from 'vitest'
import { sortXattrs, type XattrRule } from './kept-xattrs.js'

const ACLS = ['system.posix_acl_access', 'system.posix_acl_default']
const PLAIN = ['user.x', 'trusted.x', 'security.capability']
const LABELS = ['security.selinux', 'security.ima', 'security.evm', 'security.SMACK64', 'security.capability.not']
const FOREIGN = ['system.nfs4_acl', 'btrfs.compression', 'com.apple.provenance']

const all = new Map([...ACLS, ...PLAIN, ...LABELS, ...FOREIGN].map((name) => [name, new Uint8Array(1)]))

describe('which extended attributes are kept', () => {
  it.each<[XattrRule, string[], string[]]>([
    ['keep', [...ACLS, ...PLAIN, ...LABELS], FOREIGN],
    ['auto', [...ACLS, ...PLAIN], [...LABELS, ...FOREIGN]],
    ['name', [], [...ACLS, ...PLAIN, ...LABELS, ...FOREIGN]],
    ['none', [], []],
  ])('xattrs: %s', (rule, kept, leftOut) => {
    const sorted = sortXattrs(all, rule)
    expect([...sorted.kept.keys()]).toEqual(kept)
    expect(sorted.leftOut).toEqual(leftOut)
  })

  it('leaves ACLs out under modes: git, of whose mode they are a part', () => {
    expect(sortXattrs(all, 'keep', 'git').leftOut).toEqual([...ACLS, ...FOREIGN])
  })
})
