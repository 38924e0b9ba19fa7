/**
 * UEFI firmware starts from what diskloom wrote, in two boots: of its own accord EFI/BOOT/BOOTX64.EFI from the FAT of an
 * EFI system partition, which is GRUB here, which sums every file and starts a kernel from ext4; and where there is none,
 * its shell, whose startup.nsh compares files and starts Debian's kernel from the FAT, initial RAM file system and all.
 */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { byteString } from '../../src/bytes/text.js'
import { contentOfFile, type FileNode, type FileTree, walkTree } from '../../src/tree/file-tree.js'
import { PROJECT } from '../support/diskloom.js'
import { MIB } from '../support/image-spec.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { type DebianKernel, withDebianKernel, writeInitramfs } from '../support/qemu-debian-kernel.js'
import { extVolume, fatVolume, type JudgedDisk, type JudgedVolume, weaveDisk } from '../support/qemu-disk.js'
import { sha256 } from '../support/qemu-entries.js'
import { TEST_TIMEOUT_MS } from '../support/qemu-machine.js'
import { file, folder, pattern } from '../support/qemu-trees.js'
import { withUefi } from '../support/qemu-uefi.js'
import { readBytes } from '../support/read-content.js'

const ESP_BYTES = 80 * MIB
const SUMS = 'SHA256SUMS'
const KERNEL_OPTIONS = 'console=ttyS0 quiet panic=-1'

/** Names and sizes of every kind that a boot volume has; few, since firmware prints them slowly. */
function payload(): Record<string, FileNode> {
  return {
    'README.TXT': file('short'),
    'lower.txt': file('lower by its flags'),
    'A long name with blanks.text': file(pattern(5000)),
    'Grüße aus Köln.txt': file('umlauts'),
    日本語: file('kanji'),
    empty: file(''),
    many: folder(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`number ${index}.dtbo`, file(`${index}`)])),
    ),
    'one cluster.bin': file(pattern(512)),
    'many clusters.bin': file(pattern(300_001)),
  }
}

function filesOf(tree: FileTree): [path: string, bytes: Uint8Array][] {
  return [...walkTree(tree)].flatMap(([path, node]) => (node.type === 'file' ? [[path, readBytes(node.content)]] : []))
}

/** The tree with the sums of all its files beside them. */
function summed(tree: FileTree): FileTree {
  const lines = filesOf(tree).map(([path, bytes]) => `${sha256(bytes)}  ${Buffer.from(path, 'latin1')}\n`)
  tree.children.set(byteString(SUMS), file(lines.join('')))
  return tree
}

function hostFile(path: string): FileNode {
  return { ...file(''), content: contentOfFile({ path, sizeBytes: statSync(path).size }) }
}

describeWithTools(
  'UEFI firmware',
  [
    'qemu-system-x86_64',
    'setpriv',
    'busybox',
    'cpio',
    'grub-mkimage',
    '/usr/lib/grub/x86_64-efi/moddep.lst',
    '/usr/share/OVMF/OVMF_CODE_4M.fd',
  ],
  () => withDebianKernel((kernel) => describeBoots(kernel)),
)

