/** UBI in a partition: what each of its volumes holds is planned like a partition's, and goes into blocks as an image. */
import { alignUp } from '../bytes/align.js'
import { uuidV5 } from '../bytes/guid.js'
import type { FileSystemSpec, UbiSpec, UbiVolumeSpec } from '../config/spec.js'
import { invariant, withProblems } from '../errors.js'
import type { UbiVolume } from '../filesystems/ubi/encode.js'
import { type UbiGeometry, ubiGeometry } from '../filesystems/ubi/geometry.js'
import { UbiPlanner } from '../filesystems/ubi/plan.js'
import type { PlannedVolume, VolumeEnvironment } from '../filesystems/volume.js'
import { contentOfFile, EMPTY_CONTENT } from '../tree/file-tree.js'
import type { Payload } from './disk-plan.js'
import { firstFourBytes, givenUuid } from './identifiers.js'
import { payloadWord } from './measure-payload.js'

/** How the content of a volume is planned; handed in, since a volume of UBI is one of the things that are. */
export interface ContentPlanning {
  /** The smallest volume of whole grains. */
  planSmallest(
    volume: FileSystemSpec,
    payload: Payload,
    grainBytes: number,
    environment: VolumeEnvironment,
  ): PlannedVolume
  plan(volume: FileSystemSpec, payload: Payload, sizeBytes: number, environment: VolumeEnvironment): PlannedVolume
}

/** What the content of a volume takes from outside; `environment`: UBI's own. */
export function ubiContentEnvironment(
  { name, volume }: UbiVolumeSpec,
  environment: VolumeEnvironment,
): VolumeEnvironment {
  const uuid = givenUuid(volume) ?? uuidV5(environment.uuid, `volume/${name}`)
  return { ...environment, uuid, offsetBytes: 0 }
}

/** Of a partition's volumes and payload, before it has a size. Errors at the places of the config, from the partition on. */
export function ubiPlanner(
  { volumes, options, flashBytes }: UbiSpec,
  payload: Payload,
  environment: VolumeEnvironment,
  planning: ContentPlanning,
): UbiPlanner {
  invariant(
    payload.kind === 'volumes' && payload.payloads.length === volumes.length,
    'UBI has a payload for each volume',
  )
  const geometry = ubiGeometry(options)
  const planned = volumes.map((volume, index) =>
    atVolume(volume, index, () => contentOf(volume, payload.payloads[index]!, { environment, geometry, planning })),
  )
  return new UbiPlanner(geometry, planned, {
    imageSequence: options.image_sequence ?? firstFourBytes(environment.uuid),
    eraseCounter: options.erase_counter ?? 0,
    ...(flashBytes !== undefined && { flashBytes }),
  })
}

interface Around {
  readonly environment: VolumeEnvironment
  readonly geometry: UbiGeometry
  readonly planning: ContentPlanning
}

function contentOf(spec: UbiVolumeSpec, payload: Payload, around: Around): UbiVolume {
  const { name, id, isStatic, autoresize, sizeBytes, volume } = spec
  return {
    name,
    id,
    isStatic,
    autoresize,
    format: payloadWord(volume),
    ...insideOf(spec, payload, around),
    ...(sizeBytes !== undefined && { sizeBytes }),
  }
}

/** The bytes of a file, what the host's tools made, or a volume of our own as large as UBI's. */
function insideOf(
  spec: UbiVolumeSpec,
  payload: Payload,
  { environment, geometry, planning }: Around,
): Pick<UbiVolume, 'content' | 'facts' | 'warnings'> {
  const { volume, sizeBytes } = spec
  if (payload.kind === 'file') return { content: contentOfFile(payload.file) }
  if (payload.kind === 'image') return { content: payload.image, facts: payload.facts }
  if (volume.kind === 'none') return { content: EMPTY_CONTENT }
  invariant(volume.kind === 'file-system', 'a volume of UBI holds what its config says')
  const inside = ubiContentEnvironment(spec, environment)
  const { lebBytes } = geometry
  const { facts, warnings, encode } =
    sizeBytes === undefined
      ? planning.planSmallest(volume, payload, lebBytes, inside)
      : planning.plan(volume, payload, alignUp(sizeBytes, lebBytes), inside)
  return { content: encode(), facts, warnings }
}

function atVolume<T>({ name }: UbiVolumeSpec, index: number, make: () => T): T {
  return withProblems(
    (problem) => ({
      ...problem,
      message: `Volume "${name}": ${problem.message}`,
      path: ['volumes', index, ...(problem.path ?? [])],
    }),
    make,
  )
}
