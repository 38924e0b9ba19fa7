/** Sector 0 with an MBR of one partition, by which bytes of a test become a disk. */
export function mbrSector(firstSector: number, sectors: number): Buffer {
  const sector = Buffer.alloc(512)
  sector.writeUInt32LE(0x1d0d15c5, 440)
  sector[450] = 0x83
  sector.writeUInt32LE(firstSector, 454)
  sector.writeUInt32LE(sectors, 458)
  sector.writeUInt16LE(0xaa55, 510)
  return sector
}