function describeBoots(kernel: DebianKernel): void {
  const scratch = scratchFolder()
  const initramfs = join(scratch, 'hello.cpio')

  beforeAll(() => {
    writeInitramfs({ initPath: join(PROJECT, 'test/qemu/guest/hello.sh'), modules: [] }, initramfs)
  })

  /** The ESP, two other widths of FAT, and ext4; all with the payload. */
  function weave(name: string, esp: Record<string, FileNode>): JudgedDisk {
    const boot = { 'vmlinuz.efi': hostFile(kernel.imagePath), 'initrd.img': hostFile(initramfs) }
    const volumes: JudgedVolume[] = [
      {
        name: 'esp',
        sizeBytes: ESP_BYTES,
        volume: fatVolume('fat32', {}, 'ESP'),
        tree: summed(folder({ ...payload(), ...boot, ...esp })),
        more: { type: 'esp' },
      },
      { name: 'fat16', sizeBytes: 16 * MIB, volume: fatVolume('fat16'), tree: summed(folder(payload())) },
      { name: 'fat12', sizeBytes: 2 * MIB, volume: fatVolume('fat12'), tree: summed(folder(payload())) },
      {
        name: 'root',
        sizeBytes: 64 * MIB,
        volume: extVolume('ext4', { profile: 'grub-2.04' }),
        tree: summed(folder({ ...payload(), boot: folder(boot) })),
      },
    ]
    return weaveDisk(scratch, name, volumes)
  }

  function makeGrub(): string {
    const volumes = ['gpt1', 'gpt2', 'gpt3', 'gpt4'].map((part) => `(hd0,${part})`)
    const config = [
      ...volumes.map((at) => `echo sums of ${at}\nhashsum --hash sha256 --check ${at}/${SUMS} --prefix ${at}/`),
      'echo end of sums',
      `linux (hd0,gpt4)/boot/vmlinuz.efi ${KERNEL_OPTIONS} from=ext4`,
      'initrd (hd0,gpt4)/boot/initrd.img',
      'boot',
    ]
    const configPath = join(scratch, 'grub.cfg')
    const target = join(scratch, 'BOOTX64.EFI')
    writeFileSync(configPath, `${config.join('\n')}\n`)
    const modules = ['part_gpt', 'fat', 'ext2', 'normal', 'echo', 'hashsum', 'gcry_sha256', 'linux', 'boot']
    tool('grub-mkimage', '-O', 'x86_64-efi', '-p', '/', '-c', configPath, '-o', target, ...modules)
    return target
  }

  it(
    'starts GRUB from the FAT, which sums every file and starts a kernel from ext4',
    async () => {
      const disk = weave('with-grub', { EFI: folder({ BOOT: folder({ 'BOOTX64.EFI': hostFile(makeGrub()) }) }) })
      const said = await withUefi(scratch, [disk], async (machine) => {
        await machine.waitForPowerOff()
        return machine.console
      })
      disk.volumes.forEach(({ name, tree }, index) => {
        const [, sums] = said.split(`sums of (hd0,gpt${index + 1})`)
        const verdicts = [...sums!.split(/sums of|end of sums/)[0]!.matchAll(/: (OK|HASH MISMATCH|READ ERROR)\s*$/gm)]
        // The list itself is not in its own list.
        const expected = filesOf(tree).length - 1
        expect(
          verdicts.map(([, verdict]) => verdict),
          name,
        ).toEqual(Array.from({ length: expected }, () => 'OK'))
      })
      expect(said).toContain(`kernel ${kernel.version} started from ext4 by UEFI`)
    },
    TEST_TIMEOUT_MS,
  )

  it(
    'starts a kernel from the FAT, and reads FAT12, FAT16 and FAT32 alike',
    async () => {
      const paths = filesOf(folder(payload())).map(([path]) =>
        Buffer.from(path, 'latin1').toString().replaceAll('/', '\\'),
      )
      const script = [
        '@echo -off',
        ...paths.flatMap((path) => ['fs1', 'fs2'].map((other) => `comp "fs0:\\${path}" "${other}:\\${path}"`)),
        `\\vmlinuz.efi initrd=\\initrd.img ${KERNEL_OPTIONS} from=FAT`,
      ]
      // The shell reads scripts of UTF-16 with a byte order mark; by its old code page it would not find some names.
      const startup = Buffer.from(`\ufeff${script.join('\r\n')}\r\n`, 'utf16le')
      const disk = weave('with-shell', { 'startup.nsh': file(startup) })
      const said = await withUefi(scratch, [disk], async (machine) => {
        await machine.waitFor(/ to skip /)
        machine.send(' ')
        await machine.waitForPowerOff()
        return machine.console
      })
      expect(said.match(/\[no differences encountered\]/gi) ?? [], said).toHaveLength(2 * paths.length)
      expect(said).toContain(`kernel ${kernel.version} started from FAT by UEFI`)
    },
    TEST_TIMEOUT_MS,
  )
}
