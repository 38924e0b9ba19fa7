/** What a script sees of a failing `diskloom build`: the exit code, the place on stderr, nothing on stdout, no files. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from '../support/diskloom.js'
import { scratchFolder } from '../support/oracle.js'
import { listNames, makeProject, type RejectedBuild } from '../support/rejected-build.js'

const scratch = scratchFolder()
const DISK = 'image: disk.img\nsize: 64MiB\ntable: gpt\npartitions:\n'

interface Case extends RejectedBuild {
  name: string
  status: number
  args?: string[]
  says: RegExp
}

const CASES: Case[] = [
  {
    name: 'an unknown option',
    config: `${DISK}  - { name: a, size: 1MiB }\n`,
    args: ['--onyl', 'image'],
    status: 2,
    says: /--onyl[\s\S]*--only/,
  },
  {
    name: 'a config that means nothing',
    config: `${DISK}  - { name: a, size: big }\n`,
    status: 3,
    says: /board\.yaml:5:/,
  },
  {
    name: 'a layout that does not fit',
    config: `${DISK}  - { name: a, size: 1GiB }\n`,
    status: 4,
    says: /board\.yaml:5:/,
  },
  {
    name: 'a payload that is not there',
    config: `${DISK}  - { name: a, fs: boot.img }\n`,
    status: 4,
    says: /boot\.img/,
  },
  {
    name: 'a label that the format cannot hold',
    config: `${DISK}  - { name: a, size: 32MiB, fs: fat, label: far-too-long-for-fat }\n`,
    status: 5,
    says: /far-too-long-for-fat/,
  },
  {
    name: 'an output that cannot be written',
    config: `${DISK}  - { name: a, size: 1MiB }\n`,
    files: { 'out/disk.img': 'a file' },
    status: 6,
    says: /out\/disk\.img/,
  },
]

it.each(CASES)('$name: exit code $status', ({ status, args = [], says, ...project }) => {
  const folder = makeProject(scratch, project)
  const out = join(folder, 'out')
  const before = listNames(out)
  const result = runCommand(['build', join(folder, 'board.yaml'), '--out', out, ...args])
  expect(result.stderr).toMatch(says)
  expect(result.stdout).toBe('')
  expect(result.status).toBe(status)
  expect(listNames(out)).toEqual(before)
})
