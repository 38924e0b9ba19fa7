/** Specs of volumes as a config would give them, and what tests ask of one. */
import type { FileSystemSpec, VolumeSpec } from '../../src/config/spec.js'
import { fileSystemOf } from '../../src/filesystems/registry.js'

/** A volume of this type without content. */
export function fileSystemSpec(type: string, more: Partial<FileSystemSpec> = {}): FileSystemSpec {
  return {
    kind: 'file-system',
    type,
    content: [],
    holes: 'none',
    engine: fileSystemOf(type).madeBy === 'host' ? 'host' : 'native',
    xattrs: 'none',
    options: {},
    ...more,
  }
}

/** `ext`, `fat`, `jffs2`, `f2fs` …; for what is no file system its kind. */
export function familyOf(volume: VolumeSpec): string {
  return volume.kind === 'file-system' ? fileSystemOf(volume.type).family : volume.kind
}
