/** Values of a config in scripts, modules' options and units: what a shell, modprobe and the kernel make of them. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boardFiles } from '../support/gadget-text.js'
import { nextArguments } from '../support/kernel-arguments.js'
import { describeWithTools, runTool, scratchFolder } from '../support/oracle.js'

const scratch = scratchFolder()
const SEED = 20261130

/** What a parameter can hold: anything printable but a double quote; commas separate files. */
const SPECIAL = " '$`\\;&|<>()[]*?!#~=%\u00e0\u00a0\u2026漢ab"
const word = fc.string({ unit: fc.constantFrom(...SPECIAL), minLength: 1, maxLength: 12 })

function keysOf(product: string, file: string): string {
  return `  driver: g_mass_storage\n  luns: [${JSON.stringify(file)}, /dev/sdb]\n  product: ${JSON.stringify(product)}\n  manufacturer: ${JSON.stringify(product)}`
}

describe('options of g_mass_storage', () => {
  it('reach the kernel as the config has them', async () => {
    await fc.assert(
      fc.asyncProperty(word, word, async (product, name) => {
        fc.pre(product.trim() !== '' && !name.endsWith('/'))
        const file = `/mnt/${name}`
        const { texts } = await boardFiles(keysOf(product, file))
        const [options, ...others] = texts['g_mass_storage.conf']!.trimEnd().split('\n')
        expect(others).toEqual([])
        const given = Buffer.from(options!.replace(/^options g_mass_storage /, '')).toString('latin1')
        const read = nextArguments(given).map(([key, value]) => [key, Buffer.from(value!, 'latin1').toString('utf8')])
        expect(read).toEqual([
          ['iManufacturer', product],
          ['iProduct', product],
          ['file', `${file},/dev/sdb`],
          ['removable', '1,1'],
        ])
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
})

describeWithTools('the scripts of g_mass_storage', ['dash', 'busybox', 'shellcheck'], () => {
  const bin = join(scratch, 'bin')
  const said = join(scratch, 'said')
  const shells: readonly [string, ...string[]][] = [['dash'], ['busybox', 'ash']]

  // BusyBox would run its own insmod.
  it.each([['dash'], ['bash', '--posix']])(
    '%s gives insmod each value as one word, and runs nothing of it',
    async (...shell) => {
      mkdirSync(bin, { recursive: true })
      writeFileSync(join(bin, 'insmod'), `#!/bin/sh\nprintf '%s\\n' "$@" >>'${said}'\n`, { mode: 0o755 })
      const evil = "$(touch PWNED)`touch PWNED`';touch PWNED;'"
      const keys = `${keysOf(evil, `/mnt/${evil}`)}\n  modules: [g_mass_storage]\n  prefix: "/lib/$(touch$$IFS-PWNED);'"`
      const { texts } = await boardFiles(keys)
      const script = join(scratch, 'insmod.sh')
      writeFileSync(script, texts['insmod.sh']!)
      writeFileSync(said, '')
      const path = `${bin}${delimiter}${process.env.PATH}`
      const { status } = runTool('env', ['-C', scratch, `PATH=${path}`, ...shell, script])
      expect(status).toBe(0)
      const words = runTool('cat', [said]).stdout
      expect(words).toContain(`/lib/$(touch$$IFS-PWNED);'/g_mass_storage.ko\n`)
      // Where it needs no quotes for the kernel it has none.
      expect(words).toContain(`iProduct="${evil}"\n`)
      expect(existsSync(join(scratch, 'PWNED'))).toBe(false)
      const checked = runTool('shellcheck', ['-s', 'sh', '--exclude=SC2016', script])
      expect(checked.stdout).toBe('')
    },
  )

  it.each(shells)('%s puts a file with backslashes into a LUN as it is', async (...shell) => {
    const { texts } = await boardFiles("  luns: ['/mnt/a\\tb\\\\n']\n  harvest: { mount: '/m x\\y' }")
    const script = texts['S50usb-gadget']!
    const put = /^put_medium\(\) \{\n[\s\S]*?^\}/m.exec(script)![0]
    const file = join(scratch, 'lun-file')
    const run = `say() { :; }\n${put}\nput_medium 0 '/mnt/a\\tb\\\\n' '${file}'`
    expect(runTool(shell[0], [...shell.slice(1), '-c', run]).status).toBe(0)
    expect(runTool('cat', [file]).stdout).toBe('/mnt/a\\tb\\\\n\n')
    // As /proc/mounts shows the mount.
    const isOpen = /^is_open\(\) \{\n[\s\S]*?^\}/m
      .exec(texts.harvest!)![0]
      .replace('/proc/mounts', join(scratch, 'mounts'))
    const mounted = /^readonly MOUNTED=.*$/m.exec(texts.harvest!)![0]
    for (const [line, status] of [
      ['/dev/loop0 /m\\040x\\134y vfat rw 0 0', 0],
      ['/dev/loop0 /m vfat rw 0 0', 1],
    ] as const) {
      writeFileSync(join(scratch, 'mounts'), `${line}\n`)
      expect(runTool(shell[0], [...shell.slice(1), '-c', `${mounted}\n${isOpen}\nis_open`]).status).toBe(status)
    }
  })
})

describeWithTools('systemd', ['systemd-analyze'], () => {
  it('waits for the folders of files whatever their names are', async () => {
    const folder = join(scratch, 'units')
    mkdirSync(folder)
    const { texts } = await boardFiles(
      `  service: systemd\n  luns: ["/mnt/a b%h/c", "/mnt/../srv//x\u00a0y/c", "/it's \\"q\\" \\\\/c"]`,
    )
    const unit = join(folder, 'usb-gadget.service')
    writeFileSync(unit, texts['usb-gadget.service']!.replaceAll('/usr/libexec/usb-gadget', '/bin/true'))
    const { stdout, stderr } = runTool('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', unit])
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('usb-gadget.service'))).toEqual([])
    expect(texts['usb-gadget.service']).toContain(
      'RequiresMountsFor=/mnt/a\\x20b%%h /srv/x\u00a0y /it\\x27s\\x20\\x22q\\x22\\x20\\x5c\n',
    )
  })
})
