import { describe, expect, it } from 'vitest'
import type { ByteString } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import { insertModules } from './insert-modules.js'

const MODULES = {
  comments: ['# Load them in this order: a'],
  folders: [
    { path: '/lib', line: 'dir /lib 0755 0 0' },
    { path: '/lib/modules', line: 'dir /lib/modules 0755 0 0' },
  ],
  files: [{ path: '/lib/modules/a.ko', line: 'file /lib/modules/a.ko R/a.ko 0755 0 0' }],
}

function insert(text: string, modules = MODULES) {
  return insertModules(text as ByteString, modules, { name: 'rootfs.initramfs', path: ['gadget', 'modules_into'] })
}

const BLOCK = `# diskloom: modules begin (made from gadget.modules; changes here are lost)
# Load them in this order: a
dir /lib/modules 0755 0 0
file /lib/modules/a.ko R/a.ko 0755 0 0
# diskloom: modules end
`

describe('insertModules', () => {
  it('appends to a list, without the folders that the list makes itself', () => {
    expect(insert('dir lib 0700 0 0\nnod /dev/null 0666 0 0 c 1 3\n')).toEqual({
      text: `dir lib 0700 0 0\nnod /dev/null 0666 0 0 c 1 3\n${BLOCK}`,
      warnings: [],
    })
  })

  it('changes nothing a second time', () => {
    for (const list of ['', 'dir /lib 0755 0 0', '\n\n', `dir /lib 0755 0 0\n${BLOCK}file /lib/x y 0644 0 0\n`]) {
      const once = insert(list).text
      expect(insert(once).text).toBe(once)
    }
  })

  it('replaces what stands between the comments, and only that', () => {
    const other = { ...MODULES, files: [{ path: '/lib/modules/b.ko', line: 'file /lib/modules/b.ko R/b.ko 0755 0 0' }] }
    const after = 'dir /etc 0755 0 0\nan unknown line\xff\n\n'
    expect(insert(`dir /lib 0755 0 0\n${BLOCK}${after}`, other).text).toBe(
      `dir /lib 0755 0 0\n${BLOCK.replaceAll('a.ko', 'b.ko')}${after}`,
    )
  })

  it('makes a folder that the list makes only later', () => {
    expect(insert(`${BLOCK}dir /lib 0755 0 0\n`).text).toContain('dir /lib 0755 0 0\ndir /lib/modules 0755 0 0\nfile')
  })

  it('warns of a module that the list has elsewhere', () => {
    const line = 'file lib/modules/a.ko somewhere/a.ko 0644 0 0\n'
    expect(insert(line).warnings).toMatchObject([
      { message: expect.stringMatching(/line 1 has \/lib\/modules\/a\.ko too/) },
    ])
    expect(insert(`\n${BLOCK}\n${line}`).warnings).toMatchObject([{ message: expect.stringMatching(/line 8 has /) }])
  })

  const [BEGIN, END] = ['# diskloom: modules begin', '# diskloom: modules end']
  for (const [lines, says] of [
    [[END], /line 1 is "# diskloom: modules end" without/],
    [['', BEGIN], /line 2 is "# diskloom: modules begin" without/],
    [[END, BEGIN], /line 2 is "# diskloom: modules begin" without/],
    [[BEGIN, END, BEGIN], /line 3 is "# diskloom: modules begin" a second time, one is accepted/],
    [[BEGIN, END, END], /line 3 is "# diskloom: modules end" a second time/],
  ] as const) {
    it(`refuses ${lines.join(', ')}`, () => {
      expect(() => insert(lines.join('\n'))).toThrow(FormatError)
      expect(() => insert(lines.join('\n'))).toThrow(says)
    })
  }
})
