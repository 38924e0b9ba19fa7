#!/usr/bin/env node
/**
 * Fails on an import in src/ that points against the direction of docs/DESIGN.md ("The house"), and on an import cycle.
 * Types count like values: a type from above is a thought from above.
 *
 * usage: check-arrows.mjs [SRC]      (default: src beside this script's folder)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const BASE = ['errors.ts', 'findings.ts', 'problem-collector.ts', 'bytes/']
const MIDDLE = [
  'schema/',
  'image/',
  'config/',
  'tree/',
  'layout/',
  'filesystems/',
  'tables/',
  'archives/',
  'host/',
  'outputs/',
  'gadget/',
  'pictures/',
  'proof/',
  'readers/',
  'recognition/',
  'inspect/',
  'scratch/',
]
const FORMAT = [...BASE, 'schema/', 'image/', 'tree/file-tree.ts', 'tree/file-mode.ts', 'filesystems/*.ts']

/**
 * Who may import whom; the only statement of it. A key owns the files that begin with it, the longest key wins. A value
 * allows what begins with it (`dir/*.ts`: the files right inside dir). A unit may always import itself.
 */
const ALLOWED = {
  'findings.ts': [],
  'errors.ts': ['findings.ts'],
  'problem-collector.ts': ['errors.ts'],
  'version.ts': [],
  'bytes/': ['errors.ts'],
  'schema/': BASE,
  'image/': BASE,
  'scratch/': [...BASE, 'tree/command-runner.ts'],
  'archives/': [...BASE, 'image/'],
  'tables/': [...BASE, 'image/'],
  'tree/': [...BASE, 'image/', 'archives/', 'scratch/'],
  'filesystems/': FORMAT,
  // The registry lists the formats; nothing below config may import it.
  'filesystems/registry.ts': [...FORMAT, 'filesystems/'],
  'config/': [...BASE, 'schema/', 'filesystems/'],
  'gadget/': [...BASE, 'config/spec.ts', 'filesystems/*.ts', 'archives/', 'tree/', 'image/'],
  'host/': [...BASE, 'image/', 'tree/', 'config/spec.ts', 'filesystems/'],
  'outputs/': [...BASE, 'image/', 'archives/', 'scratch/', 'tree/folder-listing.ts', 'tree/command-runner.ts'],
  'recognition/': [...BASE, 'image/', 'tables/', 'filesystems/'],
  'readers/': [
    ...BASE,
    'image/',
    'archives/',
    'recognition/',
    'scratch/',
    'tree/data-ranges.ts',
    'tree/data-extents.ts',
    'tree/command-runner.ts',
  ],
  'inspect/': [
    ...BASE,
    'image/',
    'archives/',
    'tables/',
    'filesystems/',
    'tree/',
    'outputs/',
    'layout/disk-plan.ts',
    'readers/raw-image.ts',
    'recognition/',
    'pictures/',
  ],
  'layout/': [...BASE, 'image/', 'config/spec.ts', 'tree/', 'tables/', 'filesystems/'],
  'pictures/': [
    ...BASE,
    'image/',
    'tree/file-tree.ts',
    'tables/types.ts',
    'layout/disk-plan.ts',
    'filesystems/volume-reader.ts',
  ],
  'proof/': [
    ...BASE,
    'image/',
    'archives/',
    'layout/',
    'filesystems/',
    'tables/',
    'tree/',
    'config/spec.ts',
    'outputs/',
    'scratch/',
  ],
  'build.ts': [...BASE, 'version.ts', ...MIDDLE, 'build/'],
  'build/': [...BASE, 'version.ts', ...MIDDLE],
  'verify.ts': [...BASE, 'build.ts', 'build/', 'proof/', 'scratch/', 'host/run-command.ts'],
  'flash/': [
    ...BASE,
    'version.ts',
    'image/',
    'outputs/',
    'tables/',
    'recognition/',
    'tree/command-runner.ts',
    'filesystems/ext4/disklayout/',
  ],
  'flash.ts': [...BASE, ...MIDDLE, 'build.ts', 'build/', 'flash/'],
  'gadget.ts': [...BASE, ...MIDDLE, 'build/'],
  'convert.ts': [...BASE, ...MIDDLE, 'build/'],
  'inspect.ts': [...BASE, ...MIDDLE, 'build.ts', 'build/'],
  'index.ts': [''],
  'cli/': [
    'errors.ts',
    'findings.ts',
    'version.ts',
    'bytes/',
    'build.ts',
    'verify.ts',
    'build/',
    'flash.ts',
    'flash/',
    'convert.ts',
    'inspect.ts',
    'inspect/',
    'image/',
    'tree/',
    'gadget.ts',
    'config/',
    'schema/',
    'layout/',
    'filesystems/*.ts',
    'tables/',
    'pictures/',
    'proof/',
  ],
}

