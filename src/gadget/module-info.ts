/** What a kernel module says of itself: the `key=value` texts of its section `.modinfo`, each with a NUL behind it. */
import { byteStringFromBytes } from '../bytes/text.js'
import { FormatError } from '../errors.js'
import {
  ELF_RECORDS,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  ELFMAG,
  ElfIdent,
  ET_REL,
  SHN_XINDEX,
  SHT_NOBITS,
} from './elf-disklayout.js'

/** The values of each key, in the order of the file. */
export type ModuleInfo = ReadonlyMap<string, readonly string[]>

const SECTION = '.modinfo'

type Records = (typeof ELF_RECORDS)[1 | 2][1 | 2]

/** FormatError with the field and its byte offset where `file` is no kernel module. `name`: of the file, for messages. */
export function readModuleInfo(file: Uint8Array, name: string): ModuleInfo {
  return new ModuleFile(file, name).info()
}

interface Section {
  readonly offset: number
  readonly sizeBytes: number
}

interface SectionTable {
  readonly shoff: number
  readonly entryBytes: number
  readonly count: number
  readonly namesIndex: number
}

class ModuleFile {
  readonly #file: Uint8Array
  readonly #name: string

  constructor(file: Uint8Array, name: string) {
    this.#file = file
    this.#name = name
  }

  info(): ModuleInfo {
    const records = this.#records()
    const table = this.#table(records)
    const header = (index: number) => this.#header(records, table, index)
    const names = this.#section(header(table.namesIndex), 'the section names')
    for (let index = 0; index < table.count; index++) {
      const section = header(index)
      if (this.#text(names, section.sh_name) === SECTION) return parseInfo(this.#bytes(this.#section(section, SECTION)))
    }
    throw this.#refuse(`it has no section ${SECTION}, which every module has`)
  }

  #records(): Records {
    this.#assertWithin(0, ElfIdent.SIZE, 'the ELF header')
    const { EI_MAG, EI_CLASS, EI_DATA } = ElfIdent.decode(this.#file)
    const magic = Buffer.from(EI_MAG).toString('hex')
    if (magic !== ELFMAG) throw this.#refuse(`EI_MAG at byte 0 is 0x${magic}, 0x${ELFMAG} is expected`)
    if (EI_CLASS !== ELFCLASS32 && EI_CLASS !== ELFCLASS64) {
      throw this.#refuse(`EI_CLASS at byte 4 is ${EI_CLASS}, ${ELFCLASS32} and ${ELFCLASS64} are accepted`)
    }
    if (EI_DATA !== ELFDATA2LSB && EI_DATA !== ELFDATA2MSB) {
      throw this.#refuse(`EI_DATA at byte 5 is ${EI_DATA}, ${ELFDATA2LSB} and ${ELFDATA2MSB} are accepted`)
    }
    return ELF_RECORDS[EI_CLASS][EI_DATA]
  }

  #table(records: Records): SectionTable {
    const { Ehdr, Shdr } = records
    this.#assertWithin(0, Ehdr.SIZE, 'the ELF header')
    const { e_type, e_shoff, e_shentsize, e_shnum, e_shstrndx } = Ehdr.decode(this.#file)
    if (e_type !== ET_REL) throw this.#refuse(`e_type is ${e_type}, a relocatable file (${ET_REL}) is expected`)
    if (e_shentsize !== Shdr.SIZE) throw this.#refuse(`e_shentsize is ${e_shentsize}, ${Shdr.SIZE} is expected`)
    // Counts that do not fit their 16 bits stand in section 0.
    const first = this.#header(records, { shoff: e_shoff, entryBytes: Shdr.SIZE }, 0)
    const count = e_shnum === 0 ? first.sh_size : e_shnum
    const namesIndex = e_shstrndx === SHN_XINDEX ? first.sh_link : e_shstrndx
    if (namesIndex >= count) throw this.#refuse(`e_shstrndx is ${namesIndex}, of ${count} sections`)
    return { shoff: e_shoff, entryBytes: Shdr.SIZE, count, namesIndex }
  }

  #header({ Shdr }: Records, { shoff, entryBytes }: Pick<SectionTable, 'shoff' | 'entryBytes'>, index: number) {
    const at = shoff + index * entryBytes
    this.#assertWithin(at, entryBytes, `section header ${index}`)
    return Shdr.decode(this.#file, at)
  }

  #section(header: { sh_type: number; sh_offset: number; sh_size: number }, what: string): Section {
    if (header.sh_type === SHT_NOBITS) throw this.#refuse(`${what} takes no space in the file`)
    this.#assertWithin(header.sh_offset, header.sh_size, what)
    return { offset: header.sh_offset, sizeBytes: header.sh_size }
  }

  #bytes({ offset, sizeBytes }: Section): Uint8Array {
    return this.#file.subarray(offset, offset + sizeBytes)
  }

  #text(names: Section, at: number): string {
    const bytes = this.#bytes(names)
    const end = bytes.indexOf(0, at)
    if (at >= bytes.length || end < 0) throw this.#refuse(`sh_name ${at} is outside the section names`)
    return byteStringFromBytes(bytes.subarray(at, end))
  }

  #assertWithin(offset: number, sizeBytes: number, what: string): void {
    if (offset + sizeBytes <= this.#file.length) return
    throw this.#refuse(`${what} ends at byte ${offset + sizeBytes}, the file at ${this.#file.length}`)
  }

  #refuse(why: string): FormatError {
    return new FormatError(`Cannot read kernel module ${this.#name}: ${why}`)
  }
}

function parseInfo(section: Uint8Array): ModuleInfo {
  const info = new Map<string, string[]>()
  for (const text of Buffer.from(section).toString('utf8').split('\0')) {
    const equals = text.indexOf('=')
    if (equals < 0) continue
    const key = text.slice(0, equals)
    const values = info.get(key)
    if (values === undefined) info.set(key, [text.slice(equals + 1)])
    else values.push(text.slice(equals + 1))
  }
  return info
}
