// Makes rootfs.uImage, which stands in for the kernel's: `node make-stand-ins.mjs` writes the same bytes anywhere. A magic
// number and noise; nothing boots it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BYTES = 60_004
const bytes = Buffer.alloc(BYTES)
let state = 7
for (let at = 0; at < BYTES; at += 4) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  bytes.writeUInt32LE(state, at)
}
bytes.writeUInt32BE(0x27051956, 0)
writeFileSync(join(import.meta.dirname, 'rootfs.uImage'), bytes)
