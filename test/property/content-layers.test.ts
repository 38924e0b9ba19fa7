/** Archives laid over one another are what tar leaves that unpacks them one after another into one folder. */
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readContent } from '../../src/build/content/read-content.js'
import type { ContentSource } from '../../src/config/spec.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { ArchiveShelf } from '../../src/tree/archive-shelf.js'
import { readFolder } from '../../src/tree/folder.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'
import { portrait } from '../support/tree-portrait.js'

const RUNS = process.env.DISKLOOM_DEEP ? 1000 : 40

/** Names say what they are, so that no folder meets a file: there tar gives up, and diskloom warns. */
const FOLDERS = ['', 'd0', 'd1', 'd0/d0', 'd0/d1', 'd1/d0', 'd0/d1/d0']

const attributes = { mode: fc.constantFrom(0o755, 0o700, 0o1777, 0o644), owner: fc.nat({ max: 70_000 }) }
const folder = fc.record({
  /** Listed in the archive by itself; otherwise it is only there for what it holds. */
  isListed: fc.boolean(),
  ...attributes,
  files: fc.array(
    fc.record({
      name: fc.constantFrom('f0', 'f1', 'f2'),
      content: fc.string({ maxLength: 20 }),
      linkName: fc.constantFrom(undefined, undefined, 'h0', 'h1'),
      ...attributes,
    }),
    { maxLength: 3 },
  ),
  symlink: fc.option(fc.constantFrom('x', '../f0', 'long/'.repeat(30)), { nil: undefined }),
})
/** Links to folders of the base, where the layers have folders. */
const folderLinks = fc.record(
  {
    d1: fc.constantFrom('real', 'chain', './real/../real/d0', 'd0'),
    'd0/d1': fc.constantFrom('../real', '../real/d0', '../chain', '../d1'),
    'real/d1': fc.constantFrom('d0', '../d0'),
  },
  { requiredKeys: [] },
)
const layer = fc.dictionary(fc.constantFrom(...FOLDERS.slice(1)), folder, { minKeys: 1, maxKeys: 5 })
type Layer = typeof layer extends fc.Arbitrary<infer Value> ? Value : never

describeWithTools(
  'layers',
  ['tar'],
  () => {
    const scratch = scratchFolder()
    const archives = new ArchiveShelf({ workFolder: scratch, runner: makeCommandRunner({}) })
    const options = { holes: 'none', xattrs: 'none', archives, variable: () => undefined } as const

    it('are what tar unpacks over one another', { timeout: 600_000 }, async () => {
      let withLinks = 0
      await fc.assert(
        fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 4 }), folderLinks, async (layers, links) => {
          const work = mkdtempSync(join(scratch, 'run-'))
          const target = join(work, 'target')
          mkdirSync(target)
          const base = packedBase(work, links)
          withLinks += Object.keys(links).length
          tool('tar', '-xpf', base, '-C', target)
          const content = layers.map((one, index): ContentSource => {
            const path = packed(work, one, index)
            tool('tar', '--keep-directory-symlink', '--numeric-owner', '-xpf', path, '-C', target)
            return { kind: index % 2 === 0 ? 'tar' : 'path', path, configPath: [index] }
          })
          content.unshift({ kind: 'tar', path: base, configPath: ['base'] })
          const { tree, warnings } = await readContent(content, options)
          const { tree: unpacked } = await readFolder(target, { ...options, owner: { kind: 'keep' } })
          // Of the two, tar keeps the one that comes later in the archive.
          const isTwice = warnings.length > 0 && warnings.every(({ message }) => message.includes('brings it twice'))
          fc.pre(!isTwice)
          expect(warnings).toEqual([])
          expect(withoutFolderTimes(portrait(tree, { skip: [''] }))).toEqual(
            withoutFolderTimes(portrait(unpacked, { skip: [''] })),
          )
          await archives.release()
          rmSync(work, { recursive: true })
        }),
        { numRuns: RUNS },
      )
      expect(withLinks).toBeGreaterThan(RUNS / 2)
    })
  },
  { root: true },
)

/** A tar of folders and of links to them, as a system has them whose /lib is a link to usr/lib. */
function packedBase(work: string, links: Readonly<Record<string, string | undefined>>): string {
  const root = join(work, 'base')
  for (const folder of ['d0', 'real/d0']) mkdirSync(join(root, folder), { recursive: true })
  symlinkSync('real', join(root, 'chain'))
  for (const [path, target] of Object.entries({ d1: 'real', ...links })) symlinkSync(target!, join(root, path))
  const archive = join(work, 'base.tar')
  tool('tar', '--format=pax', '-cf', archive, '-C', root, '.')
  return archive
}

/** A tar with just what the layer lists. */
function packed(work: string, layer: Layer, index: number): string {
  const root = join(work, `layer-${index}`)
  const listed: string[] = []
  for (const [path, { isListed, mode, owner, files, symlink }] of Object.entries(layer).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const at = join(root, path)
    mkdirSync(at, { recursive: true })
    chownSync(at, owner, owner + 1)
    if (isListed) listed.push(path)
    const names = new Set<string>()
    for (const file of files) {
      if (names.has(file.name)) continue
      names.add(file.name)
      writeFileSync(join(at, file.name), file.content)
      chownSync(join(at, file.name), file.owner, file.owner)
      chmodSync(join(at, file.name), file.mode)
      if (file.linkName === undefined || names.has(file.linkName)) continue
      names.add(file.linkName)
      linkSync(join(at, file.name), join(at, file.linkName))
    }
    if (symlink !== undefined) symlinkSync(symlink, join(at, 'l0'))
    listed.push(...[...names, ...(symlink === undefined ? [] : ['l0'])].map((name) => `${path}/${name}`))
    chmodSync(at, mode)
  }
  const archive = join(work, `${index}.tar`)
  const args = ['--format=pax', '--numeric-owner', '--no-recursion', '-cf', archive, '-C', root, '-T', '-']
  const result = runTool('tar', args, { input: listed.map((path) => `${path}\n`).join('') })
  expect(result.stderr).toBe('')
  return archive
}

/** The kernel touches a folder whenever an entry comes. */
function withoutFolderTimes(entries: ReturnType<typeof portrait>): Map<string, object> {
  const changed = [...entries].map(([path, entry]): [string, object] => {
    const { time, ...rest } = entry as { type: string; time: unknown }
    return [path, rest.type === 'directory' ? rest : { ...rest, time }]
  })
  return new Map(changed)
}
