/** The 32-bit number of a FAT or exFAT volume as DOS shows it, and blkid and Linux name it: `1A2B-3C4D`. */
export function volumeIdText(volumeId: number): string {
  const digits = volumeId.toString(16).toUpperCase().padStart(8, '0')
  return `${digits.slice(0, 4)}-${digits.slice(4)}`
}
