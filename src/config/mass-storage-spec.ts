/** What `gadget:` says of the storage that the board shows over USB, after units and defaults. */
import type { ConfigPath } from '../errors.js'

/** One logical unit: a file or block device of the board that the host sees as a disk. */
export interface LunSpec {
  /** On the board, absolute. */
  readonly file: string
  readonly ro: boolean
  readonly removable: boolean
  readonly cdrom: boolean
  readonly nofua: boolean
  /** Vendor, model and revision that SCSI INQUIRY gives, at most 28 characters. */
  readonly inquiry?: string
  /** Of the backing file, in bytes, where the config says it. */
  readonly sizeBytes?: number
  /** What this config makes of it: the whole disk, or its partition of this name. */
  readonly holds?: { readonly kind: 'disk' } | { readonly kind: 'partition'; readonly name: string }
  readonly configPath: ConfigPath
}

export type UsbFunction = 'acm' | 'ecm' | 'rndis' | 'ncm'

export type StorageDriver = 'configfs' | 'g_mass_storage'

export interface UsbDescriptors {
  readonly vendorId?: number
  readonly productId?: number
  /** Binary coded decimal: 0x0123 is 1.23. */
  readonly deviceVersion?: number
  readonly manufacturer?: string
  readonly product?: string
  readonly serial?: string
  /** Milliamperes that the board may draw from the bus. */
  readonly maxPowerMa?: number
}

export interface HarvestSpec {
  /** Index in `luns`. */
  readonly lun: number
  /** Where the board mounts the medium between exports. */
  readonly mount: string
  /** Lines end as Windows has them. */
  readonly crlf: boolean
  /** Byte of the backing file at which the volume begins. */
  readonly offsetBytes: number
}

export interface MassStorageSpec {
  readonly driver: StorageDriver
  readonly luns: readonly LunSpec[]
  /** Missing: the driver's own choice. */
  readonly stall?: boolean
  readonly descriptors: UsbDescriptors
  readonly functions: readonly UsbFunction[]
  /** Name in /sys/class/udc; missing: the first that is free. */
  readonly udc?: string
  /** Seconds that the start waits for a controller. */
  readonly udcWaitSeconds: number
  readonly service: 'init' | 'systemd'
  readonly harvest?: HarvestSpec
  /** Whether the fragments for the kernel's and BusyBox's config are written. */
  readonly kernelConfig: boolean
  /** What MAC addresses and the serial number are derived from. */
  readonly seed: string
}
