#!/usr/bin/env node
/**
 * Looking into images of 1 GB, side by side (`npm run bench:inspect`, as root): extraction to a tar with debugfs rdump, comparison of two
 * with mounting both and running diff -r. Rounds over all cases, images in the page cache, whole processes. Exits 1 when a goal
 * of the project is missed.
 *
 * usage: inspect.mjs [--runs N] [--json]      BENCH_DIR: where inputs and results go
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assertTime, figuresOf, measureAll, TABLE_HEAD, tableRow } from './measure.mjs'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
})
const PROJECT = join(import.meta.dirname, '..', '..')
const BENCH = process.env.BENCH_DIR ?? join(tmpdir(), 'diskloom-bench')
const OUT = join(BENCH, 'inspect-out')
const TREE = join(BENCH, 'tree-rootfs')
const MAIN = [process.execPath, join(PROJECT, 'dist/cli/main.js')]
const image = (name) => join(OUT, name, name)
/** `diff` ends with 1 where something differs. */
const orOne = (...command) => ['sh', '-c', '"$@" >/dev/null; [ $? -le 1 ]', 'sh', ...command]

const MOUNT_AND_DIFF = `
set -e
mkdir -p "$1" "$2"
mount -o loop,ro "$3" "$1"; mount -o loop,ro "$4" "$2"
diff -r --no-dereference "$1" "$2" >/dev/null || true
umount "$1" "$2"`

const CASES = {
  'diskloom extract --tar': [[...MAIN, 'extract', `${image('a')}:/`, '--tar', join(OUT, 'a.tar')]],
  'debugfs rdump': [['debugfs', '-R', `rdump / ${join(OUT, 'dump')}`, image('a')]],
  'diskloom diff': [orOne(...MAIN, 'diff', image('a'), image('b'))],
  'mount, diff -r': [
    ['unshare', '-m', 'sh', '-c', MOUNT_AND_DIFF, 'sh', join(OUT, 'ma'), join(OUT, 'mb'), image('a'), image('b')],
  ],
}

/** Two volumes of the same tree; the second has one file more, so that nearly nothing stands where it stands in the first. */
function prepare() {
  assertTime()
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('python3', [join(import.meta.dirname, 'make-trees.py'), BENCH, 'rootfs'], { stdio: 'inherit' })
  mkdirSync(OUT, { recursive: true })
  for (const name of ['a', 'b']) {
    const more = name === 'a' ? '' : ', { path: /aaa, text: more }'
    const partition = `{ name: root, start: 0, size: 2GiB, fs: ext4, content: ["${TREE}"${more}] }`
    const config = join(BENCH, `inspect-${name}.yaml`)
    writeFileSync(
      config,
      `image: ${name}\nsize: 2GiB\ntable: none\nsource_date_epoch: 1767225600\npartitions:\n  - ${partition}\n`,
    )
    execFileSync(MAIN[0], [MAIN[1], 'build', config, '--out', OUT, '--quiet', '--only', 'image'], { stdio: 'inherit' })
  }
}

function settle() {
  for (const name of ['a.tar', 'dump', 'ma', 'mb']) rmSync(join(OUT, name), { recursive: true, force: true })
  mkdirSync(join(OUT, 'dump'))
  execFileSync('sh', ['-c', 'sync; cat "$@" >/dev/null', 'sh', image('a'), image('b')])
}

prepare()
const runs = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]))
for (let round = 0; round < Number(values.runs); round++) {
  for (const [name, commands] of Object.entries(CASES)) {
    settle()
    runs[name].push(measureAll(commands, BENCH))
  }
}
const figures = Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, figuresOf(list)]))
const ratio = (ours, theirs) => figures[theirs].median / figures[ours].median
const goals = [
  ['extract to a tar no slower than debugfs rdump', ratio('diskloom extract --tar', 'debugfs rdump')],
  ['diff no slower than mounting both and diff -r', ratio('diskloom diff', 'mount, diff -r')],
].map(([goal, times]) => ({ goal, figure: `${times.toFixed(2)} times as fast`, met: times >= 1 }))

if (values.json) {
  console.log(JSON.stringify({ node: process.version, runs: Number(values.runs), figures, goals }, null, 2))
} else {
  console.log(TABLE_HEAD)
  for (const [name, list] of Object.entries(figures)) console.log(tableRow(name, list))
  console.log()
  for (const { goal, figure, met } of goals) console.log(`${met ? 'met   ' : 'MISSED'} ${goal}: ${figure}`)
}
if (goals.some(({ met }) => !met)) process.exitCode = 1
