#!/usr/bin/env node
/**
 * Each output of the eMMC job beside the program that makes it of the finished image, and all of them in one command beside
 * the slowest of them alone. Exits 1 when a goal of the project is missed.
 *
 * usage: outputs.mjs [--runs N] [--xz] [--json]       BENCH_DIR: as for main.mjs; --xz also compares xz (minutes)
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertTime, figuresOf, measureAll, TABLE_HEAD, tableRow, warm } from './measure.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    xz: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const RUNS = Number(values.runs)
const HERE = import.meta.dirname
const PROJECT = join(HERE, '..', '..')
const BENCH = process.env.BENCH_DIR ?? join(tmpdir(), 'diskloom-bench')
const INPUT = join(BENCH, 'in')
const OUT = join(BENCH, 'out')
const RAW = join(BENCH, 'linux_burn_image')
const THEIRS = join(BENCH, 'theirs')
const MAIN = join(PROJECT, 'dist/cli/main.js')

const build = (...outputs) => [
  ...[process.execPath, MAIN, 'build', join(INPUT, 'emmc-8g.yaml'), '--out', OUT, '--quiet'],
  ...outputs.flatMap((output) => ['--output', output]),
]
const into = (...command) => ['sh', '-euc', `"$@" > "$0"`, THEIRS, ...command]

/** Output → what makes the same of the raw image, and how many times faster it shall be here. */
const PAIRS = {
  zip: { theirs: into('zip', '-q', '-6', '-', RAW), times: 15 },
  gz: { theirs: into('pigz', '-c', RAW), times: 6 },
  zst: { theirs: into('zstd', '-q', '-T0', '-3', '-c', RAW), times: 2 },
  'android-sparse': { theirs: ['img2simg', RAW, THEIRS], times: 10 },
  ...(values.xz ? { xz: { theirs: into('xz', '-T0', '-6', '-c', RAW), times: 1 } } : {}),
}
const ALL = ['raw', 'zip', 'zst', 'bmap', 'android-sparse']

function prepare() {
  assertTime()
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!existsSync(join(INPUT, 'program'))) execFileSync('python3', [join(HERE, 'make-inputs.py'), INPUT])
  for (const file of ['emmc-8g.yaml', 'rootfs.dts.STM32F7'])
    copyFileSync(join(PROJECT, 'configs/emmc-8g', file), join(INPUT, file))
  clear()
  const [node, ...args] = build('raw')
  execFileSync(node, args)
  execFileSync('mv', [join(OUT, 'linux_burn_image', 'linux_burn_image'), RAW])
}

function clear() {
  rmSync(OUT, { recursive: true, force: true })
  rmSync(THEIRS, { force: true })
  mkdirSync(OUT, { recursive: true })
}

const sizes = {}

function run(name, command) {
  clear()
  warm(INPUT)
  const result = measureAll([command], BENCH)
  if (existsSync(THEIRS)) sizes[name] = statSync(THEIRS).size
  else {
    const folder = join(OUT, 'linux_burn_image')
    // The largest file beside the raw image is the output that was asked for.
    sizes[name] = Math.max(
      ...readdirSync(folder)
        .filter((file) => file !== 'linux_burn_image')
        .map((file) => statSync(join(folder, file)).size),
    )
  }
  return result
}

prepare()
const cases = { 'raw alone': build('raw'), 'raw and bmap': build('raw', 'bmap'), 'all in one': build(...ALL) }
for (const [name, { theirs }] of Object.entries(PAIRS)) {
  cases[`${name}: diskloom`] = build(name)
  cases[`${name}: ${theirs.find((word) => /^(zip|pigz|zstd|img2simg|xz)$/.test(word))}`] = theirs
}
const runs = Object.fromEntries(Object.keys(cases).map((name) => [name, []]))
for (let round = 0; round < RUNS; round++) {
  for (const [name, command] of Object.entries(cases)) runs[name].push(run(name, command))
}
const figures = Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, figuresOf(list)]))
clear()
rmSync(RAW)

const goals = []
const names = Object.keys(cases)
for (const [name, { times }] of Object.entries(PAIRS)) {
  const [ours, theirs] = names.filter((key) => key.startsWith(`${name}: `))
  const factor = figures[theirs].median / figures[ours].median
  const size = sizes[ours] / sizes[theirs]
  goals.push({
    goal: `${theirs}: at least ${times} times as fast`,
    figure: `${factor.toFixed(1)} times`,
    met: factor >= times,
  })
  goals.push({ goal: `${theirs}: at most 1.03 times its size`, figure: `${size.toFixed(3)} times`, met: size <= 1.03 })
}
const bmap = figures['raw and bmap'].median - figures['raw alone'].median
goals.push({ goal: 'a bmap adds less than 0.1 s', figure: `${bmap.toFixed(2)} s`, met: bmap < 0.1 })
const alone = ['raw alone', 'raw and bmap', 'zip: diskloom', 'zst: diskloom', 'android-sparse: diskloom']
const slowest = Math.max(...alone.map((name) => figures[name].median))
const ratio = figures['all in one'].median / slowest
goals.push({
  goal: `${ALL.join(', ')} and the manifest in less than 1.3 times the slowest of them`,
  figure: `${ratio.toFixed(2)} times`,
  met: ratio < 1.3,
})

if (values.json) {
  console.log(JSON.stringify({ node: process.version, runs: RUNS, figures, sizes, goals }, null, 2))
} else {
  console.log(`eMMC of 7456 MiB; ${RUNS} runs, ${cpus().length} CPUs, Node ${process.version}\n`)
  console.log(TABLE_HEAD)
  for (const [name, figure] of Object.entries(figures)) console.log(tableRow(name, figure))
  console.log()
  for (const { goal, figure, met } of goals) console.log(`${met ? 'met   ' : 'MISSED'} ${goal}: ${figure}`)
}
if (goals.some(({ met }) => !met)) process.exitCode = 1
