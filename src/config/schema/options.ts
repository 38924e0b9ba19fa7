import { extOptions } from '../../filesystems/ext4/option-table.js'
import { fatOptions } from '../../filesystems/fat/option-table.js'
import { jffs2Options } from '../../filesystems/jffs2/option-table.js'
import { uBootEnvOptions } from '../../filesystems/u-boot-env/option-table.js'
import { verityOptions } from '../../filesystems/verity/option-table.js'
import { group } from '../../schema/group.js'
import { ubiOptions } from './flash.js'
import { hostOptions } from './host-options.js'

/** All families together, so that one list completes in editors; which ones fit the fs is checked with it. */
export const options = group(
  {
    ...extOptions,
    ...fatOptions,
    ...jffs2Options,
    ...uBootEnvOptions,
    ...ubiOptions,
    ...hostOptions,
    ...verityOptions,
  },
  { noun: 'options' },
)
