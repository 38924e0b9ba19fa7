/** A volume with every decision made, as the encoders take it. */
import type { Guid } from '../../bytes/guid.js'
import type { Timestamp } from '../../tree/file-tree.js'
import { EXT4_GOOD_OLD_FIRST_INO } from './disklayout/inode.js'
import type { BlockRun, PlacedBlocks } from './file-blocks.js'
import type { Geometry } from './geometry.js'
import type { GroupLayout } from './group-layout.js'
import { inodeNumberOf, type TreeSurvey } from './tree-survey.js'
import type { VolumeDemand } from './volume-demand.js'
import type { VolumePlacement } from './volume-placement.js'

export interface VolumePlan {
  /** Of the partition; the file system may end before it. */
  readonly sizeBytes: number
  readonly geometry: Geometry
  readonly layout: GroupLayout
  readonly survey: TreeSurvey
  readonly demand: VolumeDemand
  readonly placement: VolumePlacement
  readonly label: string
  readonly uuid: Guid
  readonly hashSeed: Uint8Array
  readonly time: Timestamp
  readonly lazyInodeTables: boolean
  readonly stride: number
  readonly stripeWidth: number
}

/** Inodes 1 to this are in use, and none beyond. */
export function lastInodeOf(plan: VolumePlan): number {
  const lastNode = inodeNumberOf(plan.survey.nodes.length - 1)
  return Math.max(lastNode, EXT4_GOOD_OLD_FIRST_INO - 1) + (plan.geometry.features.has('orphan_file') ? 1 : 0)
}

/** The orphan file comes after the payload, so that payload has the same numbers with and without it. */
export function orphanInodeOf(plan: VolumePlan): number {
  return plan.geometry.features.has('orphan_file') ? lastInodeOf(plan) : 0
}

/** Inodes of a group that are in use: its first ones. */
export function usedInodesOf(plan: VolumePlan, group: number): number {
  const { inodesPerGroup } = plan.geometry
  return Math.min(Math.max(lastInodeOf(plan) - group * inodesPerGroup, 0), inodesPerGroup)
}

export function countRunBlocks(runs: readonly BlockRun[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0)
}

/** All blocks of a placed file, its map's included. */
export function countPlaced({ runs, mapBlocks }: PlacedBlocks): number {
  return countRunBlocks(runs) + mapBlocks.length
}
