import type { FileSystemReading } from '../file-system.js'
import { openJffs2 } from './reader.js'
import { probeJffs2 } from './scan.js'

export const jffs2Reading: FileSystemReading = {
  probe: (view) => probeJffs2(view) !== undefined,
  open: openJffs2,
}
