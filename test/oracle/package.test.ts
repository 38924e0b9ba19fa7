/** The package as somebody installs it: packed, unpacked elsewhere, its face imported with types. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { PROJECT } from '../support/diskloom.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const scratch = scratchFolder()

const CONSUMER = `import { build, type BuildResult, DiskloomError, plan } from 'diskloom'

const options = { config: new URL('./board.yaml', import.meta.url).pathname, out: process.argv[2] ?? 'out' }
const { plan: laidOut } = await plan(options)
const result: BuildResult = await build(options)
console.log(JSON.stringify({ sizeBytes: laidOut.sizeBytes, kinds: result.outputs.map(({ kind }) => kind) }))
try {
  await build({ ...options, config: 'missing.yaml' })
} catch (error) {
  if (error instanceof DiskloomError) console.log(error.code)
}
`

const TSCONFIG = JSON.stringify({
  compilerOptions: { strict: true, module: 'nodenext', target: 'es2022', types: ['node'], outDir: 'js', rootDir: '.' },
  files: ['consumer.ts'],
})

describe('package-lock.json', () => {
  it('has an entry for every optional dependency of every platform', () => {
    // npm drops those that its registry does not have, and `npm ci` then refuses the lock file, everywhere.
    const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const wanted = Object.values(packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies ?? {}),
    )
    expect(wanted.length).toBeGreaterThan(0)
    expect(wanted.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([])
  })
})

describeWithTools('the npm package', ['tar'], () => {
  const home = join(scratch, 'home')
  const installed = join(home, 'node_modules/diskloom')

  beforeAll(() => {
    const [{ filename }] = JSON.parse(
      tool('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', scratch, PROJECT),
    ) as [{ filename: string }]
    mkdirSync(installed, { recursive: true })
    tool('tar', '-xzf', join(scratch, filename), '-C', installed, '--strip-components=1')
    // Its dependencies as npm would put them beside it.
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    for (const name of [...Object.keys(dependencies), '@types/node']) {
      mkdirSync(join(home, 'node_modules', name, '..'), { recursive: true })
      symlinkSync(join(PROJECT, 'node_modules', name), join(home, 'node_modules', name))
    }
    writeFileSync(join(home, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(home, 'consumer.ts'), CONSUMER)
    writeFileSync(join(home, 'tsconfig.json'), TSCONFIG)
    writeFileSync(
      join(home, 'board.yaml'),
      'image: a.img\ntable: mbr\npartitions: [{ name: a, size: 2MiB, fs: fat }]\n',
    )
  })

  it('holds what it needs and no tests', () => {
    const files = tool('find', installed, '-type', 'f').split('\n')
    expect(files.filter((file) => file.includes('.test.'))).toEqual([])
    for (const path of ['dist/cli/main.js', 'dist/index.d.ts', 'schema/diskloom.schema.json', 'LICENSE', 'README.md']) {
      expect(files).toContain(join(installed, path))
    }
    expect(files.some((file) => file.startsWith(join(installed, 'templates/')))).toBe(true)
  })

  it('is imported and used with its types', () => {
    const compile = runTool(join(PROJECT, 'node_modules/.bin/tsc'), ['-p', home])
    expect(compile.stdout).toBe('')
    writeFileSync(join(home, 'js/board.yaml'), readFileSync(join(home, 'board.yaml')))
    const [result, code] = tool(process.execPath, join(home, 'js/consumer.js'), join(home, 'out')).trim().split('\n')
    expect(JSON.parse(result!)).toMatchObject({
      sizeBytes: 3 << 20,
      kinds: expect.arrayContaining(['image', 'bundle']),
    })
    expect(['CONFIG', 'IO']).toContain(code)
  })

  it('runs as a command', () => {
    const bin = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { bin: { diskloom: string } }
    expect(tool(process.execPath, join(installed, bin.bin.diskloom), '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(tool(process.execPath, join(installed, bin.bin.diskloom), '--help')).toContain('build')
  })
})
