/** `engine: host`: volumes that the host's own tools make take the place of those that were planned natively. */
import { buildHostVolume } from '../host/ext-volume.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import type { CommandRunner } from '../tree/command-runner.js'
import { emptyTree } from '../tree/file-tree.js'

export interface HostVolumesOptions {
  readonly runner: CommandRunner
  /** Gives a folder for spool files, which whoever gave it removes; asked only when there is a volume to make. */
  readonly workFolder: () => string
  readonly signal?: AbortSignal | undefined
  /** Called before each volume with the partition's name. */
  readonly onVolume: (name: string) => void
}

export interface HostVolumes {
  /** The payloads with finished volumes in the places of those that were made. */
  readonly payloads: readonly Payload[]
  readonly count: number
}

/** `plan` gives places, times and identifiers. */
export async function buildHostVolumes(
  plan: DiskPlan,
  payloads: readonly Payload[],
  options: HostVolumesOptions,
): Promise<HostVolumes> {
  const result = [...payloads]
  let count = 0
  for (const { index, name, startByte, endByte, environment } of plan.partitions) {
    const { volume } = plan.spec.partitions[index]!
    if (volume.kind !== 'ext' || volume.engine !== 'host') continue
    options.onVolume(name)
    const payload = payloads[index]!
    const { image, facts } = await buildHostVolume({
      name,
      type: volume.type,
      sizeBytes: endByte - startByte,
      environment,
      options: volume.options,
      // The config has refused everything else.
      content: volume.content.flatMap((source) => (source.kind === 'folder' || source.kind === 'path' ? [source] : [])),
      tree: payload.kind === 'tree' ? payload.tree : emptyTree(environment.time),
      holes: volume.holes,
      // cp keeps what it can; `auto` only says what to do where getfattr is missing.
      xattrs: volume.xattrs === 'none' ? 'none' : 'keep',
      workFolder: options.workFolder(),
      runner: options.runner,
      ...(volume.label !== undefined && { label: volume.label }),
      ...(options.signal !== undefined && { signal: options.signal }),
    })
    result[index] = { kind: 'image', image, facts }
    count++
  }
  return { payloads: result, count }
}
