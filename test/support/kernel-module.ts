/** Kernel modules without code: as much of ELF as depmod and modprobe read. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ELF_RECORDS, ELFMAG, ET_REL } from '../../src/gadget/elf-disklayout.js'
import { moduleName } from '../../src/gadget/module-name.js'

export interface ModuleSketch {
  /** Texts of .modinfo; `name=` comes by itself in a tree. */
  readonly info?: readonly string[]
  /** Symbols that it gives to other modules. */
  readonly gives?: readonly string[]
  /** Symbols that it takes from other modules. */
  readonly takes?: readonly string[]
  readonly bits?: 32 | 64
  readonly order?: 'little' | 'big'
}

const SHT_PROGBITS = 1
const SHT_SYMTAB = 2
const SHT_STRTAB = 3
const STB_GLOBAL = 1 << 4
const SYMBOL_BYTES = { 32: 16, 64: 24 }

/** A relocatable file with .modinfo, the names of exported symbols, and a table of symbols that are undefined here. */
export function kernelModule({ info = [], gives = [], takes = [], bits = 64, order = 'little' }: ModuleSketch): Buffer {
  const { Ehdr, Shdr } = ELF_RECORDS[bits === 32 ? 1 : 2][order === 'little' ? 1 : 2]
  const names = ['', '.modinfo', '__ksymtab_strings', '.symtab', '.strtab', '.shstrtab']
  const strings = texts(['', ...takes])
  const contents = [Buffer.alloc(0), texts(info), texts(gives), symbols(takes, bits, order), strings, texts(names)]
  const types = [0, SHT_PROGBITS, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_STRTAB]
  const nothing = bits === 32 ? 0 : new Uint8Array(8)
  let offset = Ehdr.SIZE
  let nameAt = 0
  const headers = contents.map((content, index) => {
    const header = Buffer.from(
      Shdr.encode({
        sh_name: nameAt,
        sh_type: types[index]!,
        sh_flags: nothing,
        sh_addr: nothing,
        sh_offset: offset,
        sh_size: content.length,
        sh_link: index === 3 ? 4 : 0,
        sh_info: index === 3 ? 1 : 0,
        sh_addralign: 1,
        sh_entsize: index === 3 ? SYMBOL_BYTES[bits] : 0,
      } as never),
    )
    nameAt += names[index]!.length + 1
    offset += content.length
    return header
  })
  const ident = Buffer.alloc(16)
  ident.write(ELFMAG, 'hex')
  ident.set([bits === 32 ? 1 : 2, order === 'little' ? 1 : 2, 1], 4)
  const header = Ehdr.encode({
    e_ident: ident,
    e_type: ET_REL,
    e_machine: bits === 32 ? 40 : 62,
    e_version: 1,
    e_entry: nothing,
    e_phoff: 0,
    e_shoff: offset,
    e_flags: 0,
    e_ehsize: Ehdr.SIZE,
    e_phentsize: 0,
    e_phnum: 0,
    e_shentsize: Shdr.SIZE,
    e_shnum: names.length,
    e_shstrndx: names.length - 1,
  } as never)
  return Buffer.concat([header, ...contents, ...headers])
}

function texts(list: readonly string[]): Buffer {
  return Buffer.from(list.map((text) => `${text}\0`).join(''))
}

/** The null symbol, and an undefined global one for each name. */
function symbols(names: readonly string[], bits: 32 | 64, order: 'little' | 'big'): Buffer {
  const size = SYMBOL_BYTES[bits]
  const table = Buffer.alloc(size * (names.length + 1))
  let nameAt = 1
  names.forEach((name, index) => {
    const at = size * (index + 1)
    if (order === 'little') table.writeUInt32LE(nameAt, at)
    else table.writeUInt32BE(nameAt, at)
    table.writeUInt8(STB_GLOBAL, at + (bits === 32 ? 12 : 4))
    nameAt += name.length + 1
  })
  return table
}

/** The gadget modules of the application note's board, as its kernel of 2016 builds them: what each needs, and where it lies. */
export const NOTE_MODULES: Readonly<Record<string, ModuleSketch>> = {
  'drivers/usb/gadget/libcomposite.ko': { info: ['depends='], gives: ['usb_composite_probe'] },
  'drivers/usb/gadget/function/usb_f_mass_storage.ko': {
    info: ['depends=libcomposite'],
    gives: ['fsg_common_create_luns'],
    takes: ['usb_composite_probe'],
  },
  'drivers/usb/gadget/legacy/g_mass_storage.ko': {
    info: ['depends=libcomposite,usb_f_mass_storage'],
    takes: ['usb_composite_probe', 'fsg_common_create_luns'],
  },
}

/** Writes modules, and modules.order as the kernel's build leaves it. `files`: more of the tree, by path. */
export function makeBuildTree(
  folder: string,
  modules: Readonly<Record<string, ModuleSketch>>,
  files: Readonly<Record<string, string>> = {},
): void {
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  for (const [path, sketch] of Object.entries(modules)) {
    write(path, kernelModule({ ...sketch, info: [...(sketch.info ?? []), `name=${moduleName(path)}`] }))
  }
  write(
    'modules.order',
    Object.keys(modules)
      .map((path) => `${path}\n`)
      .join(''),
  )
  write('Makefile', 'VERSION = 4\n')
  for (const [path, text] of Object.entries(files)) write(path, text)
}
