/** The scripts and texts that set storage up on a board, judged by what reads them there: shells, modprobe, systemd. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { shellQuote } from '../../src/gadget/mass-storage/shell-quote.js'
import { boardFiles } from '../support/gadget-text.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()

/** One of everything, with values that are special to a shell, to modprobe, to systemd. */
const CONFIGS = {
  configfs: `  luns: ["/mnt/it's $(reboot) \`x\` \\\\ 100%", { file: /dev/sda, ro: true, inquiry: "a'b" }, { file: /iso, cdrom: true }]
  functions: [acm, ecm, rndis, ncm]
  product: "\\"quoted\\" 'thing' $HOME"
  udc: "a'b.0"
  harvest: { mount: "/my medium's", offset: 1MiB }
  stall: false`,
  systemd: '  luns: ["/mnt/a b/c", /dev/sdb]\n  service: systemd\n  harvest: { crlf: false }',
  module: `  driver: g_mass_storage
  luns: ["/mnt/a b's", { file: /dev/sdb, ro: true, removable: false }]
  product: "it's 100% $HOME"
  manufacturer: Größe
  harvest: true`,
}

let scripts: { name: string; text: string }[]
beforeAll(async () => {
  scripts = []
  for (const [config, keys] of Object.entries(CONFIGS)) {
    const { texts } = await boardFiles(keys)
    for (const [name, text] of Object.entries(texts)) {
      if (text.startsWith('#!') || name.endsWith('.sh')) scripts.push({ name: `${config} ${name}`, text })
    }
  }
})

/** Shells of boards: BusyBox, Debian's, and bash as sh. */
const SHELLS: readonly [string, ...string[]][] = [['busybox', 'ash'], ['dash'], ['bash', '--posix']]

describeWithTools('the shells', ['busybox', 'dash', 'bash'], () => {
  it.each(SHELLS)('%s reads every script', (...shell) => {
    expect(scripts.length).toBe(7)
    for (const { name, text } of scripts) {
      const path = join(scratch, name.replaceAll(' ', '-'))
      writeFileSync(path, text)
      expect({ name, ...runTool(shell[0], [...shell.slice(1), '-n', path]) }).toEqual({
        name,
        status: 0,
        stdout: '',
        stderr: '',
      })
    }
  })

  it.each(SHELLS)('%s says how each is used', (...shell) => {
    for (const { name } of scripts.filter((script) => !script.name.endsWith('insmod.sh'))) {
      const path = join(scratch, name.replaceAll(' ', '-'))
      const { status, stderr } = runTool(shell[0], [...shell.slice(1), path])
      expect({ name, status }).toEqual({ name, status: 2 })
      expect(stderr).toMatch(/^usage: /)
    }
  })

  it.each(SHELLS)('%s takes a quoted word for what it was', (...shell) => {
    const words = [
      ...["'", "''", "a'b", '"', '\\', '$HOME', '`id`', '$(id)', '*', '~', '', ' ', '\t', '#', '!', '&;|<>', '{a,b}'],
      ...['größe', '漢字', '-n', "'\\''", '%s', '\\n'],
    ]
    const script = `printf '%s\\n' ${words.map(shellQuote).join(' ')}`
    const { stdout } = runTool(shell[0], [...shell.slice(1), '-c', script])
    expect(stdout).toBe(words.map((word) => `${word}\n`).join(''))
  })

  it.each(SHELLS)('%s gives each LUN its own file, and no other', (...shell) => {
    const text = scripts.find(({ name }) => name === 'configfs S50usb-gadget')!.text
    const functions = text.slice(text.indexOf('lun_file()'), text.indexOf('# Whether the board'))
    const asks = [0, 1, 2, 3]
      .map((lun) => `lun_file ${lun} || echo none; is_writable ${lun} && echo writable`)
      .join('\n')
    const { stdout } = runTool(shell[0], [...shell.slice(1), '-c', `${functions}\n${asks}\n:`])
    expect(stdout).toBe("/mnt/it's $(reboot) `x` \\ 100%\nwritable\n/dev/sda\n/iso\nnone\n")
  })
})

describeWithTools('modprobe', ['modprobe', 'depmod'], () => {
  it('hands the kernel each parameter as the config has it', async () => {
    const tree = join(scratch, 'tree')
    const modules = join(tree, 'lib/modules/6.1.0/kernel')
    mkdirSync(modules, { recursive: true })
    writeFileSync(join(modules, 'g_mass_storage.ko'), '')
    tool('depmod', '-b', tree, '6.1.0')
    const { texts } = await boardFiles(CONFIGS.module)
    const conf = join(scratch, 'g_mass_storage.conf')
    writeFileSync(conf, texts['g_mass_storage.conf']!)
    const { stdout } = runTool('modprobe', ['-C', conf, '-d', tree, '-S', '6.1.0', '--show-depends', 'g_mass_storage'])
    const [, parameters] = /^insmod \S+\/g_mass_storage\.ko (.*?) *$/m.exec(stdout)!
    expect(parameters).toBe(
      'iManufacturer=Größe iProduct="it\'s 100% $HOME" file="/mnt/a b\'s,/dev/sdb" removable=1,0 ro=0,1',
    )
  })
})

describeWithTools('systemd', ['systemd-analyze'], () => {
  it('finds nothing to say of the unit', async () => {
    const folder = join(scratch, 'units')
    mkdirSync(folder)
    const { texts } = await boardFiles(CONFIGS.systemd)
    const unit = join(folder, 'usb-gadget.service')
    // The script's place is the board's; here another program stands in for it.
    writeFileSync(unit, texts['usb-gadget.service']!.replaceAll(/(?<=^Exec\w+=)\S+/gm, '/bin/true'))
    expect(runTool('systemd-analyze', ['verify', '--man=no', unit])).toMatchObject({ status: 0, stderr: '' })
  })

  it('reads the folders of the files as they are', async () => {
    const { texts } = await boardFiles('  luns: ["/mnt/a b/100%/c"]\n  service: systemd')
    const escaped = /^RequiresMountsFor=(.*)$/m.exec(texts['usb-gadget.service']!)![1]!
    expect(escaped).toBe(String.raw`/mnt/a\x20b/100%%`)
  })
})

describe('the line ends of the harvest', () => {
  it.each([
    ['crlf', '', 'one\r\ntwo\r\n\r\nlast\r\n'],
    ['as they come', '  harvest: { crlf: false }', 'one\ntwo\r\n\nlast\n'],
  ])('%s', async (_, harvest, expected) => {
    const { texts } = await boardFiles(`  luns: [/a]\n${harvest === '' ? '  harvest: true' : harvest}`)
    const body = /^append\(\) \{\n(.*?)^\}/ms.exec(texts.harvest!)![1]!.replace(/\tif .*?\tfi\n/s, '')
    const path = join(scratch, 'appended')
    writeFileSync(path, '')
    const script = `MOUNT=${shellQuote(scratch)}\nappend() {\n${body}}\nappend appended`
    for (const shell of SHELLS) {
      writeFileSync(path, '')
      runTool(shell[0], [...shell.slice(1), '-c', script], { input: 'one\ntwo\r\n\nlast\n' })
      expect(tool('cat', path)).toBe(expected)
    }
  })
})
