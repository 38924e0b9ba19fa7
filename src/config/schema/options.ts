import { extOptions } from './ext-options.js'
import { fatOptions } from './fat-options.js'
import { ubiOptions } from './flash.js'
import { group } from './group.js'
import { hostOptions } from './host-options.js'
import { jffs2Options } from './jffs2-options.js'
import { uBootEnvOptions } from './u-boot-env-options.js'
import { verityOptions } from './verity-options.js'

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