/** Static imports begin a line in formatted code, so a comment never matches; workers are started by URL. */
const IMPORTS = [
  /^(?:import|export)\b[^'"]*?from\s+['"](\.[^'"]+)['"]/gm,
  /^import\s+['"](\.[^'"]+)['"]/gm,
  /\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g,
  /\bnew URL\(\s*['"](\.[^'"]+\.[jt]s)['"],\s*import\.meta\.url\s*\)/g,
]

const src = resolve(process.argv[2] ?? join(import.meta.dirname, '..', 'src'))
// Formats know nothing of each other: each folder is a unit of its own.
const formats = join(src, 'filesystems')
for (const entry of existsSync(formats) ? readdirSync(formats, { withFileTypes: true }) : []) {
  if (entry.isDirectory()) ALLOWED[`filesystems/${entry.name}/`] = FORMAT
}
const files = readdirSync(src, { recursive: true })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .sort()
const known = new Set(files)

/** file → [{ line, target }], all relative to src. */
const graph = new Map(files.map((file) => [file, importsOf(file)]))
const findings = [...arrowFindings(), ...cycleFindings()]
for (const finding of findings) console.error(finding)
if (files.length === 0) console.error(`check-arrows: no source files under ${src}`)
if (findings.length > 0 || files.length === 0) process.exit(1)
console.log(`check-arrows: ${files.length} files, ${[...graph.values()].flat().length} arrows, all in one direction`)

function importsOf(file) {
  const text = readFileSync(join(src, file), 'utf8')
  const found = []
  for (const pattern of IMPORTS) {
    for (const match of text.matchAll(pattern)) {
      const target = relative(src, resolve(src, dirname(file), match[1])).replace(/\.js$/, '.ts')
      found.push({ line: text.slice(0, match.index).split('\n').length, target })
    }
  }
  return found
}

function unitOf(file) {
  return Object.keys(ALLOWED)
    .filter((key) => file.startsWith(key))
    .sort((a, b) => b.length - a.length)[0]
}

function covers(entry, target) {
  if (!entry.endsWith('*.ts')) return target.startsWith(entry)
  return dirname(target) === dirname(entry)
}

function* arrowFindings() {
  for (const [file, imports] of graph) {
    const unit = unitOf(file)
    if (unit === undefined) {
      yield `src/${file}: belongs to no unit of scripts/check-arrows.mjs; add it to the table there`
      continue
    }
    for (const { line, target } of imports) {
      if (target.startsWith('..')) continue // package.json and the like
      if (!known.has(target)) yield `src/${file}:${line}: imports src/${target}, which does not exist`
      else if (unitOf(target) === unit || ALLOWED[unit].some((entry) => covers(entry, target))) continue
      else
        yield `src/${file}:${line}: ${unit} may not import src/${target} (may: ${ALLOWED[unit].join(', ') || 'nothing'})`
    }
  }
}

/** Depth first; each cycle is told once, where it closes. */
function* cycleFindings() {
  const done = new Set()
  const path = []
  function* visit(file) {
    const at = path.indexOf(file)
    if (at >= 0) {
      yield `import cycle: ${[...path.slice(at), file].map((name) => `src/${name}`).join(' → ')}`
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const { target } of graph.get(file) ?? []) yield* visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of files) yield* visit(file)
}
