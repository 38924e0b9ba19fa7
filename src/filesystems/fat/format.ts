import type { VolumeFormat } from '../volume.js'
import type { FatFormatOptions } from './options.js'

export type { FatFormatOptions } from './options.js'

export const fatFormat: VolumeFormat<FatFormatOptions> = {
  plan() {
    throw new Error('invariant: not written yet')
  },
  smallestSizeBytes() {
    throw new Error('invariant: not written yet')
  },
}
