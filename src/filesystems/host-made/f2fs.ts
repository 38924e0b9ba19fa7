import { featureList } from '../../schema/feature-list.js'
import { decimal } from '../../schema/leaf.js'
import { defineFileSystem, type OptionsOf, type OptionTable } from '../file-system.js'
import { hostMade } from './host-made.js'

const MAX_OVERPROVISION_PERCENT = 50
const LABEL_BYTES = 512
/** mkfs.f2fs 1.15 makes no smaller volume, tried in steps of 1 MiB. */
const MINIMUM_BYTES = 52 * 1024 * 1024

const optionTable = {
  features: featureList().describe('single features, as after -O of mkfs.f2fs').exactOptional(),
  overprovision_percent: decimal({ minimum: 1, maximum: MAX_OVERPROVISION_PERCENT })
    .describe('percent of the volume that is kept for cleaning. Default: by the size of the volume')
    .exactOptional(),
} satisfies OptionTable

export type F2fsOptions = OptionsOf<typeof optionTable>

/** [MKFS.F2FS(8)] of Debian 12. */
export const f2fs = defineFileSystem(
  hostMade<F2fsOptions>('f2fs', {
    identity: ['label', 'fs_uuid'],
    labelBytes: LABEL_BYTES,
    options: optionTable,
    minimumBytes: () => ({ bytes: MINIMUM_BYTES }),
  }),
)
