/**
 * Every dr_mode of the kernel's device trees is set to another value. patch and git apply the change, and what cpp and dtc
 * make of it has the value asked and differs in nothing else. In CI all files are edited and patched, and a sample of them
 * compiled; DISKLOOM_DEEP compiles all that compiled before.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { parseDtsValue } from '../../src/bytes/dts-value.js'
import { unifiedDiff } from '../../src/bytes/unified-diff.js'
import { bodyReference } from '../../src/gadget/device-tree-overlay.js'
import { DtsNodeIndex } from '../../src/gadget/dts-node-index.js'
import { scanNodes } from '../../src/gadget/dts-nodes.js'
import { DtsSource } from '../../src/gadget/dts-source.js'
import { readDeviceTrees } from '../../src/gadget/read-device-tree.js'
import { setNodeProperty } from '../../src/gadget/set-node-property.js'
import { deviceTreeSpec } from '../support/device-tree-spec.js'
import { withFetched } from '../support/fetched-package.js'
import { describeWithTools, runTool, scratchFolder, tool } from '../support/oracle.js'

const PROPERTY = 'dr_mode'
const INCLUDE_PREFIXES = 'scripts/dtc/include-prefixes'
/** Files that CI compiles, spread evenly over the list. */
const SAMPLE = process.env.DISKLOOM_DEEP ? Number.POSITIVE_INFINITY : 12

const scratch = scratchFolder()

interface Change {
  /** Relative to the tree. */
  readonly path: string
  readonly before: string
  readonly after: string
  /** Node → the role that it shall have. */
  readonly roles: ReadonlyMap<string, string>
}

/** Each node of the file that sets a role gets another one. */
function changeRoles(path: string, source: DtsSource): Change {
  const nodes = scanNodes(source)
  const index = new DtsNodeIndex(nodes)
  const roles = new Map<string, string>()
  for (const body of nodes.bodies) {
    const set = body.properties.findLast(({ name, action }) => name === PROPERTY && action === 'set')
    if (set?.value === undefined || !source.isOwn(set.nameStart, set.end)) continue
    const node = index.keyOf(body)
    // A node that the file deletes again has nothing to set.
    if (index.find(node)?.bodies.length === 0) continue
    const was = source.text.slice(set.value.start, set.value.end)
    roles.set(node, was === '"peripheral"' ? 'host' : 'peripheral')
  }
  let now = source
  for (const [node, role] of roles) {
    const edit = setNodeProperty(now, {
      name: basename(path),
      node,
      property: PROPERTY,
      value: parseDtsValue(`"${role}"`),
      overrideBody: (reference, statement) => `\n${bodyReference(reference)} {\n\t${statement}\n};\n`,
    })
    now = now.withText(edit.text)
  }
  return { path, before: source.ownText(), after: now.ownText(), roles }
}

