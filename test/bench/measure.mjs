/** What the benches share: whole processes by /usr/bin/time, rounds over all cases, medians. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const MIB = 1 << 20

export function assertTime() {
  if (!existsSync('/usr/bin/time')) throw new Error('/usr/bin/time is missing (Debian package time)')
}

/** Reads folders once, so that a run finds its payload in the page cache. */
export function warm(folder) {
  spawnSync('sync')
  spawnSync('sh', ['-c', 'find "$0" -type f -exec cat {} + >/dev/null', folder])
}

/** One process tree: wall and CPU seconds and peak resident MiB of its largest process. Throws where it fails. */
export function measure([file, ...args], { log, timeoutSeconds }) {
  const command = timeoutSeconds === undefined ? [file, ...args] : ['timeout', String(timeoutSeconds), file, ...args]
  const result = spawnSync('/usr/bin/time', ['-q', '-o', log, '-f', '%e %U %S %M', ...command], { encoding: 'utf8' })
  const timedOut = timeoutSeconds !== undefined && result.status === 124
  if (result.status !== 0 && !timedOut)
    throw new Error(`${file} exits ${result.status}:\n${result.stdout}${result.stderr}`)
  const [seconds, user, system, kib] = readFileSync(log, 'utf8').trim().split('\n').at(-1).split(' ').map(Number)
  return { seconds, cpuSeconds: user + system, peakMiB: (kib * 1024) / MIB, timedOut }
}

/** Several commands in a row as one. */
export function measureAll(commands, folder, timeoutSeconds) {
  const parts = commands.map((command) => measure(command, { log: join(folder, 'time'), timeoutSeconds }))
  return {
    seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
    cpuSeconds: parts.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMiB: Math.max(...parts.map(({ peakMiB }) => peakMiB)),
    timedOut: parts.some(({ timedOut }) => timedOut),
  }
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The runs of one case in figures. */
export function figuresOf(runs) {
  const seconds = runs.map((run) => run.seconds)
  return {
    median: median(seconds),
    least: Math.min(...seconds),
    most: Math.max(...seconds),
    cpu: median(runs.map((run) => run.cpuSeconds)),
    peakMiB: Math.max(...runs.map((run) => run.peakMiB)),
    timedOut: runs.some((run) => run.timedOut),
  }
}

export function tableRow(name, { median: middle, least, most, cpu, peakMiB, timedOut }) {
  const wall = `${timedOut ? 'over ' : ''}${middle.toFixed(2)} (${least.toFixed(2)} .. ${most.toFixed(2)})`
  return `| ${name} | ${wall} | ${cpu.toFixed(2)} | ${peakMiB.toFixed(0)} |`
}

export const TABLE_HEAD = '| | wall s, median (least .. most) | CPU s | peak MiB |\n|---|--:|--:|--:|'
