/** One device, from its opening to the receipt. */
import { availableParallelism } from 'node:os'
import { carriedBytes } from '../image/windows.js'
import { DigestSink } from '../outputs/digest-sink.js'
import { mappedDigestOfDisk, planDigests } from '../outputs/digests.js'
import { INLINE_THREADS, type Threads } from '../outputs/threads.js'
import { startThreads } from '../outputs/worker-threads.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { VERSION } from '../version.js'
import type { BlockDevice } from './block-device.js'
import type { Disk } from './disks.js'
import { FILE_TYPE } from './file-target.js'
import type { FittedImage } from './fit-image.js'
import { growExt } from './grow-ext.js'
import type { PartitionPlace } from './image-table.js'
import { type FlashedRelease, type FlashReceipt, makeReceipt } from './receipt.js'
import { type FlashPhase, type WrittenBytes, writeDevice } from './write-device.js'

export interface FlashJob extends FittedImage {
  readonly disk: Disk
  /** As the receipt names it. */
  readonly source: string
  /** What its signed manifest says, where one was checked. */
  readonly release?: FlashedRelease | undefined
  /** Of the fitted image, disjoint. */
  readonly partitions: readonly PartitionPlace[]
  /** The file system of the grown partition is still as large as it was. */
  readonly growsFileSystem: boolean
}

export interface FlashDeviceOptions {
  readonly open: (disk: Disk) => Promise<BlockDevice>
  readonly runner: CommandRunner
  readonly verify: boolean
  readonly signal?: AbortSignal | undefined
  readonly now: () => Date
  readonly onPhase?: ((phase: FlashPhase | 'grow') => void) | undefined
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
}

/** Below this much payload a thread's start costs more than it saves. */
const THREADS_MINIMUM_BYTES = 8 << 20

/** Rejects with what `openDevice`, `writeDevice` or `growExt` say; nothing else but a receipt claims success. */
export async function flashDevice(job: FlashJob, options: FlashDeviceOptions): Promise<FlashReceipt> {
  const started = options.now()
  const { disk, image, grown } = job
  const stretches = job.partitions.map(({ startByte, endByte }) => ({
    offset: startByte,
    sizeBytes: endByte - startByte,
  }))
  const { plan } = planDigests(image, stretches, false)
  const threads = threadsFor(carriedBytes(image))
  let digests: DigestSink
  let bytes: WrittenBytes
  try {
    const device = await options.open(disk)
    try {
      digests = new DigestSink(threads.digests({ ...plan, pieces: [], fileCount: 0 }))
      const { verify, signal, onPhase, onProgress } = options
      const sinks = [digests]
      bytes = await writeDevice(device, image, {
        verify,
        signal,
        onPhase,
        onProgress,
        sinks,
        threads,
        partitions: job.partitions,
      })
    } finally {
      await device.close()
    }
  } finally {
    await threads.close()
  }
  if (job.growsFileSystem && grown !== undefined) {
    options.onPhase?.('grow')
    await growExt(disk.path, grown, options.runner)
  }
  if (disk.type !== FILE_TYPE) await announceTable(disk.path, options.runner)
  const { results } = digests
  const byOffset = new Map(plan.stretches.map(({ offset }, index) => [offset, results.stretches[index]!]))
  return makeReceipt({
    toolVersion: VERSION,
    source: job.source,
    release: job.release,
    disk,
    digest: mappedDigestOfDisk(plan.stretches, results.stretches),
    partitions: job.partitions.map((place) => ({ ...place, digest: byOffset.get(place.startByte)! })),
    bytes,
    backupMoved: job.backupMoved,
    grown,
    started,
    seconds: (options.now().getTime() - started.getTime()) / 1000,
  })
}

function threadsFor(totalBytes: number): Threads {
  return totalBytes >= THREADS_MINIMUM_BYTES ? startThreads(availableParallelism()) : INLINE_THREADS
}

/**
 * The kernel still has the old partitions, with pages of theirs in its cache. udev asks it to look again when a device is
 * closed; where there is no udev we do. Failing is no failure of the flash: the next insertion reads the table anyway.
 */
async function announceTable(path: string, runner: CommandRunner): Promise<void> {
  if (runner.locate('blockdev') !== undefined) await runner.run('blockdev', ['--rereadpt', path])
}
