import { expect, it } from 'vitest'
import { OUTPUT_FORMATS, type OutputFormat } from '../config/schema/output.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { assertPrograms } from './write-outputs.js'

it('asks for the host’s programs for xz and for the disks of other machines, and for nothing else', () => {
  const bare: CommandRunner = { locate: () => undefined, run: () => Promise.reject(new Error('not called')) }
  const isRefused = (format: OutputFormat): boolean => {
    try {
      assertPrograms([{ format, name: 'disk', configPath: [] }], bare)
      return false
    } catch (error) {
      expect((error as Error).message).toMatch(/^Cannot run .*: it is not installed/)
      return true
    }
  }
  expect(OUTPUT_FORMATS.filter(isRefused)).toEqual(['xz', 'vmdk', 'vdi', 'vhdx'])
})