/** What a search for the word finds outside of comments, knowing nothing of the syntax. */
function countAssignments(text: string): number {
  return [...text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').matchAll(/(?<![\w-])dr_mode\s*=/g)].length
}

function sample<T>(items: readonly T[]): T[] {
  const step = Math.max(1, items.length / SAMPLE)
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

describeWithTools(
  "the device trees of Debian's kernel source",
  ['cpp', 'dtc', 'fdtget', 'fdtput', 'git', 'patch'],
  () => {
    withFetched(['fetch-linux-source.sh'], "the device trees of Debian's kernel source", (root) => {
      const texts = new Map<string, string>()
      let changes: Change[]

      beforeAll(() => {
        for (const file of readdirSync(join(root, 'arch'), { recursive: true, encoding: 'utf8' })) {
          if (!/\.dtsi?$/.test(file)) continue
          const path = join('arch', file)
          texts.set(path, readFileSync(join(root, path), 'latin1'))
        }
        changes = [...texts.keys()]
          .sort()
          .filter((path) => /\bdr_mode\b/.test(texts.get(path)!))
          .map((path) => changeRoles(path, DtsSource.ofText(basename(path), texts.get(path)!)))
      })

      it('finds every assignment of a role', () => {
        expect(changes.length).toBeGreaterThan(500)
        for (const { path, before } of changes) {
          const { bodies } = scanNodes(DtsSource.ofText(path, before))
          const found = bodies.flatMap(({ properties }) => properties).filter(({ name }) => name === PROPERTY)
          expect([path, found.filter(({ value }) => value !== undefined).length]).toEqual([
            path,
            countAssignments(before),
          ])
        }
      })

      it('changes whole lines, and no more of them than there are roles', () => {
        for (const { path, before, after, roles } of changes) {
          const old = new Set(before.split('\n'))
          const changed = after.split('\n').filter((line) => !old.has(line))
          expect([path, changed.length <= 2 * roles.size]).toEqual([path, true])
        }
      })

      it('writes patches that patch and git apply', () => {
        const patch = changes.map(({ path, before, after }) => unifiedDiff(path, before, after) ?? '').join('')
        writeFileSync(join(scratch, 'all.patch'), patch, 'latin1')
        for (const command of [
          ['patch', '-p1', '-s', '--fuzz=0', '-i', '../all.patch'],
          ['git', 'apply', '--whitespace=nowarn', '../all.patch'],
        ]) {
          const folder = join(scratch, command[0]!)
          for (const { path, before } of changes) {
            mkdirSync(join(folder, dirname(path)), { recursive: true })
            writeFileSync(join(folder, path), before, 'latin1')
          }
          const { status, stdout, stderr } = runTool(command[0]!, command.slice(1), { cwd: folder })
          expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
          for (const { path, after } of changes) {
            expect(readFileSync(join(folder, path), 'latin1') === after, path).toBe(true)
          }
        }
      })

      /**
       * A compiled tree with its labels, or undefined where cpp or dtc refuse the source, which stands in `folder` of the tree.
       * Files in `instead` win over those of the folder.
       */
      function compile(text: string, { folder, instead, name }: { folder: string; instead: string; name: string }) {
        const folders = [join(root, folder), join(root, INCLUDE_PREFIXES)]
        const cppArgs = ['-nostdinc', '-undef', '-D__DTS__', '-x', 'assembler-with-cpp']
        const cppFolders = folders.flatMap((path) => ['-I', path])
        const input = Buffer.from(text, 'latin1')
        const preprocessed = runTool('cpp', [...cppArgs, ...cppFolders, '-'], { cwd: instead, input })
        if (preprocessed.status !== 0) return undefined
        const dtb = join(scratch, name)
        const dtcArgs = ['-q', '-q', '-@', '-I', 'dts', '-O', 'dtb', ...folders.flatMap((path) => ['-i', path])]
        const { status } = runTool('dtc', [...dtcArgs, '-o', dtb, '-'], { cwd: instead, input: preprocessed.stdout })
        return status === 0 ? dtb : undefined
      }

      function pathOf(dtb: string, node: string): string | undefined {
        if (node.startsWith('/')) return node
        const [label, ...rest] = node.slice(1).split('/')
        const { status, stdout } = runTool('fdtget', [dtb, '/__symbols__', label!])
        if (status === 0) return [stdout.trim(), ...rest].join('/')
        // In an overlay: the fragment for the label, the last one that sets a role.
        const fixups = runTool('fdtget', [dtb, '/__fixups__', label!]).stdout.matchAll(/(\S+):target:0\b/g)
        const fragments = [...fixups].map(([, fragment]) => [`${fragment}/__overlay__`, ...rest].join('/'))
        return fragments.findLast((path) => roleOf(dtb, path) !== undefined)
      }

      function roleOf(dtb: string, path: string): string | undefined {
        const { status, stdout } = runTool('fdtget', [dtb, path, PROPERTY])
        return status === 0 ? stdout.trim() : undefined
      }

      function dump(dtb: string): string {
        return tool('dtc', '-q', '-q', '-s', '-I', 'dtb', '-O', 'dts', dtb)
      }

      const empty = join(scratch, 'empty')
      const changed = join(scratch, 'changed')
      beforeAll(() => {
        mkdirSync(empty)
        mkdirSync(changed)
      })

      /** `board` before the change and after it, where it compiled before. */
      function compileBoth(board: string, { path, before, after }: Change): [string, string] | undefined {
        const folder = dirname(board)
        const isBoard = path === board
        const text = isBoard ? before : texts.get(board)!
        const was = compile(text, { folder, instead: empty, name: 'before.dtb' })
        if (was === undefined) return undefined
        writeFileSync(join(changed, basename(path)), after, 'latin1')
        const now = compile(isBoard ? after : text, { folder, instead: changed, name: 'after.dtb' })
        rmSync(join(changed, basename(path)))
        expect(now, `${board} compiles no more`).toBeDefined()
        return [was, now!]
      }

      it('gives boards the roles that were asked, and changes nothing else', () => {
        let compiled = 0
        let set = 0
        const boards = sample(changes.filter(({ path }) => path.endsWith('.dts')))
        for (const { path } of boards) {
          // As diskloom reads it: with the files that it includes.
          const file = join(root, path)
          const spec = deviceTreeSpec(file, '&usb', {}, { includeFolders: [join(root, INCLUDE_PREFIXES)] })
          const [input] = readDeviceTrees([spec], [])
          const change = changeRoles(path, new DtsSource((input as Extract<typeof input, { kind: 'source' }>)!.file))
          const both = compileBoth(path, change)
          if (both === undefined) continue
          const [was, now] = both
          for (const [node, role] of change.roles) {
            const nodePath = pathOf(now, node)
            expect(nodePath, `${path} ${node}`).toBeDefined()
            expect([path, node, roleOf(now, nodePath!)]).toEqual([path, node, role])
            tool('fdtput', '-t', 's', was, nodePath!, PROPERTY, role)
            set++
          }
          expect(dump(now) === dump(was), path).toBe(true)
          compiled++
        }
        if (process.env.DISKLOOM_DEEP) console.log(`${compiled} of ${boards.length} boards compiled, ${set} roles`)
        // What does not compile as it came is no board by itself, or needs a newer dtc.
        expect(compiled).toBeGreaterThan(boards.length * 0.9)
      })

      it('changes included files so that a board that includes them differs in roles alone', () => {
        let compiled = 0
        let set = 0
        const included = changes.filter((change) => change.path.endsWith('.dtsi'))
        for (const change of sample(included)) {
          const include = new RegExp(`^#include "${basename(change.path).replaceAll('.', '\\.')}"`, 'm')
          const boards = [...texts].filter(([path, text]) => {
            return path.endsWith('.dts') && dirname(path) === dirname(change.path) && include.test(text)
          })
          const both = boards[0] && compileBoth(boards[0][0], change)
          if (both === undefined) continue
          const [was, now] = both
          for (const [node, role] of change.roles) {
            const nodePath = pathOf(now, node)
            // A board may delete the node or override the role.
            if (nodePath === undefined || roleOf(now, nodePath) !== role) continue
            tool('fdtput', '-t', 's', was, nodePath, PROPERTY, role)
            set++
          }
          expect(dump(now) === dump(was), change.path).toBe(true)
          compiled++
        }
        if (process.env.DISKLOOM_DEEP) console.log(`${compiled} included files compiled, ${set} roles`)
        expect(set).toBeGreaterThan(compiled / 2)
      })
    })
  },
)
