/**
 * The ext reader against those who made the volumes: mke2fs with every set of features, the running kernel that uses, ages,
 * fills and deletes, genimage. What is read is what the source folder and the kernel's own listing say, and a sound volume is
 * told to be sound.
 */
import { mkdirSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { openExtVolume } from '../../src/filesystems/ext4/reader/open-ext-volume.js'
import type { VolumeReader } from '../../src/filesystems/volume-reader.js'
import type { FileTree } from '../../src/tree/file-tree.js'
import { makeEveryKind } from '../support/every-kind.js'
import { viewFile } from '../support/ext4-reader.js'
import { expectClean, listMounted, listTree, withMount } from '../support/ext4-volume.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const MIB = 1 << 20
const LOST_AND_FOUND = byteString('lost+found')

/** mke2fs's arguments; kernels mount no blocks larger than their pages, and neither casefold nor quota without their modules. */
const KINDS: readonly { readonly options: string; readonly mounts?: false; readonly isUsed?: true }[] = [
  { options: '-t ext2', isUsed: true },
  { options: '-t ext3' },
  { options: '-t ext3 -I 128 -b 4096', isUsed: true },
  { options: '-t ext4', isUsed: true },
  { options: '-t ext4 -b 4096 -I 512' },
  { options: '-t ext4 -O inline_data' },
  { options: '-t ext4 -O inline_data,ea_inode -I 1024', isUsed: true },
  { options: '-t ext4 -O bigalloc' },
  { options: '-t ext4 -O bigalloc -b 1024 -C 16384', isUsed: true },
  { options: '-t ext4 -O ea_inode' },
  { options: '-t ext4 -O ^metadata_csum,uninit_bg', isUsed: true },
  { options: '-t ext4 -O ^64bit,^flex_bg' },
  { options: '-t ext4 -O ^resize_inode,meta_bg' },
  { options: '-t ext4 -O ^resize_inode,meta_bg -b 1024 -g 256', isUsed: true },
  { options: '-t ext4 -O sparse_super2' },
  { options: '-t ext4 -O ^extent,^64bit' },
  { options: '-t ext4 -O orphan_file,metadata_csum_seed', isUsed: true },
  { options: '-t ext4 -O mmp' },
  { options: '-t ext4 -O quota,project -I 256', mounts: false },
  { options: '-t ext4 -O encrypt,verity,fast_commit,stable_inodes,large_dir' },
  { options: '-t ext4 -O casefold', mounts: false },
  { options: '-t ext4 -b 8192', mounts: false },
  { options: '-t ext2 -b 65536', mounts: false },
  { options: '-t ext4 -b 65536 -O inline_data', mounts: false },
]

describeWithTools(
  'the ext reader',
  ['mke2fs', 'e2fsck', 'debugfs', 'getfattr', 'setfattr', 'genimage', 'blkid', 'python3'],
  () => {
    const folder = scratchFolder()
    const source = join(folder, 'source')
    const image = join(folder, 'volume.img')

    beforeAll(() => {
      mkdirSync(source)
      makeEveryKind(source, { privileged: true, xattrs: true })
      const many = join(source, 'many')
      mkdirSync(many)
      for (let i = 0; i < 150; i++) writeFileSync(join(many, `entry-${i}-größe`), i % 7 === 0 ? `${i}` : '')
      writeFileSync(join(source, 'large'), Buffer.alloc(MIB, 'large '))
    })

    function make(options: string, sizeBytes = 48 * MIB): void {
      rmSync(image, { force: true })
      truncateTo(image, sizeBytes)
      tool('mke2fs', '-q', '-F', '-L', 'alabel', ...options.split(' '), '-d', source, image)
    }

    function open(): VolumeReader {
      return openExtVolume(viewFile(image))
    }

    it.each(KINDS)(
      'reads what mke2fs makes, and after use by the kernel: $options',
      ({ options, mounts = true, isUsed = false }) => {
        make(options)
        const volume = open()
        const found = listingOf(volume.tree())
        // mke2fs 1.47.0 does not count what -d brings in its quotas, as e2fsck says too.
        const isQuota = options.includes('quota')
        expect(volume.check().filter(({ structure }) => !(isQuota && structure.includes('(quotas by ')))).toEqual([])
        const given = listMounted(source)
        // mke2fs 1.47.0 cuts a file that begins with a hole when it tries to make it inline.
        if (options.includes('inline_data')) given.sparse = found.sparse!
        expect(withoutTimes(found)).toEqual(withoutTimes(given))
        expect(identityOf(volume)).toEqual(blkidOf(image))
        if (!mounts) return
        expect(found).toEqual(withMount(image, 'ro', listMounted))
        if (!isUsed) return
        withMount(image, 'rw', use)
        const used = open()
        expect(used.check()).toEqual([])
        expect(listingOf(used.tree())).toEqual(withMount(image, 'ro', listMounted))
      },
    )

    it('reads revision 0, which has neither features nor attributes', () => {
      make('-t ext2 -r 0')
      withMount(image, 'rw', use)
      expect(open().check()).toEqual([])
      expect(listingOf(open().tree())).toEqual(withMount(image, 'ro', listMounted))
    })

    it('reads what resize2fs grew, shrank, and e2fsck -D packed', () => {
      make('-t ext4', 24 * MIB)
      withMount(image, 'rw', use)
      truncateSync(image, 700 * MIB)
      // resize2fs wants a check that is no older, in whole seconds, than the last mount.
      runTool('e2fsck', ['-fy', image])
      tool('resize2fs', image)
      expect(open().check()).toEqual([])
      tool('resize2fs', '-M', image)
      expect(open().check()).toEqual([])
      runTool('e2fsck', ['-fyD', image])
      expectClean(image)
      const volume = open()
      expect(volume.check()).toEqual([])
      expect(listingOf(volume.tree())).toEqual(withMount(image, 'ro', listMounted))
    })

    it('reads what genimage makes', () => {
      const work = join(folder, 'genimage')
      mkdirSync(work)
      const config = join(work, 'genimage.cfg')
      writeFileSync(config, 'image root.ext4 {\n ext4 { label = "root" use-mke2fs = true }\n size = 48M\n}\n')
      const paths = ['root', 'input', 'output', 'tmp'].map((name) => join(work, name))
      for (const path of paths.slice(1)) mkdirSync(path)
      symlinkSync(source, paths[0]!)
      const [root, input, output, tmp] = paths
      tool(
        'genimage',
        ...['--config', config, '--rootpath', `${root}/`, '--inputpath', input!, '--outputpath', output!],
        ...['--tmppath', tmp!],
      )
      const path = join(output!, 'root.ext4')
      const volume = openExtVolume(viewFile(path))
      expect(volume.check()).toEqual([])
      expect(listingOf(volume.tree())).toEqual(withMount(path, 'ro', listMounted))
    })

    it('shows encrypted names as the kernel does without the key, and refuses the content', () => {
      make('-t ext4 -O encrypt')
      mountWith('test_dummy_encryption', (root) => {
        mkdirSync(join(root, 'secret'))
        for (let i = 0; i < 300; i++) writeFileSync(join(root, 'secret', `file ${i} ${'long '.repeat(i % 40)}`), 'text')
        symlinkSync('target', join(root, 'secret', 'link'))
      })
      const volume = open()
      expect(volume.check()).toEqual([])
      const secret = volume.find([byteString('secret')])
      if (secret?.type !== 'directory') throw new Error('no directory')
      const shown = withMount(image, 'ro', (root) => tool('ls', '-1', '--sort=none', join(root, 'secret')))
      expect([...secret.children.keys()].sort()).toEqual(shown.trim().split('\n').sort())
      const file = [...secret.children.values()].find(({ type }) => type === 'file')
      if (file?.type !== 'file') throw new Error('no file')
      expect(file.content.sizeBytes).toBe(4)
      expect(() => file.content.extents).toThrow('its content is encrypted')
    })

    it('a volume in the middle of its life says so, and is judged as a mount would find it', () => {
      make('-t ext4')
      const copy = `${image}.copy`
      withMount(image, 'rw', (root) => {
        tool(
          'sh',
          '-c',
          'cd "$1"; mkdir both; sync -f .; mkdir more; sync -f .; cat "$2" >"$3"',
          'sh',
          root,
          image,
          copy,
        )
      })
      const volume = openExtVolume(viewFile(copy))
      expect(volume.summary.state).toBe('the journal needs recovery')
      const found = volume.check()
      expect(found.filter(({ isHarmless }) => isHarmless !== true)).toEqual([])
      expect(found[0]!.found).toMatch(/^[1-9]\d* transactions with [1-9]\d* blocks that are not in their places yet$/)
      rmSync(copy)
    })

    it('a file that was deleted while open is no damage', () => {
      make('-t ext4')
      const copy = `${image}.copy`
      withMount(image, 'rw', (root) => {
        // Frozen with the orphan in its list: all else is in its place.
        const script = `import os, subprocess, sys
root, image, copy = sys.argv[1:]
f = open(root + '/open', 'w'); f.write('x' * 50000); f.flush()
os.unlink(root + '/open')
subprocess.check_call(['fsfreeze', '-f', root])
try: subprocess.check_call(['cp', image, copy])
finally: subprocess.check_call(['fsfreeze', '-u', root])
`
        tool('python3', '-c', script, root, image, copy)
      })
      const volume = openExtVolume(viewFile(copy))
      expect(volume.summary.state).toBe('deleted files wait for their removal')
      expect(volume.check().map(({ field, isHarmless }) => [field, isHarmless])).toEqual([['s_last_orphan', true]])
      rmSync(copy)
    })

    function mountWith(options: string, body: (root: string) => void): void {
      const root = `${image}.mnt`
      mkdirSync(root)
      tool('mount', '-t', 'ext4', '-o', `loop,${options}`, image, root)
      try {
        body(root)
      } finally {
        tool('umount', root)
        rmSync(root, { recursive: true })
      }
    }
  },
  { root: true },
)

function truncateTo(path: string, sizeBytes: number): void {
  writeFileSync(path, '')
  truncateSync(path, sizeBytes)
}

/** Without lost+found, which the source does not have. */
function listingOf(tree: FileTree, wholeSeconds = false): Record<string, string> {
  tree.children.delete(LOST_AND_FOUND)
  return listTree(tree, wholeSeconds)
}

/** mke2fs 1.47.0 keeps no fractions of a second and no years after 2038. */
function withoutTimes(listing: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(listing).map(([path, line]) => [path, line.replace(/ mtime=-?\d+/, '')]))
}

