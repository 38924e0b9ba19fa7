/** The ext file system of the last partition grows into the room that it was given: by e2fsprogs, on the device itself. */
import { FormatError, IoError } from '../errors.js'
import { EXT4_SUPER_MAGIC, Ext4SuperBlock, SUPERBLOCK_OFFSET_BYTES } from '../filesystems/ext4/disklayout/superblock.js'
import type { CommandRunner } from '../tree/command-runner.js'
import type { PartitionPlace, ReadBytes } from './image-table.js'

/** resize2fs takes sizes in sectors of this many bytes, whatever the device has. */
const SIZE_UNIT_BYTES = 512
/** e2fsck: 1 = errors were corrected. */
const E2FSCK_CORRECTED = 1

/** Before anything is written. FormatError where no ext volume stands there, IoError where a tool is missing. */
export function assertCanGrow(place: PartitionPlace, read: ReadBytes, runner: CommandRunner): void {
  const [at, size] = Ext4SuperBlock.FIELDS.s_magic!
  const magic = read(place.startByte + SUPERBLOCK_OFFSET_BYTES + at, size)
  if (magic[0]! + magic[1]! * 0x100 !== EXT4_SUPER_MAGIC) {
    throw new FormatError(
      `Cannot grow partition ${place.number}${place.name === '' ? '' : ` "${place.name}"`}: it holds no ext2, ext3 or ext4 file system`,
      { hint: 'Flash the config instead of the image: the disk is then planned for the device.' },
    )
  }
  for (const tool of ['e2fsck', 'resize2fs']) {
    if (runner.locate(tool) !== undefined) continue
    throw new IoError(
      `Cannot grow the file system: ${tool} is not installed, it must stand on the PATH or in /usr/sbin`,
      {
        hint: 'on Debian: apt-get install e2fsprogs',
      },
    )
  }
}

/**
 * Grows the volume to the whole of its partition. The device must not be open for anybody else. The tools reach the volume
 * by its offset, so that the kernel need not have seen the new table.
 */
export async function growExt(devicePath: string, place: PartitionPlace, runner: CommandRunner): Promise<void> {
  const volume = `${devicePath}?offset=${place.startByte}`
  const check = await runner.run('e2fsck', ['-f', '-p', volume])
  if (check.status > E2FSCK_CORRECTED) throw toolFailed('e2fsck', devicePath, place, check)
  const size = `${(place.endByte - place.startByte) / SIZE_UNIT_BYTES}s`
  const resize = await runner.run('resize2fs', [volume, size])
  if (resize.status !== 0) throw toolFailed('resize2fs', devicePath, place, resize)
}

function toolFailed(
  tool: string,
  devicePath: string,
  { number }: PartitionPlace,
  { status, stdout, stderr }: { status: number; stdout: Buffer; stderr: string },
): IoError {
  const said = `${stdout.toString('utf8')}${stderr}`.trim()
  return new IoError(
    `Cannot grow the file system of partition ${number} on ${devicePath}: ${tool} gave exit code ${status}`,
    {
      hint: `It said: ${said} The image itself is on the device, with the file system as it was.`,
      details: { path: devicePath, tool, status },
    },
  )
}
