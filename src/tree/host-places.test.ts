import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteString } from '../bytes/text.js'
import { HostPlaces } from './host-places.js'

let scratch: string
let root: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'diskloom-places-'))
  root = join(scratch, 'farm')
  mkdirSync(join(root, 'bin'), { recursive: true })
  mkdirSync(join(scratch, 'src'))
  writeFileSync(join(scratch, 'src', 'tool'), '')
  writeFileSync(join(root, 'bin', 'inside'), '')
})
afterAll(() => rmSync(scratch, { recursive: true }))

const targetOf = (target: string, from = 'bin/link') =>
  new HostPlaces(root).targetOf(byteString(join(root, from)), byteString(target))

describe('a link of a payload folder', () => {
  it('leads to the build machine where its target lies in the places of a build', () => {
    const tool = join(scratch, 'src', 'tool')
    expect(targetOf(tool)).toBe(tool)
    // Into the folder itself, but by the path that it has on this machine.
    expect(targetOf(join(root, 'bin', 'inside'))).toBe(join(root, 'bin', 'inside'))
    expect(targetOf('../../src/tool')).toBe(tool)
    expect(targetOf(`${scratch}/./src/../src/tool`)).toBe(tool)
  })

  it('is the image’s own where a system has such a link, whatever this machine has there', () => {
    for (const target of ['/bin/sh', '/usr', '/etc/passwd', '/proc/mounts', '/dev/null', '/var/log', '/tmp', '/']) {
      expect(targetOf(target)).toBe(undefined)
    }
  })

  it('is the image’s own where this machine has nothing there', () => {
    expect(targetOf(join(scratch, 'nothing'))).toBe(undefined)
    expect(targetOf('../../src/nothing')).toBe(undefined)
  })

  it('is the image’s own where it stays in its folder', () => {
    for (const target of ['inside', '../bin/inside', './inside', '../bin/../bin/inside']) {
      expect(targetOf(target)).toBe(undefined)
    }
  })
})
