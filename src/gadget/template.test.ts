import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTemplates, renderTemplate, templatePath } from './template.js'

const TEMPLATES = new Map([['modules.list', '{{a}} and {{b}}, {{a}}\n']])

describe('renderTemplate', () => {
  it('fills every slot, and takes values as they are', () => {
    expect(renderTemplate(TEMPLATES, 'modules.list', { a: '$& {{b}}', b: '2' })).toBe('$& {{b}} and 2, $& {{b}}\n')
  })

  it('refuses a slot without a value, a value without a slot, and a template that was not read', () => {
    expect(() => renderTemplate(TEMPLATES, 'modules.list', { a: '1' })).toThrow('has a slot {{b}} that nothing fills')
    expect(() => renderTemplate(TEMPLATES, 'modules.list', { a: '1', b: '2', c: '3' })).toThrow('has no slot for c')
    expect(() => renderTemplate(TEMPLATES, 'node-override.dts', {})).toThrow('was not read')
  })
})

describe('readTemplates', () => {
  it('finds them where the package keeps them', async () => {
    const templates = await readTemplates()
    const files = readdirSync(dirname(templatePath('modules.list')))
    for (const name of templates.keys()) expect(files).toContain(name)
  })
})