function identityOf({ summary: { format, label, uuid } }: VolumeReader): object {
  return { format, label, uuid }
}

function blkidOf(image: string): object {
  const lines = tool('blkid', '-p', '-o', 'export', image).split('\n')
  const field = (key: string): string | undefined => lines.find((line) => line.startsWith(`${key}=`))?.split('=')[1]
  return { format: field('TYPE'), label: field('LABEL')?.replaceAll('\\ ', ' '), uuid: field('UUID') }
}

/** Adds and removes many names, writes with holes, extends and shortens, sets attributes, fills the volume and empties it. */
function use(root: string): void {
  const at = (...names: string[]): string => join(root, ...names)
  mkdirSync(at('used'))
  for (let i = 0; i < 500; i++) writeFileSync(at('used', `file-${i}`), `${i}`)
  for (let i = 0; i < 500; i += 3) unlinkSync(at('used', `file-${i}`))
  for (let i = 0; i < 100; i++) mkdirSync(at('used', `folder-${i}`))
  for (let i = 0; i < 100; i++) symlinkSync('x'.repeat(40 + i), at('used', `link-${i}`))
  tool(
    'python3',
    '-c',
    `import os, sys
root = sys.argv[1]
f = os.open(root + '/holes', os.O_CREAT | os.O_RDWR)
for i in range(0, 400, 2): os.pwrite(f, b'data' * 600, i * 9000)
os.close(f)
try:
  f = os.open(root + '/kept', os.O_CREAT | os.O_RDWR)
  os.posix_fallocate(f, 0, 3 << 20)
  os.pwrite(f, b'in the middle', 1 << 20)
  os.ftruncate(f, 1500000)
  os.close(f)
except OSError: pass
for i in range(60):
  try: os.setxattr(root + '/used/file-%d' % (i * 3 + 1), 'user.note', b'v' * (i * 10))
  except OSError: pass
try: os.setxattr(root + '/kept', 'user.big', b'v' * 20000)
except OSError: pass
try:
  with open(root + '/fill', 'wb') as f:
    while True: f.write(b'f' * 65536)
except OSError: pass
os.unlink(root + '/fill')
`,
    root,
  )
}
