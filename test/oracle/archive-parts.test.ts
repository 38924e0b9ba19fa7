/** Archives of several parts, in any codec, are read to their end: what is not read is an error with its byte. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../src/errors.js'
import { makeCommandRunner } from '../../src/host/run-command.js'
import { readImageFile } from '../../src/readers/read-image-file.js'
import { ArchiveShelf } from '../../src/tree/archive-shelf.js'
import { describeWithTools, scratchFolder, tool } from '../support/oracle.js'
import { summary } from '../support/tree-portrait.js'

/** What packs standard input, and what the whole is called. */
type Codec = readonly [name: string, command: string, ...args: string[]]
const CODECS: readonly Codec[] = [
  ['gzip', 'gzip', '-nc'],
  ['gzip with a name', 'gzip', '-c'],
  ['xz', 'xz', '-c', '--check=crc32'],
  ['xz of several blocks', 'xz', '-c', '--block-size=1024', '-T2'],
  ['zstd', 'zstd', '-qc'],
  ['bzip2', 'bzip2', '-c'],
  ['lz4', 'lz4', '-qc'],
  ['lz4 as kernels read it', 'lz4', '-lqc'],
]
const runner = makeCommandRunner(process.env)

describeWithTools('archives of several parts', ['gzip', 'xz', 'zstd', 'bzip2', 'lz4', 'cpio', 'tar'], () => {
  const scratch = scratchFolder()
  const at = (name: string): string => join(scratch, name)
  const file = (name: string, ...bytes: Uint8Array[]): string => {
    writeFileSync(at(name), Buffer.concat(bytes))
    return at(name)
  }
  const packed = (name: string, [, command, ...args]: Codec): Buffer => {
    tool('sh', '-c', `${[command, ...args].join(' ')} '${at(name)}' > '${at('packed')}'`)
    return readFileSync(at('packed'))
  }
  const zeros = (length: number): Uint8Array => Buffer.alloc(length)
  const garbage = Buffer.from('what nobody asked for')

  /** Paths of the files, with their content where it is short. */
  async function read(path: string): Promise<{ files: string[]; warnings: readonly Problem[] }> {
    const shelf = new ArchiveShelf({ workFolder: scratch, runner })
    try {
      const rules = { owner: { kind: 'keep' }, holes: 'none', xattrs: 'none' } as const
      const { tree, warnings } = await shelf.readTree(path, 'any', rules)
      const files = summary(tree).filter((line) => line.includes(' file '))
      return { files: files.map((line) => line.replace(/ file \d+ \S+/, '')), warnings }
    } finally {
      await shelf.release()
    }
  }

  let early: Buffer
  let main: Buffer
  let tar: Buffer
  const both = ['bin/sh sh', 'kernel/x86/microcode/a.bin UC', 'shared late']
  beforeAll(() => {
    for (const folder of ['early/kernel/x86/microcode', 'main/bin']) mkdirSync(at(folder), { recursive: true })
    writeFileSync(at('early/kernel/x86/microcode/a.bin'), 'UC')
    writeFileSync(at('early/shared'), 'soon')
    writeFileSync(at('main/bin/sh'), 'sh')
    writeFileSync(at('main/shared'), 'late')
    const cpio = (folder: string): Buffer => {
      tool('sh', '-c', `cd '${at(folder)}' && find . | sort | cpio -o -H newc --quiet > '${at(`${folder}.cpio`)}'`)
      return readFileSync(at(`${folder}.cpio`))
    }
    ;[early, main] = [cpio('early'), cpio('main')]
    tool('tar', '--format=pax', '-cf', at('main.tar'), '-C', at('main'), '.')
    tar = readFileSync(at('main.tar'))
  })

  describe.each(CODECS.map((codec) => [codec[0], codec] as const))('%s', (_, codec) => {
    it('of an initrd: a plain cpio before or after, zeros between, several of them', async () => {
      const one = packed('main.cpio', codec)
      const other = packed('early.cpio', codec)
      expect((await read(file('i', early, one))).files).toEqual(both)
      expect((await read(file('i', early, zeros(512), one, zeros(100)))).files).toEqual(both)
      expect((await read(file('i', other, zeros(4), one))).files).toEqual(both)
      expect((await read(file('i', other, main))).files).toEqual(both)
      expect((await read(file('i', other, one, early))).files).toContain('shared soon')
      expect((await read(file('i', early, packed('main.cpio', ['', 'xz', '-c']), other, main))).files).toEqual(both)
    })

    it('of a tar: streams one after another are one, and what follows is zeros', async () => {
      const whole = packed('main.tar', codec)
      file('first', tar.subarray(0, 700))
      file('second', tar.subarray(700))
      const pieces = [packed('first', codec), packed('second', codec)]
      const expected = { files: ['bin/sh sh', 'shared late'], warnings: [] }
      expect(await read(file('t', ...pieces))).toEqual(expected)
      expect(await read(file('t', whole, zeros(1000)))).toEqual(expected)
      file('once', whole)
      expect(await read(file('t', packed('once', codec)))).toEqual(expected)
    })

    it('refuses what follows, with its byte', async () => {
      const whole = packed('main.tar', codec)
      await expect(read(file('t', whole, garbage))).rejects.toThrow(`t" at byte ${whole.length}: found "what nobod`)
      await expect(read(file('t', whole, zeros(64), garbage))).rejects.toThrow(`at byte ${whole.length + 64}: found`)
      await expect(read(file('t', early, whole))).rejects.toThrow('only cpios may follow one another')
      await expect(read(file('t', early, packed('main.cpio', codec), garbage))).rejects.toThrow(
        'expected zeros, a cpio',
      )
    })

    it('refuses what is cut off, wherever', async () => {
      const whole = packed('main.tar', codec)
      for (let length = 0; length < whole.length; length += 1 + Math.floor(whole.length / 40)) {
        const path = file('cut', whole.subarray(0, length))
        const result = await read(path).catch((error: Error) => error)
        // Blocks of the legacy format have no end of their own: then the tar ends early.
        if (!(result instanceof Error)) expect([length, result.warnings]).not.toEqual([length, []])
      }
      const path = file('cut', early, packed('main.cpio', codec).subarray(0, -5))
      await expect(read(path)).rejects.toThrow(/at byte \d+/)
    })
  })

  it('tars one after another are what tar --ignore-zeros reads', async () => {
    tool('tar', '--format=gnu', '-cf', at('early.tar'), '-C', at('early'), '.')
    const path = file('both.tar', readFileSync(at('early.tar')), zeros(5120), tar)
    const listed = tool('tar', '--ignore-zeros', '-tf', path).split('\n')
    const { files, warnings } = await read(path)
    expect(files).toEqual(both)
    expect(warnings).toEqual([])
    for (const line of files) expect(listed).toContain(`./${line.split(' ')[0]}`)
    const end = tar.length
    await expect(read(file('g.tar', tar, garbage))).rejects.toThrow(`at byte ${end}`)
    await expect(read(file('g.tar', tar, garbage, zeros(1000)))).rejects.toThrow(
      `at byte ${end}: its checksum is wrong, zeros or another tar archive are accepted after the end of one`,
    )
    expect((await read(file('short.tar', tar.subarray(0, -100)))).warnings).toEqual([])
  })

  it('a plain tar or cpio that is cut off is an error, and between two entries of a tar a warning', async () => {
    let warned = 0
    for (let length = 128; length < tar.length; length += 128) {
      const result = await read(file('cut.tar', tar.subarray(0, length))).catch((error: Error) => error)
      if (result instanceof Error) continue
      const isWhole = result.files.length === 2
      if (!isWhole || result.warnings.length > 0) {
        expect(result.warnings.map(({ message }) => message)).toEqual([
          `"${at('cut.tar')}" ends without the blocks of zeros that end a tar: it may be cut off between two entries`,
        ])
        warned++
      }
    }
    expect(warned).toBeGreaterThan(2)
    const cpioEnd = main.lastIndexOf('TRAILER!!!') + 'TRAILER!!!'.length
    for (let length = 0; length < cpioEnd; length += 3) {
      await expect(read(file('cut.cpio', main.subarray(0, length)))).rejects.toThrow()
    }
    await expect(read(file('cut.cpio', main, garbage))).rejects.toThrow(`at byte ${main.length}`)
  })

  it('a tar whose first name is the magic of a cpio is a tar', async () => {
    writeFileSync(at('07070100000000'), 'x')
    tool('tar', '--format=ustar', '-cf', at('magic.tar'), '-C', scratch, '07070100000000')
    expect((await read(at('magic.tar'))).files).toEqual(['07070100000000 x'])
  })

  it('an image in gz, xz or zst is read to its end', async () => {
    const disk = Buffer.alloc(1 << 16, 'disk')
    file('disk', disk)
    const options = { workFolder: scratch, runner, demand: 'nothing' } as const
    for (const codec of CODECS.filter(([name]) => ['gzip', 'xz', 'zstd'].includes(name))) {
      const whole = packed('disk', codec)
      const sizes: number[] = []
      for (const parts of [[whole], [whole, whole], codec[0] === 'zstd' ? [whole] : [whole, zeros(512)]]) {
        const { image, release } = await readImageFile(file('image', ...parts), options)
        sizes.push(image.sizeBytes)
        release()
      }
      expect(sizes).toEqual([disk.length, 2 * disk.length, disk.length])
      for (const between of [0, 100]) {
        const path = file('image', whole, zeros(between), garbage)
        const problem = `with ${codec[0]}: found other bytes at byte ${whole.length + between}, expected zeros or another`
        await expect(readImageFile(path, options)).rejects.toThrow(problem)
      }
    }
  })
})
