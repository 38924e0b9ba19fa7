/**
 * Records of a flattened device tree (.dtb, .dtbo), big-endian: a header, the reserved memory (pairs of address and size up to
 * a pair of zeros), the structure block (tokens, 4-aligned) and the strings block (names of properties).
 * Readers: Linux and U-Boot by libfdt, boot loaders of the Raspberry Pi, dtc.
 *
 * Source: [dts] chapter 5 "Flattened Devicetree (DTB) Format".
 */
import { bytes, type Infer, struct, u32be } from '../../bytes/struct.js'

/** [dts] §5.2 */
export const FdtHeader = struct('fdt_header', 40, {
  magic: [0, u32be],
  totalsize: [4, u32be],
  off_dt_struct: [8, u32be],
  off_dt_strings: [12, u32be],
  off_mem_rsvmap: [16, u32be],
  version: [20, u32be],
  last_comp_version: [24, u32be],
  boot_cpuid_phys: [28, u32be],
  size_dt_strings: [32, u32be],
  size_dt_struct: [36, u32be],
})
export type FdtHeader = Infer<typeof FdtHeader>

/** [dts] §5.3.2 The numbers are never looked at, so they stay bytes. */
export const FdtReserveEntry = struct('fdt_reserve_entry', 16, {
  address: [0, bytes(8)],
  size: [8, bytes(8)],
})

/** Follows FDT_PROP; `len` bytes of value and zeros up to the next multiple of 4 come behind it. [dts] §5.4.1 */
export const FdtProp = struct('fdt_prop', 8, {
  len: [0, u32be],
  nameoff: [4, u32be],
})

export const FDT_MAGIC = 0xd00dfeed
/** [dts] §5.4.1 */
export const FDT_BEGIN_NODE = 1
export const FDT_END_NODE = 2
export const FDT_PROP = 3
export const FDT_NOP = 4
export const FDT_END = 9
export const TOKEN_BYTES = 4

/** The version that dtc writes and everybody reads, with the oldest that its readers may know. [dts] §5.2 */
export const FDT_VERSION = 17
export const FDT_LAST_COMPATIBLE_VERSION = 16
/** Of the reserved memory. [dts] §5.6 */
export const RESERVE_ALIGNMENT = 8
