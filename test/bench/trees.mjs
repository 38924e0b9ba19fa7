#!/usr/bin/env node
/**
 * File systems from trees, side by side with mke2fs -d and mkfs.fat + mcopy, and with cp -a for scale (`npm run bench:trees`).
 * Rounds over all cases, payload in the page cache, whole processes. Exits 1 when a goal of the project is missed.
 *
 * usage: trees.mjs [--runs N] [--only many,flat,…] [--json]      BENCH_DIR: where inputs and results go
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertTime, figuresOf, measureAll, TABLE_HEAD, tableRow, warm } from './measure.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const PROJECT = join(import.meta.dirname, '..', '..')
const BENCH = process.env.BENCH_DIR ?? join(tmpdir(), 'diskloom-bench')
const OUT = join(BENCH, 'trees-out')
/** mcopy takes more than ten minutes for some of these. */
const LIMIT_SECONDS = 120

/** tree, file system, size, how many times as fast as today's tool, and the most memory in MB where a goal says so. */
const JOBS = [
  { tree: 'many', fs: 'ext4', size: '2GiB', goal: 3, memoryMB: 400 },
  { tree: 'flat', fs: 'ext4', size: '1GiB', goal: 40 },
  { tree: 'rootfs', fs: 'ext4', size: '2GiB', goal: 10 },
  { tree: 'big', fs: 'ext4', size: '3GiB', goal: 8, memoryMB: 200 },
  { tree: 'many', fs: 'fat32', size: '2GiB', goal: 1 },
  { tree: 'flat', fs: 'fat32', size: '1GiB', goal: 20 },
  { tree: 'alike', fs: 'fat32', size: '1GiB', goal: 100 },
].filter(({ tree }) => values.only === undefined || values.only.split(',').includes(tree))

const input = (tree) => join(BENCH, `tree-${tree}`)
const image = join(OUT, 'today.img')

function diskloom({ tree, fs, size }) {
  const config = join(BENCH, `${tree}-${fs}.yaml`)
  const partition = `{ name: root, start: 0, size: ${size}, fs: ${fs}/${input(tree)} }`
  writeFileSync(
    config,
    `image: volume\nsize: ${size}\ntable: none\nsource_date_epoch: 1767225600\npartitions:\n  - ${partition}\n`,
  )
  const main = join(PROJECT, 'dist/cli/main.js')
  return [[process.execPath, main, 'build', config, '--out', OUT, '--quiet', '--only', 'image']]
}

function today({ tree, fs, size }) {
  const bytes = size.replace('GiB', 'G')
  if (fs === 'ext4') {
    return [
      ['truncate', '-s', bytes, image],
      ['mke2fs', '-q', '-t', 'ext4', '-d', input(tree), image],
    ]
  }
  return [
    ['truncate', '-s', bytes, image],
    ['mkfs.fat', '-F', '32', image],
    ['sh', '-c', 'mcopy -s -i "$0" "$1"/* ::', image, input(tree)],
  ]
}

/** A glob of 50,000 names is no argument list: mcopy gets the folder itself. */
function todayOfFlat(job) {
  const commands = today(job)
  if (job.fs === 'fat32' && job.tree === 'flat') commands[2] = ['mcopy', '-s', '-i', image, input(job.tree), '::']
  return commands
}

const copy = ({ tree }) => [['cp', '-a', input(tree), join(OUT, 'copy')]]

function run(job, commands) {
  rmSync(OUT, { recursive: true, force: true })
  mkdirSync(OUT, { recursive: true })
  warm(input(job.tree))
  return measureAll(commands, BENCH, LIMIT_SECONDS)
}

assertTime()
mkdirSync(BENCH, { recursive: true })
execFileSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 'ignore', 'inherit'] })
const trees = [...new Set(JOBS.map(({ tree }) => tree))]
spawnSync('python3', [join(import.meta.dirname, 'make-trees.py'), BENCH, ...trees], { stdio: 'inherit' })

const results = JOBS.map((job) => ({ job, diskloom: [], today: [], copy: [] }))
for (let round = 0; round < Number(values.runs); round++) {
  for (const result of results) {
    result.diskloom.push(run(result.job, diskloom(result.job)))
    result.today.push(run(result.job, todayOfFlat(result.job)))
    result.copy.push(run(result.job, copy(result.job)))
  }
}
rmSync(OUT, { recursive: true, force: true })

const rows = results.map(({ job, diskloom, today, copy }) => {
  const figures = { diskloom: figuresOf(diskloom), today: figuresOf(today), copy: figuresOf(copy) }
  const times = figures.today.median / figures.diskloom.median
  const megabytes = (figures.diskloom.peakMiB * (1 << 20)) / 1e6
  const met = times >= job.goal && (job.memoryMB === undefined || megabytes < job.memoryMB)
  return { job, figures, times, megabytes, met }
})

if (values.json) {
  console.log(JSON.stringify({ node: process.version, rows }, null, 2))
} else {
  console.log(`${values.runs} rounds, Node ${process.version}; cp -a for scale\n\n${TABLE_HEAD}`)
  for (const { job, figures } of rows) {
    const name = `${job.tree} → ${job.fs}`
    console.log(tableRow(`${name}: diskloom`, figures.diskloom))
    console.log(tableRow(`${name}: ${job.fs === 'ext4' ? 'mke2fs -d' : 'mkfs.fat, mcopy'}`, figures.today))
    console.log(tableRow(`${job.tree}: cp -a`, figures.copy))
  }
  console.log()
  for (const { job, figures, times, megabytes, met } of rows) {
    const least = figures.today.timedOut ? 'more than ' : ''
    const memory = job.memoryMB === undefined ? '' : `, ${megabytes.toFixed(0)} of ${job.memoryMB} MB`
    const goal = `${job.tree} → ${job.fs} ${job.goal} times as fast as today's tool`
    console.log(`${met ? 'met   ' : 'MISSED'} ${goal}: ${least}${times.toFixed(1)}${memory}`)
  }
}
if (rows.some(({ met }) => !met)) process.exitCode = 1
