#!/usr/bin/env node
/**
 * The main job side by side: diskloom, and genimage followed by zip, on the same payload in one run (`npm run bench`).
 * Wall time, CPU time (which other work on the machine
 * touches least) and peak memory are those of whole processes, by /usr/bin/time. Exits 1 when a goal of the project is missed.
 *
 * usage: main.mjs [--runs N] [--json]       BENCH_DIR: where inputs and results go (default: under the temporary folder)
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertTime, figuresOf, measureAll, TABLE_HEAD, tableRow, warm } from './measure.mjs'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
})
const RUNS = Number(values.runs)
const HERE = import.meta.dirname
const PROJECT = join(HERE, '..', '..')
const BENCH = process.env.BENCH_DIR ?? join(tmpdir(), 'diskloom-bench')
const INPUT = join(BENCH, 'in')
const OUT = join(BENCH, 'out')
const MIB = 1 << 20

const BUNDLED = ['bootimg_AutoBoot.bin', 'spi_part.cfg', 'u-boot_AutoBoot.bin']
const diskloom = [
  process.execPath,
  join(PROJECT, 'dist/cli/main.js'),
  'build',
  join(INPUT, 'emmc-8g.yaml'),
  '--out',
  OUT,
  '--quiet',
]
const genimage = [
  ...['genimage', '--loglevel', '1', '--config', join(HERE, 'genimage-emmc.cfg'), '--rootpath', join(INPUT, 'program')],
  ...['--inputpath', INPUT, '--outputpath', OUT, '--tmppath', join(BENCH, 'tmp')],
]
const zip = [
  'sh',
  '-euc',
  `cd "$1"; shift; cp "$@" "$0"; cd "$0"; zip -q linux_burn.zip linux_burn_image ${BUNDLED.join(' ')}`,
  OUT,
  INPUT,
  ...BUNDLED,
]

/** Name → the commands of one run, in order; each is measured by itself. */
const CASES = {
  'diskloom: image and zip': [diskloom],
  'genimage, then zip': [genimage, zip],
  'diskloom: image alone': [[...diskloom, '--only', 'image']],
  'genimage: image alone': [genimage],
}

function prepare() {
  assertTime()
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 'ignore', 'inherit'] })
  if (!existsSync(join(INPUT, 'program'))) execFileSync('python3', [join(HERE, 'make-inputs.py'), INPUT])
  for (const file of ['emmc-8g.yaml', 'rootfs.dts.STM32F7'])
    copyFileSync(join(PROJECT, 'configs/emmc-8g', file), join(INPUT, file))
}

/** An empty place for results, an idle disk, and the payload in the page cache. */
function settle() {
  for (const folder of [OUT, join(BENCH, 'tmp')]) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
  }
  warm(INPUT)
}

function runCase(commands) {
  settle()
  return measureAll(commands, BENCH)
}

prepare()
const runs = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]))
// Rounds, not blocks: whatever else the machine does meets all cases alike.
for (let round = 0; round < RUNS; round++) {
  for (const [name, commands] of Object.entries(CASES)) runs[name].push(runCase(commands))
}

const figures = Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, figuresOf(list)]))
const job = figures['genimage, then zip'].median / figures['diskloom: image and zip'].median
const image = figures['genimage: image alone'].median / figures['diskloom: image alone'].median
const peakMiB = Math.max(figures['diskloom: image and zip'].peakMiB, figures['diskloom: image alone'].peakMiB)
const goals = [
  {
    goal: 'the whole job at least 10 times as fast as genimage and zip',
    figure: `${job.toFixed(1)} times`,
    met: job >= 10,
  },
  { goal: 'the image alone no slower than genimage', figure: `${image.toFixed(2)} times as fast`, met: image >= 1 },
  { goal: 'peak memory under 300 MB', figure: `${((peakMiB * MIB) / 1e6).toFixed(0)} MB`, met: peakMiB * MIB < 300e6 },
]

if (values.json) {
  console.log(JSON.stringify({ node: process.version, runs: RUNS, figures, goals }, null, 2))
} else {
  const payload =
    statSync(join(INPUT, 'boot.img')).size +
    Number(execFileSync('du', ['-sb', join(INPUT, 'program')], { encoding: 'utf8' }).split('\t')[0])
  console.log(
    `eMMC of 7456 MiB, ${(payload / 1e6).toFixed(0)} MB of payload; ${RUNS} runs, ${cpus().length} CPUs, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}\n`,
  )
  console.log(TABLE_HEAD)
  for (const [name, list] of Object.entries(figures)) console.log(tableRow(name, list))
  console.log()
  for (const { goal, figure, met } of goals) console.log(`${met ? 'met   ' : 'MISSED'} ${goal}: ${figure}`)
}
if (goals.some(({ met }) => !met)) process.exitCode = 1
