/** Wherever a config names a path, a device or a fifo there is refused at once: none of them is read, waited for or endless. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scratchFolder } from '../support/oracle.js'
import { messagesOf, rejectionOf } from '../support/rejected-build.js'

const scratch = scratchFolder()
const EMPTY = 'partitions: [{ name: a, size: 32MiB, fs: ext4 }]\n'
const gadget = (inside: string): string => `${EMPTY}gadget: { modules: [libcomposite], ${inside} }\n`
const content = (entry: string): string => `partitions: [{ size: 8MiB, fs: ext4, content: [${entry}] }]\n`

/** Every place of a config that names a file, with PATH for it. */
const PLACES: readonly (readonly [place: string, config: string])[] = [
  ['a raw partition', 'partitions: [{ size: 8MiB, fs: ./PATH }]\n'],
  ['a single path of content', 'partitions: [{ size: 8MiB, fs: ext4, content: PATH }]\n'],
  ['a tar', content('{ tar: PATH }')],
  ['a cpio', content('{ cpio: PATH }')],
  ['a list', content('{ list: PATH }')],
  ['a device table', content('{ device_table: PATH }')],
  ['a single file', content('{ path: /f, file: PATH }')],
  ['an environment', 'partitions: [{ size: 64KiB, fs: u-boot-env/PATH }]\n'],
  ['an include', `include: PATH\n${EMPTY}`],
  ['the bundle', `bundle: { include: [PATH] }\n${EMPTY}`],
  ['the history of a budget', `budget: { warn: 90%, history: PATH }\n${EMPTY}`],
  ['a key file', 'partitions: [{ size: 32MiB, fs: ext4, luks: { key_file: PATH } }]\n'],
  ['a device tree', gadget('device_tree: { file: PATH, node: "&usb", dr_mode: peripheral }')],
  ['a list that gets modules', gadget('modules_into: PATH')],
  ['the initramfs', `${EMPTY}gadget: { initramfs: { content: PATH } }\n`],
]

describe.each([
  ['a fifo', 'fifo', (folder: string) => execFileSync('mkfifo', [join(folder, 'fifo')])],
  ['a character device', 'zero', (folder: string) => execFileSync('ln', ['-s', '/dev/zero', join(folder, 'zero')])],
])('%s', (what, name, beforeBuild) => {
  it.each(PLACES)('is refused as %s', async (_, config) => {
    const rejected = { config: `image: a.img\n${config.replaceAll('PATH', name)}`, beforeBuild }
    expect(messagesOf(await rejectionOf(scratch, rejected))).toContain(`it is ${what}`)
  })
})
