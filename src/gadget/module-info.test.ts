import { describe, expect, it } from 'vitest'
import { kernelModule } from '../../test/support/kernel-module.js'
import { FormatError } from '../errors.js'
import { ELF_RECORDS } from './elf-disklayout.js'
import { readModuleInfo } from './module-info.js'

const INFO = ['license=GPL', 'alias=pci:v1', '', 'alias=crypto-a', 'depends=a,b', 'parm=x:y=z', 'vermagic']

describe('readModuleInfo', () => {
  for (const bits of [32, 64] as const) {
    for (const order of ['little', 'big'] as const) {
      it(`reads .modinfo of ${bits} bits, ${order}-endian`, () => {
        const info = readModuleInfo(kernelModule({ info: INFO, bits, order }), 'a.ko')
        expect(Object.fromEntries(info)).toEqual({
          license: ['GPL'],
          alias: ['pci:v1', 'crypto-a'],
          depends: ['a,b'],
          parm: ['x:y=z'],
        })
      })
    }
  }

  it('takes counts that stand in section 0', () => {
    const { Ehdr, Shdr } = ELF_RECORDS[2][1]
    const file = kernelModule({ info: INFO })
    const header = Ehdr.decode(file)
    const first = Shdr.decode(file, header.e_shoff)
    Shdr.encodeInto(file, header.e_shoff, { ...first, sh_size: header.e_shnum, sh_link: header.e_shstrndx })
    Ehdr.encodeInto(file, 0, { ...header, e_shnum: 0, e_shstrndx: 0xffff })
    expect(readModuleInfo(file, 'a.ko').get('depends')).toEqual(['a,b'])
  })

  const BAD: Record<string, [change: (file: Buffer) => Buffer, says: RegExp]> = {
    'a text file': [
      () => Buffer.from('#!/bin/sh\n# no module\n'),
      /a\.ko: EI_MAG at byte 0 is 0x23212f62, 0x7f454c46 is expected$/,
    ],
    'an empty file': [() => Buffer.alloc(0), /the ELF header ends at byte 16, the file at 0$/],
    'a third width': [(file) => set(file, 4, 3), /EI_CLASS at byte 4 is 3, 1 and 2 are accepted$/],
    'a third byte order': [(file) => set(file, 5, 0), /EI_DATA at byte 5 is 0, 1 and 2 are accepted$/],
    'a program': [(file) => set(file, 16, 2), /e_type is 2, a relocatable file \(1\) is expected$/],
    'a cut file': [(file) => file.subarray(0, -1), /section header \d+ ends at byte \d+, the file at \d+$/],
    'other section headers': [(file) => set(file, 58, 40), /e_shentsize is 40, 64 is expected$/],
    'names in no section': [(file) => set(file, 62, 9), /e_shstrndx is 9, of 6 sections$/],
    'no .modinfo': [
      (file) => set(file, file.indexOf('.modinfo'), 0x5f),
      /it has no section \.modinfo, which every module has$/,
    ],
  }
  for (const [name, [change, says]] of Object.entries(BAD)) {
    it(`refuses ${name}`, () => {
      const attempt = () => readModuleInfo(change(kernelModule({ info: INFO })), 'a.ko')
      expect(attempt).toThrow(FormatError)
      expect(attempt).toThrow(says)
    })
  }
})

function set(file: Buffer, at: number, byte: number): Buffer {
  file[at] = byte
  return file
}
