// Puts the command and its workers each into one file, with a few chunks beside them: loading some 300 small modules takes
// longer than building a small image does (0.25 → 0.13 s of CPU for `diskloom build` of an empty volume). The library stays as
// tsc made it. The results stand where tsc had put the command, at the depth that relative URLs in the code count on.
import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const CHUNK = /^chunk-.*\.js$/

for (const name of await readdir(`${dist}cli`)) if (CHUNK.test(name)) rmSync(`${dist}cli/${name}`)
const bundle = await rolldown({
  input: {
    main: `${dist}cli/main.js`,
    worker: `${dist}outputs/worker.js`,
    'second-opinion': `${dist}inspect/second-opinion/second-opinion.js`,
  },
  platform: 'node',
  // Optional packages, and one that looks for its WebAssembly beside itself, stay where npm puts them.
  external: ['ext2fs', 'fatfs', 'gpt', '@bokuweb/zstd-wasm'],
})
await bundle.write({
  dir: `${dist}cli`,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name].js',
  // A third less to read and to scan; names stay, for whoever reads a stack.
  minify: { compress: true, mangle: false, codegen: true },
})
await bundle.close()
// It would map to what tsc had written.
rmSync(`${dist}cli/main.js.map`, { force: true })
