import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FINDING_IDS, FINDINGS, isCertain } from './findings.js'

describe('findings', () => {
  test('every id is in kebab-case', () => {
    for (const id of FINDING_IDS) expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  })

  test('docs/findings.md has the rows of the table, in its order', () => {
    const rows = readFileSync('docs/findings.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows).toEqual(
      FINDING_IDS.map((id) => `| \`${id}\` | ${FINDINGS[id].about} | ${isCertain(id) ? '' : 'yes'} |`),
    )
  })

  test('every id is given to a warning somewhere in the sources', () => {
    const sources = execFileSync('git', ['grep', '--untracked', '-h', 'finding', '--', 'src'], { encoding: 'utf8' })
    const unused = FINDING_IDS.filter((id) => !id.startsWith('extract-') && !sources.includes(`finding: '${id}'`))
    expect(unused).toEqual([])
  })
})
