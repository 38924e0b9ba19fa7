/** Debian's kernel, which knows what this machine's own may not (vfat), and initial RAM file systems for it. */
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { withFetched } from './fetched-package.js'
import { runTool, tool } from './oracle.js'

export interface DebianKernel {
  /** The bzImage, which is an EFI program too. */
  readonly imagePath: string
  /** Holds lib/modules/VERSION. */
  readonly root: string
  readonly version: string
}

const BUSYBOX = '/bin/busybox'

/** Calls `body` with the kernel, a download of 27 MB (`full`, with USB: 70 MB), as `withFetched`. */
export function withDebianKernel(body: (kernel: DebianKernel) => void, kind: 'cloud' | 'full' = 'cloud'): void {
  withFetched(['fetch-debian-kernel.sh', kind], "Debian's kernel", (root) => {
    const version = readdirSync(join(root, 'lib/modules'))[0]!
    body({ root, version, imagePath: join(root, `boot/vmlinuz-${version}`) })
  })
}

/** Paths of the modules and of all that they need, in the order of loading; what is built in is left out. */
export function modulePaths({ root, version }: DebianKernel, names: readonly string[]): string[] {
  const { status, stdout, stderr } = runTool('modprobe', [
    ...['-C', '/dev/null', '-d', root, '-S', version, '-a', '--show-depends'],
    ...names,
  ])
  if (status !== 0) throw new Error(`modprobe: ${stderr}`)
  const paths = stdout.split('\n').flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? [])
  return [...new Set(paths)]
}

export interface Initramfs {
  /** Script for busybox's shell: the first process. */
  readonly initPath: string
  readonly modules: readonly string[]
  /** Name → content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Of this machine, with the libraries that they need; at the places where they are here. */
  readonly programs?: readonly string[]
}

/** The paths of a program and of every library that it loads. */
function withLibraries(program: string): string[] {
  const path = tool('sh', '-c', `command -v ${program}`).trim()
  return [path, ...(tool('ldd', path).match(/\/\S+/g) ?? [])]
}

/** busybox, the init script, and in /modules the modules with a file `order` that lists them; a cpio at `target`. */
export function writeInitramfs({ initPath, modules, files = {}, programs = [] }: Initramfs, target: string): void {
  const folder = `${target}.d`
  mkdirSync(join(folder, 'bin'), { recursive: true })
  mkdirSync(join(folder, 'modules'))
  if (runTool('ldd', [BUSYBOX]).status === 0)
    throw new Error(`${BUSYBOX} needs libraries: package busybox-static does not`)
  copyFileSync(BUSYBOX, join(folder, 'bin/busybox'))
  copyFileSync(initPath, join(folder, 'init'))
  tool('chmod', '755', join(folder, 'init'))
  for (const path of modules) copyFileSync(path, join(folder, 'modules', basename(path)))
  writeFileSync(join(folder, 'modules/order'), modules.map((path) => `${basename(path)}\n`).join(''))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  for (const path of programs.flatMap(withLibraries)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    copyFileSync(path, join(folder, path))
  }
  tool('sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 >"$2"', 'sh', folder, target)
}
