/**
 * Initial RAM file systems that diskloom makes of a config, unpacked by Debian's kernel: plain, gz, xz and zst end to end,
 * as kernels take several archives, each with the same entries below a folder of its own.
 */
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { gadget } from '../../src/gadget.js'
import { bytesDigest } from '../../src/outputs/file-digest.js'
import { PROJECT } from '../support/diskloom.js'
import { describeWithTools, scratchFolder } from '../support/oracle.js'
import { withDebianKernel } from '../support/qemu-debian-kernel.js'
import { TEST_TIMEOUT_MS, withMachine } from '../support/qemu-machine.js'

const COMPRESSIONS = ['none', 'gz', 'xz', 'zst'] as const
const TIME = 1_600_000_000
const BIG = Buffer.concat([Buffer.alloc(9 << 20), Buffer.from('text\n'.repeat(50_000))])

/** What every archive holds, and nothing implied but the folder `deep/er`. */
const LIST = `dir /bin 0755 0 0
file "/bin/a tool" tool 4755 1 2 /bin/again /later/on
dir /closed 1777 8 9
file /big big 0640 65534 70000
file /conf/ conf-*.txt 0600 0 0
file /empty empty 0644 0 0
dir /later 0750 0 0
slink /link "bin/a tool" 0777 3 4
nod /null 0620 0 5 c 1 3
nod /loop0 0660 0 6 b 7 0
pipe /deep/er/pipe 0600 6 7
sock /sock 0600 0 0
`

const START = `dir /dev 0755 0 0
nod /dev/console 0600 0 0 c 5 1
file /init ${join(PROJECT, 'test/qemu/guest/initramfs.sh')} 0755 0 0
file /bin/busybox /bin/busybox 0755 0 0
`

/** As the guest lists it, by path; `mode uid gid links size`, of folders without the last two. */
const EXPECTED: Readonly<Record<string, string>> = {
  '': '41ed 0 0',
  bin: '41ed 0 0',
  'bin/a tool': '89ed 1 2 3 5',
  'bin/again': '89ed 1 2 3 5',
  big: `81a0 65534 70000 1 ${BIG.length}`,
  closed: '43ff 8 9',
  conf: '41ed 0 0',
  'conf/conf-1.txt': '8180 0 0 1 2',
  'conf/conf-2.txt': '8180 0 0 1 2',
  deep: '41ed 0 0',
  'deep/er': '41ed 0 0',
  'deep/er/pipe': '1180 6 7 1 0',
  empty: '81a4 0 0 1 0',
  later: '41e8 0 0',
  'later/on': '89ed 1 2 3 5',
  link: 'a1ff 3 4 1 10',
  loop0: '61b0 0 6 1 0 7:0',
  null: '2190 0 5 1 0 1:3',
  sock: 'c180 0 0 1 0',
}

describeWithTools(
  'the kernel and initial RAM file systems',
  ['qemu-system-x86_64', 'setpriv', 'busybox', 'depmod', 'xz', 'zstd'],
  () => {
    withDebianKernel((kernel) => {
      const scratch = scratchFolder()
      let found: ReadonlyMap<string, string>
      let others: readonly string[]

      async function archive(compression: (typeof COMPRESSIONS)[number]): Promise<Buffer> {
        const config = join(scratch, `${compression}.yaml`)
        const start = compression === 'none' ? '- start.list' : ''
        writeFileSync(
          config,
          `image: ${compression}\nsource_date_epoch: ${TIME}\npartitions: []\ngadget:\n  initramfs:\n    compression: ${compression}\n    name: archive\n    content:\n      - { list: tree.list, to: /${compression} }\n      ${start}\n`,
        )
        const { folder } = await gadget({ config, out: join(scratch, 'out'), environment: {} })
        return readFileSync(join(folder, 'gadget/archive'))
      }

      beforeAll(async () => {
        const files = { tool: 'tool\n', big: BIG, empty: '', 'conf-1.txt': '1\n', 'conf-2.txt': '2\n', 'conf.txt': '' }
        for (const [name, content] of Object.entries(files)) {
          writeFileSync(join(scratch, name), content)
          utimesSync(join(scratch, name), TIME - 1, TIME - 1)
        }
        writeFileSync(join(scratch, 'tree.list'), LIST)
        writeFileSync(join(scratch, 'start.list'), START)
        mkdirSync(join(scratch, 'out'))
        const initramfs = join(scratch, 'initramfs')
        const archives: Buffer[] = []
        for (const compression of COMPRESSIONS) archives.push(await archive(compression))
        writeFileSync(initramfs, Buffer.concat(archives))
        const text = await withMachine(
          {
            board: 'q35',
            memoryMib: 512,
            args: ['-kernel', kernel.imagePath, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1'],
          },
          async (machine) => {
            await machine.waitFor(/# begin\s/)
            return (await machine.waitFor(/# end/)).replace('# end', '')
          },
        )
        const lines = Buffer.from(text.replace(/[^A-Za-z0-9+/=]/g, ''), 'base64')
          .toString('utf8')
          .trimEnd()
          .split('\n')
        const entries = lines.flatMap((line) => {
          const [, stat, path] = /^([0-9a-f]+ \d+ \d+ \d+ \d+ \d+ [0-9a-f]+:[0-9a-f]+) (.*)$/.exec(line) ?? []
          return stat === undefined ? [] : [[path!, stat] as const]
        })
        found = new Map(entries)
        others = lines.filter((line) => /^[hl] /.test(line))
      }, TEST_TIMEOUT_MS)

      for (const compression of COMPRESSIONS) {
        it(`finds in ${compression} what the list says`, () => {
          const below = (path: string): string => (path === '' ? compression : `${compression}/${path}`)
          const entries = [...found].filter(([path]) => path === compression || path.startsWith(`${compression}/`))
          const shown = entries.map(([path, stat]) => {
            const [mode, uid, gid, links, size, , device] = stat.split(' ')
            const isFolder = mode!.startsWith('4')
            return [
              path,
              [mode, uid, gid, ...(isFolder ? [] : [links, size]), ...(device === '0:0' ? [] : [device])].join(' '),
            ]
          })
          expect(Object.fromEntries(shown)).toEqual(
            Object.fromEntries(Object.entries(EXPECTED).map(([path, stat]) => [below(path), stat])),
          )
          for (const [path, stat] of entries) {
            const isOfHost = /^8/.test(stat) || path.endsWith('/conf')
            expect(Number(stat.split(' ')[5]), path).toBe(isOfHost ? TIME - 1 : TIME)
          }
          expect(others).toContain(`h ${bytesDigest(BIG)}  ${below('big')}`)
          for (const name of ['bin/a tool', 'bin/again', 'later/on']) {
            expect(others).toContain(`h ${bytesDigest(Buffer.from('tool\n'))}  ${below(name)}`)
          }
          expect(others).toContain(`l bin/a tool\t${below('link')}`)
        })
      }
    })
  },
)
