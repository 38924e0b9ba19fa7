// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the own syntax of lists
/**
 * `content:` from the config to the volume, judged by the kernel (ext4) and mtools (FAT): archives arrive as they are,
 * layers and changes come in the config's order, and nothing stays open or lies about when the build is done.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { plan } from '../../src/build.js'
import { importPackage } from '../support/diskloom.js'
import { makeEveryKind } from '../support/every-kind.js'
import { fileDigests, findListing, linkedPaths } from '../support/find-listing.js'
import { withMounted } from '../support/loop-mount.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

interface Built {
  image: string
  manifest: { partitions: { start_byte: number; size_bytes: number; payload: { path: string; sha256: string }[] }[] }
  warnings: string[]
}

const TOOLS = [
  'tar',
  'xz',
  'gzip',
  'zstd',
  'bsdtar',
  'find',
  'mount',
  'setfattr',
  'getfattr',
  'mkfifo',
  'python3',
  'e2fsck',
  'mdir',
  'mtype',
]

describeWithTools(
  'content of volumes',
  TOOLS,
  () => {
    const scratch = scratchFolder()
    const at = (path: string): string => join(scratch, path)
    const put = (path: string, content: string | Buffer): void => {
      mkdirSync(join(at(path), '..'), { recursive: true })
      writeFileSync(at(path), content)
    }
    let count = 0

    /** Builds as the package does, threads and all; `temporary`: where archives are unpacked. */
    async function built(partitions: string, top = '', temporary = '.'): Promise<Built> {
      const name = `case-${++count}`
      writeFileSync(at(`${name}.yaml`), `image: ${name}\n${top}partitions:\n${partitions}`)
      const { build } = await importPackage()
      const { warnings } = await build({
        config: at(`${name}.yaml`),
        out: at('out'),
        environment: { TMPDIR: join(scratch, temporary) },
      })
      // The payload is made by the test: its modes are this machine's.
      const pinned = warnings.filter(({ finding }) => finding !== 'not-pinned')
      const folder = at(`out/${name}`)
      const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
      return { image: join(folder, name), manifest, warnings: pinned.map(({ message }) => message) }
    }

    /** The folder of a partition as the kernel has it, checked before. */
    function inside<T>({ image, manifest }: Built, index: number, use: (folder: string) => T): T {
      const { start_byte, size_bytes } = manifest.partitions[index]!
      const check = runTool('e2fsck', ['-fn', `${image}?offset=${start_byte}`])
      expect(check.status === 0 ? '' : check.stdout + check.stderr).toBe('')
      return withMounted(image, start_byte, size_bytes, use)
    }

    const portrait = (folder: string) => ({
      listing: findListing(folder),
      digests: fileDigests(folder),
      links: linkedPaths(folder),
      xattrs: tool(
        'sh',
        '-c',
        'cd "$1" && getfattr -Rhd -m "^(user|trusted|security.cap)" -e hex . | sort',
        'sh',
        folder,
      ),
    })

    describe('an archive', () => {
      beforeAll(() => {
        makeEveryKind(at('every'), { privileged: true, xattrs: true })
        rmSync(at('every/socket'))
        writeFileSync(at('every/large'), randomBytes(12 << 20))
        tool(
          'tar',
          '--format=pax',
          '--xattrs',
          '--xattrs-include=*',
          '-C',
          at('every'),
          '-cJf',
          at('every.tar.xz'),
          '.',
        )
      })

      it('arrives with owners, devices, links, attributes and times, through the threads of a large build', async () => {
        const { partitions } = await builtTwice()
        const expected = portrait(at('every'))
        for (const index of [0, 1]) {
          const found = partitions[index]!
          found.listing.delete('lost+found')
          expect(found).toEqual(expected)
        }
      })

      async function builtTwice() {
        // Named twice, unpacked once: the second volume reads the same spool.
        const result = await built(
          '  - { name: a, size: 32MiB, fs: ext4/every.tar.xz }\n  - { name: b, size: 32MiB, fs: ext4, content: [{ tar: every.tar.xz }] }\n',
        )
        for (const { payload } of result.manifest.partitions) {
          const sums = payload.map(({ path, sha256 }) => `${sha256}  ./${path}`).sort()
          const plain = fileDigests(at('every')).filter((line) => !line.startsWith('\\'))
          expect(sums).toEqual(expect.arrayContaining(plain))
          expect(sums).toHaveLength(fileDigests(at('every')).length)
        }
        return { partitions: [0, 1].map((index) => inside(result, index, portrait)) }
      }

      it('leaves no spool and nothing open', async () => {
        const openSpools = (): string[] =>
          readdirSync('/proc/self/fd').flatMap((fd) => {
            try {
              const target = readlinkSync(`/proc/self/fd/${fd}`)
              return target.includes(scratch) ? [target] : []
            } catch {
              return []
            }
          })
        await built('  - { name: a, size: 32MiB, fs: ext4/every.tar.xz }\n')
        await plan({ config: at(`case-${count}.yaml`), environment: { TMPDIR: scratch } })
        const refused = built('  - { name: a, size: 4MiB, fs: ext4/every.tar.xz }\n')
        await expect(refused).rejects.toThrow('Cannot fit the payload')
        expect(openSpools()).toEqual([])
        expect(readdirSync(scratch).filter((name) => name.startsWith('unpacked-'))).toEqual([])
      })

      it('that finds no room for what is in it says so, and where to give some', async () => {
        tool(
          'sh',
          '-c',
          'xz -dc "$1.xz" | gzip -1 > "$1.gz" && xz -dc "$1.xz" | zstd -q -1 > "$1.zst"',
          'sh',
          at('every.tar'),
        )
        mkdirSync(at('small'))
        tool('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at('small'))
        try {
          for (const packing of ['gz', 'xz', 'zst']) {
            const refused = built(`  - { name: a, size: 32MiB, fs: ext4/every.tar.${packing} }\n`, '', 'small')
            const message = `Cannot unpack "${at(`every.tar.${packing}`)}": no space left for what is in it`
            await expect(refused).rejects.toMatchObject({ code: 'IO', message: expect.stringContaining(message) })
          }
          expect(readdirSync(at('small'))).toEqual([])
        } finally {
          tool('umount', at('small'))
        }
        await expect(built('  - { name: a, size: 32MiB, fs: ext4/every.tar.gz }\n', '', 'none')).rejects.toMatchObject({
          code: 'IO',
          message: expect.stringContaining(`Cannot make a temporary folder in ${at('none')}: it does not exist`),
        })
      })

      it('gives its owners away where it is asked to', async () => {
        const result = await built(
          '  - { name: a, size: 32MiB, fs: ext4/every.tar.xz, owner: root }\n  - { name: b, size: 32MiB, fs: ext4, content: [{ tar: every.tar.xz, to: /in, owner: "7:8" }] }\n',
        )
        const owners = (folder: string): string[] =>
          [...new Set([...findListing(folder).values()].map(({ uid, gid }) => `${uid}:${gid}`))].sort()
        expect(inside(result, 0, owners)).toEqual(['0:0'])
        expect(inside(result, 1, (folder) => owners(join(folder, 'in')))).toEqual(['7:8'])
        expect(inside(result, 1, (folder) => findListing(folder).get('')!.uid)).toBe(0)
      })
    })

    it('lays sources over one another in order', async () => {
      put('root/etc/passwd', 'root:x:0:0::/:\nweb:x:33:34::/:\n')
      put('root/etc/group', 'root:x:0:\nweb:x:34:\nadm:x:4:\n')
      put('root/etc/motd', 'below')
      put('root/home/web/page', 'page')
      put('root/tmp/.keep', '')
      chmodSync(at('root/tmp'), 0o1777)
      tool('bsdtar', '--format=newc', '-cf', at('root.cpio'), '--uid', '0', '--gid', '0', '-C', at('root'), '.')
      put('over/motd', 'above')
      put('over/junk.o', '')
      put('boot/zImage-6.1', 'kernel')
      put('dev.txt', '/dev d 755 0 0 - - - - -\n/dev/tty c 666 0 5 5 0 0 1 2\n/home/web r -1 web web - - - - -\n')
      put(
        'init.list',
        'dir /srv 0700 33 34\nfile /srv/kernel ${WHERE}/zImage-6.1 0400 33 34\nslink /vmlinuz srv/kernel 777 0 0\n',
      )
      const result = await built(
        `  - name: a
    size: 16MiB
    fs: ext4
    options: { lost_and_found: false }
    content:
      - root.cpio
      - { folder: over, to: /etc, exclude: ["*.o", .git] }
      - { folder: over, to: /tmp, include: motd }
      - { list: init.list }
      - { device_table: dev.txt }
      - { path: /etc/hostname, text: "board-\${WHERE}\\n", mode: "0600", owner: web }
      - { path: /boot/kernel/zImage, file: boot/zImage-6.1, owner: "root:adm" }
      - { path: /etc/mtab, link: ../proc/self/mounts }
      - { path: /dev/console, device: c 5 1 }
      - { path: /tmp, directory: true }
      - { path: /var/log, directory: true, mode: "0750" }
      - { rename: /home/w*, to: /home/www }
      - { remove: [.keep] }
      - { set: "home/**", mode: "0770" }
`,
        'source_date_epoch: 1000000000\nvars: { WHERE: boot }\n',
      )
      expect(result.warnings).toEqual([])
      const lines = inside(result, 0, (folder) =>
        [...findListing(folder)].map(([path, { type, mode, uid, gid, size, target }]) =>
          [path || '.', type, mode, `${uid}:${gid}`, size ?? target].filter((word) => word !== undefined).join(' '),
        ),
      )
      expect(lines.sort()).toEqual([
        '. directory 755 0:0',
        'boot directory 755 0:0',
        'boot/kernel directory 755 0:0',
        'boot/kernel/zImage file 644 0:4 6',
        'dev directory 755 0:0',
        'dev/console char 600 0:0',
        'dev/tty0 char 666 0:5',
        'dev/tty1 char 666 0:5',
        'etc directory 755 0:0',
        'etc/group file 644 0:0 29',
        'etc/hostname file 600 33:34 11',
        'etc/motd file 644 0:0 5',
        'etc/mtab symlink 777 0:0 ../proc/self/mounts',
        'etc/passwd file 644 0:0 31',
        'home directory 755 0:0',
        'home/www directory 770 33:34',
        'home/www/page file 770 33:34 4',
        'srv directory 700 33:34',
        'srv/kernel file 400 33:34 6',
        'tmp directory 1777 0:0',
        'tmp/motd file 644 0:0 5',
        'var directory 755 0:0',
        'var/log directory 750 0:0',
        'vmlinuz symlink 777 0:0 srv/kernel',
      ])
      expect(inside(result, 0, (folder) => readFileSync(join(folder, 'etc/motd'), 'utf8'))).toBe('above')
      const times = inside(result, 0, (folder) => [...findListing(folder).values()].map(({ time }) => Number(time)))
      expect(Math.max(...times)).toBe(1_000_000_000)
    })

    it('lets a folder take the place of a link where links: replace says so, with a warning', async () => {
      put('lib/lib/ld.so', 'ld')
      const { warnings } = await built(
        '  - { name: a, size: 8MiB, fs: ext4, content: [{ path: /lib, link: usr/lib }, { folder: lib, links: replace }] }\n',
      )
      expect(warnings).toEqual(['"lib": a folder of a later source takes the place of a symlink'])
    })

    it('goes through the links of a usr-merged system, with every kind of entry', async () => {
      put('merged/usr/lib/ld.so', 'ld')
      symlinkSync('usr/lib', at('merged/lib'))
      put('ov/lib/modules/m.ko', 'm')
      put('app/x', 'x')
      put(
        'table.txt',
        '/lib/modules/m.ko f 640 0 7 - - - - -\n/lib/dev d 711 0 0 - - - - -\n/lib/dev/null c 666 0 0 1 3 0 0 -\n',
      )
      put('list.txt', 'dir /lib/list 0750 0 0\nslink /lib/list/l target 0777 0 0\n')
      tool('tar', '-C', at('merged'), '-cf', at('base.tar'), '.')
      const result = await built(
        `  - name: root
    size: 8MiB
    fs: ext4
    options: { lost_and_found: false }
    content:
      - base.tar
      - { folder: ov }
      - { folder: app, to: /lib/app }
      - { list: list.txt }
      - { path: /lib/firmware/fw, text: fw }
      - { path: /lib, directory: true, mode: "0751" }
      - { rename: /lib/app/x, to: /lib/app/y }
      - { device_table: table.txt }
`,
      )
      expect(result.warnings).toEqual([])
      const lines = inside(result, 0, (folder) =>
        [...findListing(folder)].map(([path, { type, mode, target }]) => `${path} ${type} ${target ?? mode}`),
      )
      expect(lines.sort()).toEqual([
        ' directory 755',
        'lib symlink usr/lib',
        'usr directory 755',
        'usr/lib directory 751',
        'usr/lib/app directory 755',
        'usr/lib/app/y file 644',
        'usr/lib/dev directory 711',
        'usr/lib/dev/null char 666',
        'usr/lib/firmware directory 755',
        'usr/lib/firmware/fw file 644',
        'usr/lib/ld.so file 644',
        'usr/lib/list directory 750',
        'usr/lib/list/l symlink target',
        'usr/lib/modules directory 755',
        'usr/lib/modules/m.ko file 640',
      ])
    })

    it('fills a FAT with single files under new names', async () => {
      put('build/u-boot-dtb.img', 'loader')
      put('build/Image', Buffer.alloc(70_000, 7))
      tool('tar', '--owner=0', '--group=0', '-C', at('build'), '-czf', at('build.tgz'), '.')
      const { image, manifest } = await built(
        `  - name: boot
    size: auto
    fs: fat
    content:
      - { path: /MLO, file: build/u-boot-dtb.img }
      - { path: /boot/linux/Image, file: build/Image }
      - { path: /extlinux/extlinux.conf, text: "default linux\\n" }
      - { tar: build.tgz, to: /again, include: [Image] }
`,
      )
      const url = `${image}@@${manifest.partitions[0]!.start_byte}`
      const files = tool('mdir', '-/', '-b', '-i', url, '::')
        .match(/^.*[^/\n]$/gm)!
        .sort()
      expect(files).toEqual(['::/MLO', '::/again/Image', '::/boot/linux/Image', '::/extlinux/extlinux.conf'])
      expect(tool('mtype', '-i', url, '::/MLO')).toBe('loader')
      expect(tool('mtype', '-i', url, '::/extlinux/extlinux.conf')).toBe('default linux\n')
      const sum = createHash('sha256').update(Buffer.alloc(70_000, 7)).digest('hex')
      for (const path of ['::/boot/linux/Image', '::/again/Image']) {
        expect(tool('sh', '-c', 'mtype -i "$1" "$2" | sha256sum', 'sh', url, path)).toContain(sum)
      }
    })
  },
  { root: true },
)
