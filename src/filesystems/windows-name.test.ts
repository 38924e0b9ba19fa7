import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../bytes/text.js'
import { checkName, isDeviceName } from './windows-name.js'

describe('checkName', () => {
  it.each(['a', ' a', 'ümläut', '😀', 'a'.repeat(255), '😀'.repeat(127), '+,;=[] x', '\x7f'])('takes %s', (name) => {
    expect(checkName(byteString(name))).toEqual({ text: name })
  })

  it.each([
    ['a:b', 'has :'],
    ['a|b', 'has |'],
    ['a\\b', 'has \\'],
    ['what?', 'has ?'],
    ['a\tb', 'has the control character 0x09'],
    ['end.', 'ends with a dot'],
    ['end ', 'ends with a blank'],
    ['a'.repeat(256), '256 UTF-16 units, at most 255'],
    ['😀'.repeat(128), '256 UTF-16 units, at most 255'],
  ])('refuses %s', (name, fault) => {
    expect(checkName(byteString(name))).toEqual({ fault })
  })

  it('refuses bytes that are no UTF-8', () => {
    expect(checkName('caf\xe9' as ByteString)).toEqual({ fault: 'not UTF-8' })
  })
})

describe('isDeviceName', () => {
  it.each(['con', 'NUL', 'aux.c', 'Com1', 'lpt9.txt', 'prn .x'])('%s is one', (name) => {
    expect(isDeviceName(name)).toBe(true)
  })
  it.each(['console', 'com0', 'com10', 'auxiliary.c', 'x.con'])('%s is none', (name) => {
    expect(isDeviceName(name)).toBe(false)
  })
})
