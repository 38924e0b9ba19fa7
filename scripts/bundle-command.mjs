// Puts the command and its workers each into one file, with a few chunks beside them: loading some 300 small modules takes
// longer than building a small image does (0.25 → 0.13 s of CPU for `diskloom build` of an empty volume). The library stays as
// tsc made it. The results stand where tsc had put the command, at the depth that relative URLs in the code count on.
import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const CHUNK = /^chunk-.*\.js$/
const COMMAND = /^.*-command\.js$/

// Modules that the same of these reach statically stand in one chunk, whoever else imports them; what none of them reaches is
// left to rolldown, which makes a chunk for every set of importers: of a build's code 71 files, each of which costs 0.6 ms.
const DOORS = {
  main: ['cli/main.js'],
  command: ['cli/build-command.js'],
  help: readdirSync(`${dist}cli`)
    .filter((name) => COMMAND.test(name))
    .map((name) => `cli/${name}`),
  build: ['build.js'],
  convert: ['convert.js'],
  worker: ['outputs/worker.js'],
}

const INPUT = {
  main: `${dist}cli/main.js`,
  worker: `${dist}outputs/worker.js`,
  'second-opinion': `${dist}inspect/second-opinion/second-opinion.js`,
}

let reached
function chunkName(id, context) {
  // What begins to work when it is loaded stands alone.
  if (Object.values(INPUT).includes(id)) return null
  reached ??= Object.entries(DOORS).map(([door, files]) => [door, closureOf(files, context)])
  return reached.flatMap(([door, ids]) => (ids.has(id) ? [door] : [])).join('-') || null
}

function closureOf(files, context) {
  const ids = new Set()
  const waiting = files.map((file) => `${dist}${file}`)
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (ids.has(id)) continue
    ids.add(id)
    waiting.push(...(context.getModuleInfo(id)?.importedIds ?? []))
  }
  return ids
}

for (const name of readdirSync(`${dist}cli`)) if (CHUNK.test(name)) rmSync(`${dist}cli/${name}`)
const bundle = await rolldown({
  input: INPUT,
  platform: 'node',
  // Optional packages, and one that looks for its WebAssembly beside itself, stay where npm puts them.
  external: ['ext2fs', 'fatfs', 'gpt', '@bokuweb/zstd-wasm'],
  preserveEntrySignatures: 'allow-extension',
})
await bundle.write({
  dir: `${dist}cli`,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name].js',
  // A module belongs to what reaches it and not to what it imports.
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: 'doors', name: chunkName }] },
  // One "…" makes V8 hold all of a file in two bytes a character, and read it the slow way.
  charset: 'ascii',
  // A third less to read and to scan; names stay, for whoever reads a stack.
  minify: { compress: true, mangle: false, codegen: true },
})
await bundle.close()

// libdeflate goes along in the library, too: it asks for Node 24, which some installers insist on, and runs on 20 (its tests here).
const encoder = await rolldown({ input: `${dist}outputs/deflate-encoder.js`, platform: 'node' })
await encoder.write({ dir: `${dist}outputs`, format: 'esm', chunkFileNames: 'deflate-encoder-[name].js' })
await encoder.close()
copyFileSync(
  fileURLToPath(new URL('../node_modules/libdeflate/LICENSE.txt', import.meta.url)),
  `${dist}outputs/libdeflate.LICENSE.txt`,
)
// It would map to what tsc had written.
rmSync(`${dist}cli/main.js.map`, { force: true })
