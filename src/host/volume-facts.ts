import type { PlannedVolume } from '../filesystems/volume.js'
import { type SpooledVolume, toolFailure, volumeUrl } from './volume-tools.js'

/** Lines of `dumpe2fs -h` → the words of the native writer. */
const FACTS: Readonly<Record<string, string>> = {
  'Block size': 'block_size',
  'Block count': 'blocks',
  'Free blocks': 'free_blocks',
  'Reserved block count': 'reserved_blocks',
  'Inode count': 'inodes',
  'Inode size': 'inode_size',
  'Free inodes': 'free_inodes',
  'Total journal blocks': 'journal_blocks',
}

export async function readVolumeFacts(volume: SpooledVolume): Promise<PlannedVolume['facts']> {
  const result = await volume.runner.run('dumpe2fs', ['-h', volumeUrl(volume)])
  if (result.status !== 0) throw toolFailure(volume, 'read back', 'dumpe2fs', result)
  const facts: Record<string, number | readonly string[]> = {}
  for (const line of result.stdout.toString().split('\n')) {
    const [, key, value] = /^([^:]+):\s+(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    const fact = FACTS[key]
    if (fact !== undefined) facts[fact] = Number.parseInt(value, 10)
    if (key === 'Filesystem features') facts.features = value.split(' ')
  }
  return facts
}
