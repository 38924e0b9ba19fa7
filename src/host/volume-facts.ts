import { ceilDivide } from '../bytes/align.js'
import type { PlannedVolume } from '../filesystems/volume.js'
import { type SpooledVolume, toolFailure, volumeUrl } from './volume-tools.js'

/** Lines of `dumpe2fs -h` → the words of the native writer. */
const NUMBERS: Readonly<Record<string, string>> = {
  'Block size': 'block_size',
  'Block count': 'blocks',
  'Free blocks': 'free_blocks',
  'Reserved block count': 'reserved_blocks',
  'Blocks per group': 'blocks_per_group',
  'Inode count': 'inodes',
  'Inode size': 'inode_size',
  'Inodes per group': 'inodes_per_group',
  'Free inodes': 'free_inodes',
  'Total journal blocks': 'journal_blocks',
}

/** The finished volume in figures, as the native writer tells them of its own. */
export async function readVolumeFacts(volume: SpooledVolume): Promise<PlannedVolume['facts']> {
  const result = await volume.runner.run('dumpe2fs', ['-h', volumeUrl(volume)])
  if (result.status !== 0) throw toolFailure(volume, 'read back', 'dumpe2fs', result)
  const lines = new Map<string, string>()
  for (const line of result.stdout.toString().split('\n')) {
    const [, key, value] = /^([^:]+):\s+(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) lines.set(key, value)
  }
  const number = (key: string): number => Number.parseInt(lines.get(key) ?? '0', 10)
  const label = lines.get('Filesystem volume name') ?? ''
  return {
    ...Object.fromEntries(Object.entries(NUMBERS).map(([key, fact]) => [fact, number(key)])),
    groups: ceilDivide(number('Block count') - number('First block'), number('Blocks per group')),
    label: label === '<none>' ? '' : label,
    uuid: lines.get('Filesystem UUID') ?? '',
    features: (lines.get('Filesystem features') ?? '').split(' '),
  }
}
