/** A file as a block device, for root: with sectors of its own, which most tools take only from a device. */
import { tool } from './oracle.js'

/** Attaches `path`, gives the device to `use`, and always lets go. */
export function withLoopDevice<T>(path: string, sectorSize: 512 | 4096, use: (device: string) => T): T {
  const device = tool('losetup', '--find', '--show', '--sector-size', String(sectorSize), path).trim()
  try {
    return use(device)
  } finally {
    tool('losetup', '--detach', device)
  }
}
