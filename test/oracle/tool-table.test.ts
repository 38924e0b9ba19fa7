import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT } from '../support/diskloom.js'

/** The tools that calls of describeWithTools name in their lists, over all test files. */
function askedTools(): Map<string, string> {
  const asked = new Map<string, string>()
  for (const root of ['src', 'test']) {
    for (const file of readdirSync(join(PROJECT, root), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.test.ts')) continue
      const text = readFileSync(join(PROJECT, root, file), 'utf8')
      for (const call of text.matchAll(/describeWithTools\(\s*(?:'[^']*'|"[^"]*"|`[^`]*`),\s*\[([^\]]*)\]/g)) {
        for (const name of call[1]!.matchAll(/'([^']+)'/g)) asked.set(name[1]!, `${root}/${file}`)
      }
    }
  }
  return asked
}

describe('scripts/debian-packages.txt', () => {
  const table = readFileSync(join(PROJECT, 'scripts/debian-packages.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/))

  it('has one tool and one package a line', () => {
    expect(table.filter((row) => row.length !== 2)).toEqual([])
    expect(table.length).toBe(new Set(table.map(([tool]) => tool)).size)
  })

  it('has every tool that a test asks for', () => {
    const known = new Set(table.map(([tool]) => tool))
    const asked = askedTools()
    expect(asked.size).toBeGreaterThan(0)
    expect([...asked].filter(([tool]) => !known.has(tool))).toEqual([])
  })
})
