/** The running kernel uses the volumes: writes, renames, deletes, fills; e2fsck finds nothing afterwards. */
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type ExtFormatOptions, extFormat } from '../../src/filesystems/ext4/format.js'
import { emptyTree, type FileTree } from '../../src/tree/file-tree.js'
import {
  bytesContent,
  directoryNode,
  ENVIRONMENT,
  expectClean,
  fileNode,
  listMounted,
  listTree,
  TIME,
  withMount,
  writeVolume,
} from '../support/ext4-volume.js'
import { materialize } from '../support/materialize.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { kernelAcl, Random } from '../support/random-ext-tree.js'

const MIB = 1 << 20

/** Everything a tree can hold, once. */
function fullTree(): FileTree {
  const random = new Random(7)
  const linked = fileNode('two names', { mode: 0o4755 })
  const common = { mode: 0o600, uid: 0, gid: 0, mtime: TIME }
  const names = Object.fromEntries(
    Array.from({ length: 900 }, (_, index) => [`entry-number-${index}`, fileNode(`${index}`)]),
  )
  return directoryNode(
    {
      etc: directoryNode({ fstab: fileNode('# none\n'), 'same-file': linked }, { mode: 0o2755, gid: 50 }),
      'same-file': linked,
      many: directoryNode(names),
      'random.bin': fileNode(bytesContent(random.bytes(700_001)), { uid: 70_000, gid: 4_000_000_000 }),
      'short-link': { type: 'symlink', ...common, mode: 0o777, target: 'etc/fstab' as never },
      'long-link': { type: 'symlink', ...common, mode: 0o777, target: `${'d/'.repeat(200)}x` as never },
      null: { type: 'char', ...common, major: 1, minor: 3 },
      disk: { type: 'block', ...common, major: 259, minor: 70_000 },
      pipe: { type: 'fifo', ...common },
      log: { type: 'socket', ...common },
      future: fileNode('', { mtime: { seconds: 5_000_000_000, nanoseconds: 1 } }),
      past: fileNode('', { mtime: { seconds: -5, nanoseconds: 999_999_999 } }),
      ping: fileNode('elf', {
        mode: 0o755,
        xattrs: new Map([['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')]]),
      }),
      shared: fileNode('acl', {
        mode: 0o674,
        xattrs: new Map([
          ['system.posix_acl_access', kernelAcl()],
          ['user.note', Buffer.alloc(500, 'n')],
        ]),
      }),
    },
    { mode: 0o751, uid: 3, mtime: { seconds: 1_600_000_000, nanoseconds: 5 } },
  )
}

/** Adds and removes thousands of names, writes, truncates and renames, and fills the volume to its end. */
function use(root: string): void {
  const at = (...names: string[]): string => join(root, ...names)
  const numbers = (first: number, step: number, end: number): number[] =>
    Array.from({ length: Math.ceil((end - first) / step) }, (_, index) => first + index * step)
  mkdirSync(at('used'))
  for (const i of numbers(0, 1, 3000)) writeFileSync(at('used', `file-${i}`), `${i}`)
  for (const i of numbers(1, 3, 3000)) unlinkSync(at('used', `file-${i}`))
  for (const i of numbers(2, 3, 3000))
    renameSync(at('used', `file-${i}`), at('used', `renamed-with-a-longer-name-${i}`))
  for (const i of numbers(0, 2, 900)) unlinkSync(at('many', `entry-number-${i}`))
  for (const i of numbers(0, 1, 400)) symlinkSync(`${i}`.padStart(120, '/'), at('many', `new-link-${i}`))
  truncateSync(at('random.bin'), 100)
  appendFileSync(at('random.bin'), 'more')
  tool('setfattr', '-n', 'user.added', '-v', 'value', at('same-file'))
  tool('setfattr', '-x', 'user.note', at('shared'))
  expect(() => writeFileSync(at('fill'), Buffer.alloc(64 * MIB))).toThrow('ENOSPC')
  tool('sync', '-f', root)
  unlinkSync(at('fill'))
  rmSync(at('etc'), { recursive: true })
}

/** Growing a mounted volume takes CAP_SYS_RESOURCE, which containers often lack even for root. */
function mayResizeMounted(): boolean {
  const CAP_SYS_RESOURCE = 24n
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!
  return ((BigInt(`0x${effective}`) >> CAP_SYS_RESOURCE) & 1n) === 1n
}

