/** Sparse files cost their data: holes of terabytes, found by the file system, and files whose holes it does not know. */
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeCommandRunner } from '../../src/host/run-command.js'
import type { DiskImage } from '../../src/image/extent.js'
import { readImageFile } from '../../src/readers/read-image-file.js'
import type { CommandRunner } from '../../src/tree/command-runner.js'
import { findDataExtents } from '../../src/tree/data-extents.js'
import { makeDataScanner } from '../../src/tree/data-ranges.js'
import { readFolder, readFolderFile } from '../../src/tree/folder.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'

const TIB = 2 ** 40
const RUNS = process.env.DISKLOOM_DEEP ? 300 : 12

describeWithTools('sparse sources', ['perl', 'fallocate', 'zstd'], () => {
  const scratch = scratchFolder()
  const runner = makeCommandRunner(process.env)
  const options = { owner: { kind: 'root' }, holes: 'host', xattrs: 'none', runner } as const
  const at = (name: string): string => join(scratch, name)

  /** A file of that length with these pieces of data. */
  function sparse(
    name: string,
    sizeBytes: number,
    pieces: readonly (readonly [offset: number, text: string])[],
  ): string {
    const fd = openSync(at(name), 'w')
    ftruncateSync(fd, sizeBytes)
    for (const [offset, text] of pieces) writeSync(fd, Buffer.from(text), 0, Buffer.byteLength(text), offset)
    closeSync(fd)
    return at(name)
  }
  const places = ({ extents }: DiskImage) =>
    extents.flatMap(({ offset, length, source }) => (source.kind === 'fill' ? [] : [[offset, offset + length]]))

  it('of many terabytes are read where they have data: of a folder, as single files, as images', async () => {
    tool('mkdir', at('folder'))
    const last = 5 * TIB - 100
    const big = sparse('folder/big', 5 * TIB, [
      [0, 'begin'],
      [3 * TIB + 7, 'middle'],
      [last, 'end'],
    ])
    sparse('folder/hollow', 64 * 2 ** 30, [])
    const data = [
      [0, 4096],
      [3 * TIB, 3 * TIB + 4096],
      [5 * TIB - 4096, 5 * TIB],
    ]
    const { tree, sparseAtSource } = await readFolder(at('folder'), options)
    const contents = new Map([...tree.children].map(([name, node]) => [name as string, node]))
    expect(contents.get('big')).toMatchObject({ content: { sizeBytes: 5 * TIB } })
    expect(places((contents.get('big') as { content: DiskImage }).content)).toEqual(data)
    expect(contents.get('hollow')).toMatchObject({
      content: { sizeBytes: 64 * 2 ** 30, extents: [] },
      origin: { path: at('folder/hollow') },
    })
    expect(sparseAtSource.files).toBe(2)
    const { node } = await readFolderFile(big, { ...options, holes: 'all' })
    expect(places(node.content)).toEqual(data)
    const { image, release } = await readImageFile(big, { workFolder: scratch, runner, demand: 'nothing' })
    expect(places(image)).toEqual(data)
    release()
  })

  it('are found in a spool without a name, whose path means another file to another program', async () => {
    tool('sh', '-c', `zstd -qf --sparse '${sparse('disk', 3 * 2 ** 30, [[2 ** 31, 'data']])}' -o '${at('disk.zst')}'`)
    const { image, release } = await readImageFile(at('disk.zst'), { workFolder: scratch, runner, demand: 'nothing' })
    expect(places(image)).toEqual([[2 ** 31, 2 ** 31 + 4096]])
    release()
  })

  it('are never believed to have holes where there is data: just written, allocated, as the scan of all has it', async () => {
    const block = fc.record({ at: fc.nat({ max: 63 }), kind: fc.constantFrom('data', 'zeros', 'allocated', 'punched') })
    let count = 0
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 12 }), fc.nat({ max: 5000 }), async (blocks, tail) => {
        const sizeBytes = 64 * 4096 + tail
        const path = sparse(`random-${count++}`, sizeBytes, [])
        for (const { at: index, kind } of blocks) {
          const offset = index * 4096 + (index % 3) * 100
          if (kind === 'allocated') tool('fallocate', '-o', `${offset}`, '-l', '5000', path)
          else if (kind === 'punched') tool('fallocate', '-p', '-o', `${offset}`, '-l', '9000', path)
          else {
            const fd = openSync(path, 'r+')
            writeSync(fd, Buffer.alloc(3000, kind === 'data' ? 'x' : 0), 0, 3000, offset)
            closeSync(fd)
          }
        }
        const { size } = statSync(path)
        const [extents] = await findDataExtents([{ path, sizeBytes: size }], { runner })
        expect(extents).toBeDefined()
        const bytes = readFileSync(path)
        let end = 0
        for (const [from, to] of [...extents!, [size, size] as const]) {
          expect(bytes.subarray(end, from).every((byte) => byte === 0)).toBe(true)
          end = to
        }
        const scanner = makeDataScanner()
        expect(scanner.scan(path, size, 0, extents)).toEqual(scanner.scan(path, size))
      }),
      { numRuns: RUNS },
    )
  })

  it('are read as a whole where perl is missing, fails, or knows another length', async () => {
    const path = sparse('plain', 1 << 20, [[70_000, 'x']])
    const files = [{ path, sizeBytes: 1 << 20 }]
    const without: CommandRunner = { ...runner, locate: () => undefined }
    expect(await findDataExtents(files, { runner: without })).toEqual([undefined])
    const failing: CommandRunner = { ...runner, run: async () => ({ status: 1, stdout: Buffer.of(), stderr: '' }) }
    expect(await findDataExtents(files, { runner: failing })).toEqual([undefined])
    const both = [...files, { path: at('missing'), sizeBytes: 5 }, { path, sizeBytes: 5 }]
    const [known, ...unknown] = await findDataExtents(both, { runner })
    expect(known!.some(([start, end]) => start <= 70_000 && end > 70_000)).toBe(true)
    expect(unknown).toEqual([undefined, undefined])
    truncateSync(path, 0)
    expect(await findDataExtents([{ path, sizeBytes: 0 }], { runner })).toEqual([[]])
  })
})
