/** How mke2fs is called so that only the config decides, and nothing of the machine it runs on. */
import { alignDown } from '../bytes/align.js'
import { uuidV5 } from '../bytes/guid.js'
import { FormatError } from '../errors.js'
import type { ExtOptions } from '../filesystems/ext4/option-table.js'
import type { ExtType } from '../filesystems/ext4/options.js'
import type { VolumeEnvironment } from '../filesystems/volume.js'

/**
 * What stands in /etc/mke2fs.conf of Debian 12 (e2fsprogs 1.47.0) and matters to ext2, ext3 and ext4; given to mke2fs in
 * place of the machine's own, which may be another version's.  [MKE2FS.CONF(5)]
 */
export const MKE2FS_CONFIG = `[defaults]
	base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
	default_mntopts = acl,user_xattr
	enable_periodic_fsck = 0
	blocksize = 4096
	inode_size = 256
	inode_ratio = 16384
[options]
	warn_y2038_dates = 0
[fs_types]
	ext3 = {
		features = has_journal
	}
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
	small = {
		blocksize = 1024
		inode_ratio = 4096
	}
	floppy = {
		blocksize = 1024
		inode_ratio = 8192
	}
	big = {
		inode_ratio = 32768
	}
	huge = {
		inode_ratio = 65536
	}
`

export interface Mke2fsRequest {
  readonly type: ExtType
  /** Of the volume. */
  readonly sizeBytes: number
  readonly environment: VolumeEnvironment
  readonly label?: string
  readonly options: ExtOptions
}

const KIB = 1024
const MIB = 1024 * 1024
const MAX_LABEL_BYTES = 16
/** Left to itself mke2fs rounds a volume down to whole pages of the machine; this is x86's and the native writer's. */
const PAGE_BYTES = 4096

/**
 * Arguments of mke2fs for a volume inside `spool` at its place on the disk; `folder`: what `-d` copies in. FormatError
 * for what the host's mke2fs cannot be asked.
 */
export function mke2fsArguments(request: Mke2fsRequest, spool: string, folder?: string): string[] {
  const { type, environment, label, options } = request
  assertRepresentable(request)
  const journal = options.journal_size
  const features = [...(journal === 0 ? ['^has_journal'] : []), ...(options.features ?? [])]
  const extended = [
    `offset=${environment.offsetBytes}`,
    `hash_seed=${options.hash_seed ?? uuidV5(environment.uuid, 'directory-hash')}`,
    `lazy_itable_init=${options.lazy_itable_init === true ? 1 : 0}`,
    'lazy_journal_init=0',
  ]
  const flags: [string, string | number | undefined][] = [
    ['-t', type],
    ['-U', environment.uuid],
    ['-L', label],
    ['-b', options.block_size],
    ['-I', options.inode_size],
    ['-i', options.bytes_per_inode],
    ['-N', options.inodes],
    ['-m', options.reserved_percent],
    ['-J', journal === undefined || journal === 0 ? undefined : `size=${journal / MIB}`],
    ['-O', features.length === 0 ? undefined : features.join(',')],
    ['-E', extended.join(',')],
    ['-d', folder],
  ]
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]))
  return ['-q', '-F', ...given, spool, `${alignDown(request.sizeBytes, PAGE_BYTES) / KIB}k`]
}

/** The volume's time, its sector size and our own configuration, as mke2fs takes them from its environment. */
export function mke2fsEnvironment({ time, sectorSize }: VolumeEnvironment, configFile: string): Record<string, string> {
  return {
    MKE2FS_CONFIG: configFile,
    MKE2FS_DEVICE_SECTSIZE: String(sectorSize),
    MKE2FS_DEVICE_PHYS_SECTSIZE: String(sectorSize),
    ...fakeTime(time.seconds),
  }
}

/** "Now" for every tool of e2fsprogs. They take 0 and less for "not set". */
export function fakeTime(seconds: number): Record<string, string> {
  return seconds > 0 ? { E2FSPROGS_FAKE_TIME: String(seconds), SOURCE_DATE_EPOCH: String(seconds) } : {}
}

function assertRepresentable({ type, label, options }: Mke2fsRequest): void {
  const labelBytes = Buffer.byteLength(label ?? '', 'utf8')
  if (labelBytes > MAX_LABEL_BYTES) {
    throw new FormatError(`Cannot write ${type} label "${label}": ${labelBytes} bytes, at most ${MAX_LABEL_BYTES}`)
  }
  if (options.profile !== undefined && options.profile !== 'default') {
    throw new FormatError(
      `Cannot use profile "${options.profile}" with engine: host: only "default" is accepted there`,
      { hint: 'name its features under options.features, or leave the volume to engine: native' },
    )
  }
  if (options.journal_size !== undefined && options.journal_size % MIB !== 0) {
    throw new FormatError(
      `Cannot make a journal of ${options.journal_size} bytes with engine: host: whole MiB are accepted by mke2fs`,
    )
  }
}
