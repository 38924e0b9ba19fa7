/** What a folder or archive says of its files arrives in the volume, is named, or is refused; debugfs is the judge. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { build } from '../../src/build.js'
import { DiskloomError, type Problem } from '../../src/errors.js'
import { describeWithTools, hasTool, scratchFolder, tool } from '../support/oracle.js'

/** Warnings about the size of the sample, and about this machine. */
const OF_THE_SAMPLE = ['not-pinned', 'fat-cluster-count', 'ext-no-journal']

const isRoot = process.geteuid?.() === 0
const LABEL = 'system_u:object_r:bin_t:s0'
const IMA = '0404aabb'

describeWithTools('a payload and what becomes of it', ['debugfs', 'getfattr', 'setfattr', 'tar'], () => {
  const scratch = scratchFolder()

  /** Makes `d` and builds one volume from it without a table, so that the image is the volume. */
  async function built(make: (folder: string) => void, partition: string, more = '') {
    const folder = mkdtempSync(join(scratch, 'case-'))
    mkdirSync(join(folder, 'd'))
    make(folder)
    const config = `image: v.img\ntable: none\nsource_date_epoch: 1700000000\n${more}partitions:\n  - { size: 8MiB, ${partition} }\n`
    writeFileSync(join(folder, 'a.yaml'), config)
    const warnings: Problem[] = []
    const onEvent = (event: { kind: string; problem?: Problem }) => {
      if (event.kind === 'warning') warnings.push(event.problem!)
    }
    const options = { config: join(folder, 'a.yaml'), out: join(folder, 'out'), only: 'image' as const, onEvent }
    let refusal: string | undefined
    try {
      await build(options)
    } catch (error) {
      if (!(error instanceof DiskloomError)) throw error
      refusal = error.message.replaceAll(folder, '…')
    }
    const volume = join(folder, 'out', 'v.img', 'v.img')
    return {
      volume,
      warnings: warnings.map(({ finding }) => finding!).filter((finding) => !OF_THE_SAMPLE.includes(finding)),
      refusal,
    }
  }

  const ask = (volume: string, command: string): string => tool('debugfs', '-R', command, volume)
  const statOf = (volume: string, path: string): Record<string, string> => {
    const text = ask(volume, `stat ${path}`)
    const field = (name: string): string => new RegExp(`${name}:\\s+(\\S+)`).exec(text)?.[1] ?? ''
    return { mode: field('Mode'), user: field('User'), group: field('Group'), type: field('Type') }
  }

  /** Security attributes need root, and a file system that takes them. */
  function withLabels(folder: string): void {
    writeFileSync(join(folder, 'd', 'f'), 'x')
    tool('setfattr', '-n', 'security.selinux', '-v', LABEL, join(folder, 'd', 'f'))
    tool('setfattr', '-n', 'security.ima', '-v', `0x${IMA}`, join(folder, 'd', 'f'))
    tool('setfattr', '-n', 'user.note', '-v', 'kept', join(folder, 'd', 'f'))
  }
  const attributesOf = (volume: string): string[] =>
    [...ask(volume, 'ea_list /f').matchAll(/(\S+) \(\d+\)/g)].map(([, name]) => name!).sort()

  const engines = hasTool('mke2fs') ? ['native', 'host'] : ['native']

  it.runIf(isRoot).each(engines)('keeps labels and signatures with xattrs: keep, engine: %s', async (engine) => {
    const result = await built(withLabels, `fs: ext4/d, xattrs: keep, engine: ${engine}`)
    expect(result).toMatchObject({ warnings: [], refusal: undefined })
    expect(attributesOf(result.volume)).toEqual(['security.ima', 'security.selinux', 'user.note'])
    expect(ask(result.volume, 'ea_get -x /f security.ima')).toContain('04 04 aa bb')
    expect(ask(result.volume, 'ea_get /f security.selinux')).toContain(LABEL)
  })

  it.runIf(isRoot).each(engines)('names them where nobody asked for them, engine: %s', async (engine) => {
    const result = await built(withLabels, `fs: ext4/d, engine: ${engine}`)
    expect(result.warnings).toEqual(['xattrs-dropped'])
    expect(attributesOf(result.volume)).toEqual(['user.note'])
  })

  it.runIf(isRoot).each(engines)('says nothing with xattrs: none, engine: %s', async (engine) => {
    const result = await built(withLabels, `fs: ext4/d, xattrs: none, engine: ${engine}`)
    expect(result.warnings).toEqual([])
    expect(ask(result.volume, 'ea_list /f')).not.toContain('user.note')
  })

  it.runIf(isRoot).each([
    ['keep', [], ['security.ima', 'security.selinux', 'user.note']],
    [undefined, ['xattrs-dropped'], ['user.note']],
  ])('takes them of a tar by the same rule, xattrs: %s', async (rule, warnings, kept) => {
    const make = (folder: string): void => {
      withLabels(folder)
      tool('tar', '--xattrs', '--xattrs-include=*', '-C', join(folder, 'd'), '-cf', join(folder, 's.tar'), 'f')
    }
    const result = await built(make, `fs: ext4, content: s.tar${rule === undefined ? '' : `, xattrs: ${rule}`}`)
    expect(result.warnings).toEqual(warnings)
    expect(attributesOf(result.volume)).toEqual(kept)
  })

  it.runIf(isRoot)('names attributes that a FAT has no place for', async () => {
    const small = 'fs: fat/d'
    expect((await built(withLabels, small)).warnings).toEqual(['xattrs-dropped'])
    expect((await built(withLabels, `${small}, xattrs: none`)).warnings).toEqual([])
  })

  const SHADOW = 42
  function withShadow(folder: string): void {
    writeFileSync(join(folder, 'd', 'shadow'), 'root:*\n')
    chownSync(join(folder, 'd', 'shadow'), 0, SHADOW)
  }
  function withChage(folder: string): void {
    withShadow(folder)
    writeFileSync(join(folder, 'd', 'chage'), '')
    chownSync(join(folder, 'd', 'chage'), 0, SHADOW)
    chmodSync(join(folder, 'd', 'chage'), 0o2755)
  }

  it.runIf(isRoot)('refuses a setgid program whose group would become root', async () => {
    const { refusal, volume } = await built(withChage, 'fs: ext4/d')
    expect(refusal).toContain('Cannot give 1 file to root')
    expect(refusal).toContain('"/chage" (0:42, setgid)')
    expect(existsSync(volume)).toBe(false)
  })

  it.runIf(isRoot).each([
    ['owner: keep', { group: '42', mode: '02755' }],
    ['owner: root', { group: '0', mode: '02755' }],
    ['owner: { gid: { 42: 43 } }', { group: '43', mode: '02755' }],
  ])('does as it is told by %s, without a word', async (owner, expected) => {
    const result = await built(withChage, `fs: ext4/d, ${owner}`)
    expect(result).toMatchObject({ warnings: [], refusal: undefined })
    expect(statOf(result.volume, '/chage')).toMatchObject(expected)
  })

  it.runIf(isRoot).each([
    ['{ folder: d, exclude: [chage] }', ['owners-dropped']],
    ['d, { set: "*", owner: "0:42" }', []],
    ['{ folder: d, owner: "root:root" }', []],
    ['{ path: /shadow, file: d/shadow }', ['owners-dropped']],
    ['{ path: /shadow, file: d/shadow, owner: "0:42" }', []],
    ['{ path: /v, image: { fs: ext4, content: [{ folder: d, exclude: [chage] }] } }', ['owners-dropped']],
  ])('judges what is in the volume in the end: %s', async (content, warnings) => {
    const result = await built(withChage, `fs: ext4, content: [${content}]`)
    expect(result).toMatchObject({ warnings, refusal: undefined })
  })

  it('gives files of a checkout the modes that git keeps, on both engines', async () => {
    const make = (folder: string): void => {
      for (const [name, mode] of [
        ['plain', 0o664],
        ['secret', 0o600],
        ['tool', 0o700],
      ] as const) {
        writeFileSync(join(folder, 'd', name), name)
        chmodSync(join(folder, 'd', name), mode)
      }
      mkdirSync(join(folder, 'd', 'sub'))
      chmodSync(join(folder, 'd', 'sub'), 0o2770)
    }
    for (const engine of engines) {
      const { volume, warnings } = await built(make, `fs: ext4/d, engine: ${engine}`, 'modes: git\n')
      expect(warnings).toEqual([])
      const modes = ['plain', 'secret', 'tool', 'sub'].map((name) => statOf(volume, `/${name}`).mode)
      expect(modes).toEqual(['0644', '0644', '0755', '0755'])
    }
  })

  it('takes modes from the nearest that says them', async () => {
    const make = (folder: string): void => {
      writeFileSync(join(folder, 'd', 'f'), '')
      chmodSync(join(folder, 'd', 'f'), 0o600)
    }
    const modeOf = async (partition: string, more?: string) =>
      statOf((await built(make, partition, more)).volume, '/f').mode
    expect(await modeOf('fs: ext4/d')).toBe('0600')
    expect(await modeOf('fs: ext4/d, modes: git')).toBe('0644')
    expect(await modeOf('fs: ext4/d, modes: host', 'modes: git\n')).toBe('0600')
    expect(await modeOf('fs: ext4, modes: host, content: [{ folder: d, modes: git }]')).toBe('0644')
    expect(await modeOf('fs: ext4, content: [{ path: /f, file: d/f, modes: git }]')).toBe('0644')
    expect(await modeOf('fs: ext4, content: [{ path: /f, file: d/f, modes: git, mode: "0640" }]')).toBe('0640')
  })

  /** As Bazel lays a sandbox out: folders of its own, files that are links to where they are. */
  function withSandbox(folder: string): void {
    mkdirSync(join(folder, 'src', 'lib'), { recursive: true })
    writeFileSync(join(folder, 'src', 'tool'), 'tool')
    chmodSync(join(folder, 'src', 'tool'), 0o755)
    writeFileSync(join(folder, 'src', 'lib', 'a.so'), 'library')
    mkdirSync(join(folder, 'd', 'bin'))
    symlinkSync(join(folder, 'src', 'tool'), join(folder, 'd', 'bin', 'tool'))
    symlinkSync('../src/lib', join(folder, 'd', 'lib'))
  }

  it('refuses a sandbox of links to this machine', async () => {
    const { refusal } = await built(withSandbox, 'fs: ext4/d')
    expect(refusal).toBe(
      'Cannot take 2 links into the image: what is at the end is on this machine and not in the image: "/bin/tool" (→ …/src/tool), "/lib" (→ …/src/lib); accepted are links to what is in the image',
    )
  })

  it('reads a sandbox through its links with links: follow, on both engines', async () => {
    for (const engine of engines) {
      const content = 'content: [{ folder: d, links: follow }]'
      const { volume, refusal } = await built(withSandbox, `fs: ext4, engine: ${engine}, ${content}`)
      expect(refusal).toBe(undefined)
      expect(ask(volume, 'cat /bin/tool')).toBe('tool')
      expect(ask(volume, 'cat /lib/a.so')).toBe('library')
      expect(statOf(volume, '/bin/tool')).toMatchObject({ type: 'regular', mode: '0755' })
      expect(statOf(volume, '/lib')).toMatchObject({ type: 'directory' })
    }
  })

  it('takes a root file system’s own links as they are', async () => {
    const make = (folder: string): void => {
      mkdirSync(join(folder, 'd', 'etc'))
      symlinkSync('/bin/sh', join(folder, 'd', 'etc', 'shell'))
      symlinkSync('/proc/mounts', join(folder, 'd', 'etc', 'mtab'))
      symlinkSync('../../bin/sh', join(folder, 'd', 'etc', 'up'))
    }
    const { volume, refusal, warnings } = await built(make, 'fs: ext4/d')
    expect({ refusal, warnings }).toEqual({ refusal: undefined, warnings: [] })
    expect(ask(volume, 'stat /etc/shell')).toContain('Fast link dest: "/bin/sh"')
  })

  it('says where links cannot be followed', async () => {
    const make = (folder: string): void => {
      mkdirSync(join(folder, 'd', 'a'))
      symlinkSync('..', join(folder, 'd', 'a', 'up'))
      symlinkSync('loop', join(folder, 'd', 'loop'))
      symlinkSync('nowhere', join(folder, 'd', 'dangling'))
      symlinkSync('/dev/null', join(folder, 'd', 'null'))
    }
    const { refusal } = await built(make, 'fs: ext4, content: [{ folder: d, links: follow }]')
    expect(refusal?.split('\n')).toEqual([
      'Cannot follow link "…/d/a/up": it leads back to a folder that holds it',
      'Cannot follow link "…/d/null": it leads to a character device, a file or a folder is accepted',
      expect.stringMatching(/^Cannot read file "…\/d\/dangling": it does not exist/),
      expect.stringMatching(/^Cannot read file "…\/d\/loop": its symlinks run in a circle/),
    ])
  })

  it('refuses files whose size is not what they hold', async () => {
    const proc = 'Cannot read file "/proc/self/status": it says 0 bytes and has some, as files of proc, sysfs'
    const none = (): void => undefined
    expect((await built(none, 'fs: /proc/self/status')).refusal).toContain(proc)
    expect((await built(none, 'fs: ext4, content: [{ path: /f, file: /proc/self/status }]')).refusal).toContain(proc)
    const linked = (folder: string): void => symlinkSync('/proc/self/status', join(folder, 'd', 'f'))
    const follow = await built(linked, 'fs: ext4, content: [{ folder: d, links: follow }]')
    expect(follow.refusal).toContain('it says 0 bytes and has some')
    const page = '/sys/kernel/mm/transparent_hugepage/enabled'
    if (!existsSync(page) || lstatSync(page).size === 0) return
    expect((await built(none, `fs: ${page}`)).refusal).toContain('it says 4096 bytes and has fewer')
  })
})
