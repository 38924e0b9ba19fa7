/** What the inodes of a volume take, by user, group and project: what its quota files are to say.  [e2fsprogs 1.47.0 lib/support/mkquota.c] */
import { EXT4_GOOD_OLD_INODE_SIZE, Ext4Inode } from '../disklayout/inode.js'
import type { InodeRecord } from './read-inode.js'

export interface Usage {
  readonly inodes: number
  readonly bytes: number
}

export type QuotaKind = 'user' | 'group' | 'project'

export class QuotaUsage {
  readonly #byKind: Record<QuotaKind, Map<number, { inodes: number; bytes: number }>> = {
    user: new Map(),
    group: new Map(),
    project: new Map(),
  }

  add(inode: InodeRecord): void {
    this.#add('user', inode.uid, inode)
    this.#add('group', inode.gid, inode)
    this.#add('project', projectOf(inode), inode)
  }

  of(kind: QuotaKind): ReadonlyMap<number, Usage> {
    return this.#byKind[kind]
  }

  #add(kind: QuotaKind, id: number, { allocatedBytes }: InodeRecord): void {
    const known = this.#byKind[kind].get(id)
    if (known === undefined) this.#byKind[kind].set(id, { inodes: 1, bytes: allocatedBytes })
    else {
      known.inodes++
      known.bytes += allocatedBytes
    }
  }
}

/** 0, the default project, where the inode has no room for the number. */
function projectOf({ bytes }: InodeRecord): number {
  if (bytes.length <= EXT4_GOOD_OLD_INODE_SIZE) return 0
  const { i_extra_isize, i_projid } = Ext4Inode.decode(bytes)
  const [at, size] = Ext4Inode.FIELDS.i_projid!
  return at + size <= EXT4_GOOD_OLD_INODE_SIZE + i_extra_isize ? i_projid : 0
}
