import { expect, it } from 'vitest'
import { parseGetfattr } from './folder-xattrs.js'

const parse = (text: string) => Object.fromEntries(parseGetfattr(Buffer.from(text, 'latin1')))

it('reads what getfattr 2.5.1 prints', () => {
  const output = [
    '# file: .\nuser.d=0x31\n',
    '# file: nl\\012x\nuser.n=0x00FFc3\n',
    '# file: back\\134slash\nuser.e\\075q\\134M=0x\nuser.second=0x02\n',
    '# file: \xff\xfe\ntrusted.\xe9=0x01\n',
    '',
  ].join('\n')
  expect(parse(output)).toEqual({
    '.': new Map([['user.d', Uint8Array.of(0x31)]]),
    'nl\nx': new Map([['user.n', Uint8Array.of(0x00, 0xff, 0xc3)]]),
    'back\\slash': new Map([
      ['user.e=q\\M', new Uint8Array(0)],
      ['user.second', Uint8Array.of(2)],
    ]),
    '\xff\xfe': new Map([['trusted.\xe9', Uint8Array.of(1)]]),
  })
})

it('takes a name without a value, as older versions print an empty one', () => {
  expect(parse('# file: a\nuser.x\n')).toEqual({ a: new Map([['user.x', new Uint8Array(0)]]) })
})

it('gives nothing for nothing', () => {
  expect(parse('')).toEqual({})
})
