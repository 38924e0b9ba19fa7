/** The one place that starts other programs. They run with a fixed locale and time zone, without a shell. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Writable } from 'node:stream'
import { InterruptedError, IoError } from '../errors.js'
import type { CommandResult, CommandRunner, RunOptions } from '../tree/command-runner.js'

/** Where administrators' tools stand, which is not on everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin']

/** Tools that are used here → the Debian package that has them. */
const PACKAGES: Readonly<Record<string, string>> = {
  cpp: 'cpp',
  dtc: 'device-tree-compiler',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  dumpe2fs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  resize2fs: 'e2fsprogs',
  getfattr: 'attr',
  lsblk: 'util-linux',
  losetup: 'mount',
  mount: 'mount',
  umount: 'mount',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  cp: 'coreutils',
  cat: 'coreutils',
  perl: 'perl-base',
  cryptsetup: 'cryptsetup-bin',
  sh: 'dash',
  tar: 'tar',
  setfattr: 'attr',
  fakeroot: 'fakeroot',
  'mkfs.fat': 'dosfstools',
  'fsck.fat': 'dosfstools',
  mcopy: 'mtools',
  mmd: 'mtools',
  mksquashfs: 'squashfs-tools',
  'mkfs.erofs': 'erofs-utils',
  'mkfs.btrfs': 'btrfs-progs',
  'mkfs.f2fs': 'f2fs-tools',
  'sload.f2fs': 'f2fs-tools',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.ubifs': 'mtd-utils',
  xz: 'xz-utils',
  bzip2: 'bzip2',
  zstd: 'zstd',
  lz4: 'lz4',
  'qemu-img': 'qemu-utils',
}

const SIGNAL_STATUS_BASE = 128
/** A program that does not heed SIGTERM is killed after this long. */
const KILL_AFTER_MS = 5000

/** `environment`: PATH is taken from it; everything else is passed on, but for locale and time zone. */
export function makeCommandRunner(environment: Readonly<Record<string, string | undefined>>): CommandRunner {
  const folders = [...(environment.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS].filter((folder) => folder !== '')
  const base = { ...environment, PATH: folders.join(delimiter), LC_ALL: 'C', TZ: 'UTC' }
  const locate = (command: string): string | undefined =>
    isAbsolute(command)
      ? existingProgram(command)
      : folders.map((folder) => existingProgram(join(folder, command))).find((path) => path !== undefined)
  return {
    locate,
    async run(command, args, options = {}) {
      const path = locate(command)
      if (path === undefined) throw missingTool(command)
      return runToEnd(path, args, { ...base, ...options.env }, options)
    },
  }
}

export function missingTool(command: string): IoError {
  const debianPackage = PACKAGES[command]
  return new IoError(`Cannot run ${command}: it is not installed, it must stand on the PATH or in /usr/sbin`, {
    ...(debianPackage === undefined ? {} : { hint: `on Debian: apt-get install ${debianPackage}` }),
    details: { command },
  })
}

function existingProgram(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK)
    return path
  } catch {
    return undefined
  }
}

function runToEnd(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { cwd, input, stdinFd, stdoutFd, signal, endBy = 'SIGTERM' }: RunOptions,
): Promise<CommandResult> {
  if (signal?.aborted === true) return Promise.reject(new InterruptedError())
  return new Promise((resolve, reject) => {
    // A process group of its own: an abort ends what the program started, too, and Ctrl-C on a terminal comes only to us.
    const stdio = [stdinFd ?? 'pipe', stdoutFd ?? 'pipe', 'pipe'] as const
    const child = spawn(path, args, { cwd, env, detached: true, stdio: [...stdio] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    let killTimer: NodeJS.Timeout | undefined
    const onAbort = (): void => {
      signalGroup(child.pid, endBy)
      killTimer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    // EPIPE: the program ended without reading all of its input, which its exit code judges.
    child.stdin?.on('error', () => undefined)
    let feedError: { readonly cause: unknown } | undefined
    if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) {
      child.stdin?.end(input)
    } else if (child.stdin !== null) {
      feed(child.stdin, input).catch((cause: unknown) => {
        feedError = { cause }
        onAbort()
      })
    }
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(killTimer)
    }
    child.on('error', (error) => {
      settle()
      reject(new IoError(`Cannot run ${path}: ${error.message}`, { cause: error, details: { command: path } }))
    })
    child.on('close', (code, endedBy) => {
      settle()
      if (signal?.aborted === true) return reject(new InterruptedError())
      if (feedError !== undefined) return reject(feedError.cause)
      resolve({
        status: code ?? SIGNAL_STATUS_BASE + (endedBy === null ? 0 : osConstants.signals[endedBy]),
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8'),
      })
    })
  })
}

/** Resolves when all is written, or nobody reads any more. */
async function feed(stdin: Writable, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) {
    const error = await new Promise<Error | null | undefined>((resolve) => stdin.write(chunk, resolve))
    if (error != null) return
  }
  stdin.end()
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: all of the group have ended already.
  }
}
