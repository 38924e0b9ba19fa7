/** File systems that only the host's tools write (docs/host-tools.md): what their descriptors have in common. */
import { type FileSystem, KEEPS_ALL, type OptionTable, type VolumeKey } from '../file-system.js'

/** Host-made volumes keep everything but holes: the tar in which a tree reaches the tools has none. */
const KEEPS_ALL_BUT_HOLES = { ...KEEPS_ALL, holes: false }

export function hostMade<Options extends object>(
  word: string,
  {
    identity,
    ...own
  }: {
    /** Keys that name the volume. */
    readonly identity: readonly ('label' | 'fs_uuid')[]
    readonly options: OptionTable
  } & Partial<Pick<FileSystem<Options>, 'check' | 'hasOwnSize' | 'minimumBytes' | 'liesOn' | 'fitsUbi' | 'labelBytes'>>,
): FileSystem<Options> {
  const keys: readonly VolumeKey[] = ['content', ...identity, 'owner', 'xattrs', 'modes', 'engine', 'options']
  return {
    family: word,
    title: word,
    words: { [word]: word },
    content: 'tree',
    keys,
    madeBy: 'host',
    liesOn: 'block',
    fitsUbi: false,
    keeps: KEEPS_ALL_BUT_HOLES,
    ...own,
  }
}
