// Makes the binary files of this folder that stand in for a vendor's: `node make-stand-ins.mjs` writes the same bytes
// anywhere. They have the shape of the real ones (a magic, tables, code-like noise, padding) and boot nothing.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname

/** xorshift32: bytes that do not compress, the same for the same seed. */
function noise(seed, length) {
  const bytes = Buffer.alloc(length)
  let state = seed
  for (let at = 0; at < length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    for (let byte = 0; byte < 4 && at + byte < length; byte++) bytes[at + byte] = state >>> (8 * byte)
  }
  return bytes
}

function put(name, ...parts) {
  writeFileSync(join(here, name), Buffer.concat(parts))
}

const text = (value, length) => Buffer.alloc(length).fill(value, 0, value.length)

// A boot image: header page, "kernel", a gap of zeros as between kernel and ramdisk, "ramdisk", and an odd length.
put('boot.img', text('ANDROID!', 2048), noise(1, 150_000), Buffer.alloc(32_768), noise(2, 71_087))
// A boot loader: code and strings.
put('u-boot_AutoBoot.bin', noise(3, 40_000), text('bootcmd=mmc read 0x80008000 0x8400 0x20000; bootm\0bootdelay=1\0', 9_152))
// Its settings block, mostly empty.
put('bootimg_AutoBoot.bin', noise(4, 8_000), Buffer.alloc(3_504))
// Where they stand in SPI flash: name, offset, length.
put('spi_part.cfg', Buffer.from('boot 0x0 0x4000\nu-boot 0x4000 0x84000\nenv 0x88000 0x2000\nend 0x0 0x0\n'))

// Calibration as a table: channel, raw, value.
const rows = []
for (let channel = 0; channel < 8; channel++) {
  for (let raw = 0; raw < 4096; raw += 16) rows.push(`${channel},${raw},${((raw * (1 + channel / 100)) / 4096).toFixed(5)}`)
}
put('program/share/calibration/default.csv', Buffer.from(`channel,raw,value\n${rows.join('\n')}\n`))

// bin/sensord: a real executable, the smallest that AArch64 Linux runs: it prints its version and ends.
const message = Buffer.from('sensord 1.4.2: stand-in of the diskloom example\n')
const BASE = 0x400000n
const EHDR_SIZE = 64
const PHDR_SIZE = 56
const code = [
  0xd2800020, //                               mov  x0, #1          stdout
  0x10000000 | (((7 * 4) >> 2) << 5) | 1, //   adr  x1, message     28 bytes on from here
  0xd2800000 | (message.length << 5) | 2, //   mov  x2, #length
  0xd2800808, //                               mov  x8, #64         write
  0xd4000001, //                               svc  #0
  0xd2800000, //                               mov  x0, #0
  0xd2800ba8, //                               mov  x8, #93         exit
  0xd4000001, //                               svc  #0
]
const sizeBytes = EHDR_SIZE + PHDR_SIZE + 4 * code.length + message.length
const elf = Buffer.alloc(sizeBytes)
elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // ELF, 64 bits, little-endian, version 1
elf.writeUInt16LE(2, 16) // ET_EXEC
elf.writeUInt16LE(183, 18) // EM_AARCH64
elf.writeUInt32LE(1, 20)
elf.writeBigUInt64LE(BASE + BigInt(EHDR_SIZE + PHDR_SIZE), 24) // entry
elf.writeBigUInt64LE(BigInt(EHDR_SIZE), 32) // program headers
elf.writeUInt16LE(EHDR_SIZE, 52)
elf.writeUInt16LE(PHDR_SIZE, 54)
elf.writeUInt16LE(1, 56)
elf.writeUInt32LE(1, EHDR_SIZE) // PT_LOAD
elf.writeUInt32LE(5, EHDR_SIZE + 4) // readable, executable
elf.writeBigUInt64LE(BASE, EHDR_SIZE + 16)
elf.writeBigUInt64LE(BASE, EHDR_SIZE + 24)
elf.writeBigUInt64LE(BigInt(sizeBytes), EHDR_SIZE + 32)
elf.writeBigUInt64LE(BigInt(sizeBytes), EHDR_SIZE + 40)
elf.writeBigUInt64LE(0x1000n, EHDR_SIZE + 48)
code.forEach((word, index) => elf.writeUInt32LE(word >>> 0, EHDR_SIZE + PHDR_SIZE + 4 * index))
elf.set(message, EHDR_SIZE + PHDR_SIZE + 4 * code.length)
put('program/bin/sensord', elf)
chmodSync(join(here, 'program/bin/sensord'), 0o755)
