/** The library's face. */
export {
  type BuildEvent,
  type BuildOptions,
  type BuildOutput,
  type BuildPhase,
  type BuildResult,
  build,
  inputs,
  type OutputKind,
  type PlanOptions,
  type PlanResult,
  plan,
} from './build.js'
export { configJsonSchema } from './config/json-schema.js'
export type { ImageSpec, PartitionSpec, VolumeSpec } from './config/spec.js'
export { type ConvertOptions, type ConvertOutput, type ConvertResult, convert } from './convert.js'
export {
  ConfigError,
  DifferenceError,
  DiskloomError,
  type ErrorCode,
  EXIT_CODES,
  FormatError,
  InterruptedError,
  IoError,
  LayoutError,
  type Position,
  type Problem,
} from './errors.js'
export type { VolumeReader, VolumeSummary } from './filesystems/volume-reader.js'
export { type GadgetOptions, type GadgetResult, gadget } from './gadget.js'
export type { DiskImage, Extent, Source, SourceFile } from './image/extent.js'
export {
  type CheckedImage,
  type CheckOptions,
  type Content,
  checkImageFile,
  compareDisks,
  type DiskComparison,
  type DiskDifferences,
  type Extraction,
  type ExtractOptions,
  extract,
  extractImage,
  type ImageFinding,
  type Inspection,
  inspectImage,
  isSame,
  type OpenImage,
  type OpenImageOptions,
  type OpenPartition,
  openImage,
  openImageOrConfig,
  partitionImage,
  tarOf,
} from './inspect.js'
export type { DiskPlan, PlannedPartition, Region } from './layout/disk-plan.js'
export { type Manifest, manifestJsonSchema, parseManifest } from './proof/manifest-schema.js'
export { readPublicKey } from './proof/signing-key.js'
export { type VerifiedRelease, type VerifyOptions, verifyBundleStream, verifyRelease } from './proof/verify-release.js'
export type { DirectoryNode, FileNode, FileTree } from './tree/file-tree.js'
export { type CompareOptions, type CompareResult, compareWithBuild } from './verify.js'
export { VERSION } from './version.js'
