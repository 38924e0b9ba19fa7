/** Encrypted partitions: their keys are looked at before anything is made, and their volumes encrypted when everything else is. */
import type { ImageSpec, LuksSpec } from '../config/spec.js'
import { type ConfigPath, LayoutError } from '../errors.js'
import type { DiskPlan, Payload } from '../layout/disk-plan.js'
import { LUKS_HEADER_BYTES } from '../layout/luks.js'
import { measurePayload } from '../layout/measure-payload.js'
import type { ProblemCollector } from '../problem-collector.js'
import { problemAt } from '../tree/payload-problem.js'
import { readSourceFile } from '../tree/raw-file.js'
import type { HostVolumesOptions } from './host-volumes.js'

/** What cryptsetup reads of a key file. [CRYPTSETUP luksFormat] */
const MAX_KEY_BYTES = 8192 * 1024

/** A key that is missing or empty is told with all other payloads that are. */
export async function checkKeyFiles({ partitions }: ImageSpec, collector: ProblemCollector): Promise<void> {
  for (const { luks, name, configPath } of partitions) {
    if (luks === undefined) continue
    const at = [...configPath, 'luks']
    await collector.attempt(() => checkKeyFile(luks.keyFile, name, [...at, 'key_file']))
    await collector.attempt(() => checkVolumeKeyFile(luks, name, [...at, 'volume_key_file']))
  }
}

function checkKeyFile(path: string, name: string, at: ConfigPath): void {
  const { sizeBytes } = readSourceFile(path, at)
  if (sizeBytes > 0 && sizeBytes <= MAX_KEY_BYTES) return
  const found = sizeBytes === 0 ? 'it is empty' : `it has ${sizeBytes} bytes`
  throw new LayoutError(
    problemAt(
      `Cannot encrypt "${name}" with key file "${path}": ${found}, accepted are 1 to ${MAX_KEY_BYTES} bytes`,
      at,
    ),
  )
}

function checkVolumeKeyFile({ volumeKeyFile: path, keyBits }: LuksSpec, name: string, at: ConfigPath): void {
  if (path === undefined) return
  const { sizeBytes } = readSourceFile(path, at)
  const wanted = keyBits / 8
  if (sizeBytes === wanted) return
  throw new LayoutError(
    problemAt(
      `Cannot encrypt "${name}" with volume key file "${path}": it has ${sizeBytes} bytes, key_size: ${keyBits} takes ${wanted}`,
      at,
    ),
  )
}

/** The payloads with whole encrypted partitions in the places of those that stand in one. */
export async function sealPartitions(
  { seals, spec }: DiskPlan,
  payloads: readonly Payload[],
  { runner, workFolder, signal, onVolume }: HostVolumesOptions,
): Promise<readonly Payload[]> {
  const result = [...payloads]
  for (const { index, luks, uuid, inside } of seals) {
    const { name } = spec.partitions[index]!
    onVolume(name)
    const { makeLuksVolume } = await import('../host/luks-volume.js')
    const { image, facts } = await makeLuksVolume({
      ...{ name, luks, uuid, runner },
      inside: inside(),
      headerBytes: LUKS_HEADER_BYTES,
      workFolder: workFolder(),
      ...(signal && { signal }),
    })
    result[index] = { kind: 'sealed', image, facts, measure: measurePayload(payloads[index]!) }
  }
  return result
}

/** What may be told of the payloads to whoever gets the image: nothing of what is encrypted. */
export function openPayloads({ partitions }: ImageSpec, payloads: readonly Payload[]): readonly Payload[] {
  return payloads.map((payload, index) => (partitions[index]!.luks === undefined ? payload : { kind: 'none' }))
}
