import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FINDING_IDS, FINDINGS, isCertain, isWeighty } from './findings.js'

describe('findings', () => {
  test('every id is in kebab-case', () => {
    for (const id of FINDING_IDS) expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  })

  test('docs/findings.md has the rows of the table, in its order', () => {
    const rows = readFileSync('docs/findings.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows).toEqual(
      FINDING_IDS.map((id) => {
        const [varies, weighs] = [!isCertain(id), isWeighty(id)].map((is) => (is ? 'yes' : ''))
        return `| \`${id}\` | ${FINDINGS[id].about} | ${varies} | ${weighs} |`
      }),
    )
  })

  test('every id is given to a warning somewhere in the sources', () => {
    const sources = execFileSync('git', ['grep', '--untracked', '-h', 'finding', '--', 'src'], { encoding: 'utf8' })
    const unused = FINDING_IDS.filter((id) => !id.startsWith('extract-') && !sources.includes(`finding: '${id}'`))
    expect(unused).toEqual([])
  })
})