describeWithTools(
  'ext volumes in the running kernel',
  ['e2fsck', 'getfattr', 'setfattr', 'resize2fs'],
  () => {
    const folder = scratchFolder()
    const image = join(folder, 'volume.img')

    it.each<ExtFormatOptions>([
      { type: 'ext4' },
      { type: 'ext4', block_size: 4096 },
      { type: 'ext4', lazy_itable_init: true },
      { type: 'ext4', profile: 'modern', block_size: 2048 },
      { type: 'ext4', profile: 'kernel-3.10' },
      { type: 'ext4', profile: 'u-boot' },
      { type: 'ext4', features: ['^flex_bg,^resize_inode,meta_bg'] },
      { type: 'ext4', features: ['^has_journal'] },
      { type: 'ext3' },
      { type: 'ext2' },
    ])('gives back and survives use: %j', (options) => {
      const tree = fullTree()
      writeVolume(tree, 40 * MIB, options, image)
      expectClean(image)
      expect(withMount(image, 'ro', listMounted)).toEqual(listTree(tree))
      withMount(image, 'rw', use)
      expectClean(image)
      rmSync(image)
    })

    it('resize2fs grows a volume, and shrinks it to its smallest', () => {
      const tree = fullTree()
      writeVolume(tree, 40 * MIB, { type: 'ext4' }, image)
      if (mayResizeMounted()) {
        truncateSync(image, 200 * MIB)
        withMount(image, 'rw', (root) => tool('resize2fs', tool('findmnt', '-n', '-o', 'SOURCE', root).trim()))
        expectClean(image)
        // resize2fs wants a check that is no older than the mount.
        tool('e2fsck', '-fy', image)
      }
      truncateSync(image, 700 * MIB)
      tool('resize2fs', image)
      expectClean(image)
      expect(withMount(image, 'ro', listMounted)).toEqual(listTree(tree))
      tool('resize2fs', '-M', image)
      expectClean(image)
      rmSync(image)
    })

    it('no old transaction comes back when the same volume is written over its own older life', () => {
      const tree = directoryNode({ config: fileNode('as built'), gone: directoryNode({}) })
      const encoded = () => extFormat.plan(tree, 40 * MIB, { type: 'ext4' }, ENVIRONMENT).encode()
      const live = (commands: string): void => {
        const copy = `${image}.copy`
        withMount(image, 'rw', (root) => {
          tool('sh', '-c', `cd "$1"; ${commands}; cat "$2" >"$3"`, 'sh', root, image, copy)
        })
        // The copy is the volume as a power cut would leave it.
        tool('mv', copy, image)
      }
      materialize(encoded(), image, { unspecified: 0xd1 })
      live('mkdir both; sync -f .; mkdir old; sync -f .; mkdir old/er; sync -f .')
      // Again over itself by a writer that skips what is unspecified.
      overwrite(image)
      // The log is as long as after the first step of the older life: what follows there has the number that recovery expects.
      live('mkdir both; sync -f .')
      const listing = withMount(image, 'rw', listMounted)
      expect(Object.keys(listing).sort()).toEqual(['', 'both', 'config', 'gone'])
      expectClean(image)
      rmSync(image)

      function overwrite(path: string): void {
        const fresh = `${path}.fresh`
        materialize(encoded(), fresh)
        for (const { offset, length } of encoded().extents) {
          const range = ['bs=64k', 'iflag=skip_bytes,count_bytes', 'oflag=seek_bytes', 'conv=notrunc', 'status=none']
          tool('dd', `if=${fresh}`, `of=${path}`, `skip=${offset}`, `count=${length}`, `seek=${offset}`, ...range)
        }
        rmSync(fresh)
      }
    })

    it('an empty volume mounts and holds files', () => {
      writeVolume(emptyTree(TIME), 2 * MIB, { type: 'ext4' }, image)
      withMount(image, 'rw', (root) => tool('sh', '-c', 'cd "$1"; mkdir a; echo x >a/b; ls -R', 'sh', root))
      expectClean(image)
      rmSync(image)
    })
  },
  { root: true },
)
