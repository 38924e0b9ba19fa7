/** The environment of U-Boot as the rest of the program knows it. It fills a partition like a file system. */
import { defineFileSystem, KEEPS_ALL } from '../file-system.js'
import { uBootEnvFormat } from './format.js'
import { uBootEnvOptionTable } from './option-table.js'
import type { UBootEnvOptions } from './options.js'

export const uBootEnv = defineFileSystem<UBootEnvOptions>({
  family: 'u-boot-env',
  title: 'a U-Boot environment',
  words: { 'u-boot-env': 'u-boot-env' },
  content: 'text',
  keys: ['content', 'options'],
  options: uBootEnvOptionTable,
  madeBy: 'diskloom',
  liesOn: 'block',
  fitsUbi: true,
  keeps: { ...KEEPS_ALL, owners: false, xattrs: false, holes: false },
  format: uBootEnvFormat,
})
