import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.js'
import { type PartitionType, parsePartitionType, partitionTypeName, partitionTypeNames } from './types.js'

function hintOf(text: string, table: 'gpt' | 'mbr'): string | undefined {
  try {
    parsePartitionType(text, table)
  } catch (error) {
    if (error instanceof FormatError) return error.hint ?? 'no hint'
    throw error
  }
  return 'accepted'
}

describe('parsePartitionType', () => {
  it.each<[string, PartitionType]>([
    ['linux', { table: 'gpt', guid: '0fc63daf-8483-4772-8e79-3d69d8477de4' }],
    ['ESP', { table: 'gpt', guid: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b' }],
    ['root-arm64', { table: 'gpt', guid: 'b921b045-1df0-41c3-af44-4c6f280d3fae' }],
    ['root-aarch64', { table: 'gpt', guid: 'b921b045-1df0-41c3-af44-4c6f280d3fae' }],
    ['usr-x86-64-verity-sig', { table: 'gpt', guid: 'e7bb33fb-06cf-4e81-8273-e543b413e2e2' }],
    ['C12A7328-F81F-11D2-BA4B-00A0C93EC93B', { table: 'gpt', guid: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b' }],
    ['linux', { table: 'mbr', byte: 0x83 }],
    ['fat32-lba', { table: 'mbr', byte: 0x0c }],
    ['0xC', { table: 'mbr', byte: 0x0c }],
    ['0xda', { table: 'mbr', byte: 0xda }],
  ])('reads %s', (text, type) => {
    expect(parsePartitionType(text, type.table)).toEqual(type)
  })

  it.each([
    ['linxu', 'gpt', 'Did you mean "linux"?'],
    ['root-arm46', 'gpt', 'Did you mean "root-arm64"?'],
    ['fat23-lba', 'mbr', 'Did you mean "fat32-lba"?'],
    ['0x83', 'gpt', '"0x83" is a type of an MBR, the table of this disk is of the other kind'],
    ['root-arm64', 'mbr', '"root-arm64" is a type of a GPT, the table of this disk is of the other kind'],
    ['c12a7328-f81f-11d2-ba4b-00a0c93ec93b', 'mbr', expect.stringContaining('is a type of a GPT')],
    ['0x100', 'mbr', 'no hint'],
    ['completely-unknown', 'mbr', 'no hint'],
  ] as const)('refuses %s in a table of kind %s', (text, table, hint) => {
    expect(hintOf(text, table)).toEqual(hint)
  })

  it('refuses the types that mean "unused"', () => {
    expect(() => parsePartitionType('00000000-0000-0000-0000-000000000000', 'gpt')).toThrow(FormatError)
    expect(() => parsePartitionType('0x00', 'mbr')).toThrow(FormatError)
  })

  it('names a type by its usual name, and one without a name by itself', () => {
    expect(partitionTypeName(parsePartitionType('linux-generic', 'gpt'))).toBe('linux')
    expect(partitionTypeName(parsePartitionType('root-amd64', 'gpt'))).toBe('root-x86-64')
    expect(partitionTypeName({ table: 'gpt', guid: '01234567-89ab-cdef-0123-456789abcdef' })).toBe(
      '01234567-89ab-cdef-0123-456789abcdef',
    )
    expect(partitionTypeName({ table: 'mbr', byte: 0x7 })).toBe('ntfs')
    expect(partitionTypeName({ table: 'mbr', byte: 0x5a })).toBe('0x5A')
  })

  it('reads every name it knows', () => {
    for (const table of ['gpt', 'mbr'] as const) {
      for (const name of partitionTypeNames(table)) expect(hintOf(name, table)).toBe('accepted')
    }
  })
})
