// Puts the command and its workers each into one file, with a few chunks beside them: loading some 300 small modules takes
// longer than building a small image does (0.25 → 0.13 s of CPU for `diskloom build` of an empty volume). The library stays as
// tsc made it. The results stand where tsc had put the command, at the depth that relative URLs in the code count on.
import { copyFileSync, rmSync } from 'node:fs'
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
