import type { ImageSpec } from '../config/spec.js'
import { invariant } from '../errors.js'
import type { DiskPlan, LayoutEnvironment, Payloads, Placement } from './disk-plan.js'

/**
 * Gives everything its place and plans no volume: for the host engine, which must know offset and size first.
 * Throws LayoutError with all problems at once.
 */
export function placeDisk(_spec: ImageSpec, _payloads: Payloads, _environment: LayoutEnvironment = {}): Placement {
  invariant(false, 'being written')
}

/**
 * Decides everything about the disk. Pure. Throws LayoutError (FormatError, where formats alone refused) with all
 * problems at once, each with the path of its config value. `placement` spares measuring again what placeDisk measured.
 */
export function planDisk(
  _spec: ImageSpec,
  _payloads: Payloads,
  _environment: LayoutEnvironment = {},
  _placement?: Placement,
): DiskPlan {
  invariant(false, 'being written')
}
