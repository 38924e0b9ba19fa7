/**
 * As much of ELF as finds a section by its name: the file's header and the section headers, in both widths and both byte
 * orders. A kernel module is a relocatable file; what it says of itself stands as text in its section `.modinfo`.
 * Source: [ELF], the tables "ELF Header" and "Section Header".
 */
import { bytes, type Codec, struct, u8, u16be, u16le, u32be, u32le, u64be, u64le } from '../bytes/struct.js'

export const ElfIdent = struct('e_ident', 16, {
  EI_MAG: [0, bytes(4)],
  EI_CLASS: [4, u8],
  EI_DATA: [5, u8],
  EI_VERSION: [6, u8],
  EI_OSABI: [7, u8],
  EI_ABIVERSION: [8, u8],
  EI_PAD: [9, bytes(7)],
})

export const ELFMAG = '7f454c46'
export const ELFCLASS32 = 1
export const ELFCLASS64 = 2
export const ELFDATA2LSB = 1
export const ELFDATA2MSB = 2
/** A relocatable file. */
export const ET_REL = 1
/** A section that takes no space in the file. */
export const SHT_NOBITS = 8
/** Stands in e_shstrndx where section 0's sh_link has the number. */
export const SHN_XINDEX = 0xffff

function elf32(half: Codec<number>, word: Codec<number>) {
  return {
    Ehdr: struct('Elf32_Ehdr', 52, {
      e_ident: [0, bytes(16)],
      e_type: [16, half],
      e_machine: [18, half],
      e_version: [20, word],
      e_entry: [24, word],
      e_phoff: [28, word],
      e_shoff: [32, word],
      e_flags: [36, word],
      e_ehsize: [40, half],
      e_phentsize: [42, half],
      e_phnum: [44, half],
      e_shentsize: [46, half],
      e_shnum: [48, half],
      e_shstrndx: [50, half],
    }),
    Shdr: struct('Elf32_Shdr', 40, {
      sh_name: [0, word],
      sh_type: [4, word],
      sh_flags: [8, word],
      sh_addr: [12, word],
      sh_offset: [16, word],
      sh_size: [20, word],
      sh_link: [24, word],
      sh_info: [28, word],
      sh_addralign: [32, word],
      sh_entsize: [36, word],
    }),
  }
}

/** Addresses and flags may use all 64 bits; nothing here reads them. */
function elf64(half: Codec<number>, word: Codec<number>, xword: Codec<number>) {
  return {
    Ehdr: struct('Elf64_Ehdr', 64, {
      e_ident: [0, bytes(16)],
      e_type: [16, half],
      e_machine: [18, half],
      e_version: [20, word],
      e_entry: [24, bytes(8)],
      e_phoff: [32, xword],
      e_shoff: [40, xword],
      e_flags: [48, word],
      e_ehsize: [52, half],
      e_phentsize: [54, half],
      e_phnum: [56, half],
      e_shentsize: [58, half],
      e_shnum: [60, half],
      e_shstrndx: [62, half],
    }),
    Shdr: struct('Elf64_Shdr', 64, {
      sh_name: [0, word],
      sh_type: [4, word],
      sh_flags: [8, bytes(8)],
      sh_addr: [16, bytes(8)],
      sh_offset: [24, xword],
      sh_size: [32, xword],
      sh_link: [40, word],
      sh_info: [44, word],
      sh_addralign: [48, xword],
      sh_entsize: [56, xword],
    }),
  }
}

/** By EI_CLASS, then EI_DATA. */
export const ELF_RECORDS = {
  [ELFCLASS32]: { [ELFDATA2LSB]: elf32(u16le, u32le), [ELFDATA2MSB]: elf32(u16be, u32be) },
  [ELFCLASS64]: { [ELFDATA2LSB]: elf64(u16le, u32le, u64le), [ELFDATA2MSB]: elf64(u16be, u32be, u64be) },
} as const
