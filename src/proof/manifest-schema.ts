/** manifest.json as a type, as a check of what is read, and as the JSON Schema that ships (docs/manifest.md). */
import * as z from 'zod'
import { FormatError } from '../errors.js'
import { MANIFEST_VERSION } from './manifest-names.js'
import { FILE_PATH_PATTERN, PAYLOAD_PATH_PATTERN, PLAIN_NAME_PATTERN, repeatedNames } from './manifest-names-check.js'
import { RUN_PATTERN } from './run-text.js'

const SECTOR_SIZES = [512, 4096] as const

const bytes = z.int().min(0)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)

const payloadFile = z.object({
  path: pathText(PAYLOAD_PATH_PATTERN).describe(
    'With / between folders, relative to the root of the volume; bytes that are no UTF-8 as \\xNN',
  ),
  size_bytes: bytes,
  sha256,
})

const file = payloadFile.extend({
  path: pathText(FILE_PATH_PATTERN).describe('With / between folders, relative to where this file stands'),
})

const output = file.extend({
  start_byte: bytes.optional().describe('Of a raw partition: where on the disk it begins; its stretch has its digest'),
  sha256: sha256
    .optional()
    .describe(
      'Missing for the raw image, unless --full-sha256, and for raw partitions: their digests stand in stretches',
    ),
})

/** A name as it may stand in a manifest; the message of a refusal has the name. */
function pathText(pattern: RegExp) {
  return z.string().regex(pattern, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not accepted as a name: it must be relative, without "..", empty parts and control characters` +
      (pattern === PAYLOAD_PATH_PATTERN ? '' : ', and without backslashes'),
  })
}

const setting: z.ZodType<ManifestSetting> = z.lazy(() =>
  z
    .union([z.string(), z.number(), z.boolean(), z.array(setting), z.record(z.string(), setting)])
    .meta({ id: 'setting' }),
)

/** A value of an option, as the config spells it. */
export type ManifestSetting =
  | string
  | number
  | boolean
  | readonly ManifestSetting[]
  | { readonly [key: string]: ManifestSetting }

const stretch = z.object({
  start_byte: bytes,
  size_bytes: bytes,
  mapped_sha256: sha256,
  runs: z
    .array(z.string().regex(RUN_PATTERN))
    .describe('What is specified, relative to start_byte: OFFSET+LENGTH, and :0xBB where it is a fill of that byte'),
})

const partition = z.object({
  number: z.int().min(0).optional().describe('As the kernel counts; missing outside the table'),
  name: z.string(),
  start_byte: bytes,
  size_bytes: bytes,
  first_sector: z.number().min(0),
  last_sector: z.number().describe('Inclusive'),
  type: z.string().optional().describe('GUID, or the byte of an MBR as 0xNN'),
  uuid: z
    .string()
    .optional()
    .describe('GPT: of the partition; MBR: SIGNATURE-NUMBER, as the kernel makes its PARTUUID'),
  attributes: z.string().optional().describe('Attribute bits of a GPT, where any is set'),
  bootable: z.literal(true).optional(),
  fs: z.string(),
  fs_uuid: uuid.optional().describe('Of the volume; FAT takes its volume id from the first four bytes'),
  options: z.record(z.string(), setting).optional().describe('What the config asks of the volume, defaults included'),
  volume: z.record(z.string(), setting).optional().describe("Figures of the volume, in the format's words"),
  mapped_sha256: sha256,
  payload: z.array(payloadFile).describe('Every regular file, or the raw file'),
})

const manifest = z.object({
  manifest_version: z.literal(MANIFEST_VERSION),
  tool: z.object({ name: z.literal('diskloom'), version: z.string() }),
  source_date_epoch: z.int().nullable().describe('Seconds since 1970; null where none was given'),
  accepted: z
    .array(
      z.object({
        finding: z.string().describe('Id of the warning'),
        reason: z.string(),
        partition: z
          .int()
          .min(1)
          .optional()
          .describe('Place among partitions, from 1, where only that one may have it'),
      }),
    )
    .optional()
    .describe('Warnings that the config accepts'),
  image: z.object({
    name: pathText(PLAIN_NAME_PATTERN).describe('File name of the raw image'),
    version: z.string().optional().describe('Of the release, as the config says it'),
    size_bytes: bytes,
    sector_size: z.literal(SECTOR_SIZES),
    table: z.enum(['gpt', 'mbr', 'none', 'mtd']),
    disk_guid: uuid.optional(),
    mbr_signature: z
      .string()
      .regex(/^0x[0-9a-f]{8}$/)
      .optional(),
    mapped_sha256: sha256.describe('Over the stretches below: docs/OUTPUT.md, "Mapped digest"'),
    sha256: sha256.optional().describe('Of the raw image with every hole, where --full-sha256 asked for it'),
  }),
  stretches: z.array(stretch).describe('Partitions and what stands between them, covering the disk'),
  partitions: z.array(partition).describe("In the config's order"),
  bundle: z.array(file).describe('Files that the config adds to the zip'),
  outputs: z.array(output).describe('Files beside this one'),
})

export type Manifest = z.output<typeof manifest>
export type ManifestStretch = Manifest['stretches'][number]
export type ManifestOutput = Manifest['outputs'][number]

/** JSON Schema, draft-07. */
export function manifestJsonSchema(): Record<string, unknown> {
  const { $schema, ...generated } = z.toJSONSchema(manifest, { target: 'draft-7', io: 'input' })
  return { $schema, title: 'diskloom manifest', ...generated }
}

/** `source` is for the message: where the bytes come from. Throws FormatError. */
export function parseManifest(text: Uint8Array, source: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text))
  } catch (error) {
    throw new FormatError(`Cannot read ${source}: it is no JSON (${(error as Error).message})`, { cause: error })
  }
  const version = (value as { manifest_version?: unknown } | null)?.manifest_version
  if (typeof version === 'number' && version !== MANIFEST_VERSION) {
    throw new FormatError(
      `Cannot read ${source}: it is of version ${version}, this diskloom reads version ${MANIFEST_VERSION}`,
    )
  }
  assertShallowSettings(value, source)
  const parsed = manifest.safeParse(value)
  if (parsed.success) {
    const repeated = repeatedNames(parsed.data, source)
    if (repeated.length > 0) throw new FormatError(repeated)
    return parsed.data
  }
  throw new FormatError(
    parsed.error.issues.map(({ path, message }) => ({
      message: `Cannot read ${source}: ${path.join('.') || 'the whole'}: ${message}`,
    })),
  )
}

/** Options of a UBI volume's volume have six levels; the check of settings calls itself for each. */
const MAX_SETTING_LEVELS = 64

/** Throws FormatError where the options or figures of a partition are nested deeper than any config can ask for. */
function assertShallowSettings(value: unknown, source: string): void {
  const { partitions } = (value ?? {}) as { partitions?: unknown }
  if (!Array.isArray(partitions)) return
  for (const [index, partition] of partitions.entries()) {
    const { options, volume } = (partition ?? {}) as { options?: unknown; volume?: unknown }
    let level: unknown[] = [options, volume]
    for (let depth = 0; level.length > 0; depth++) {
      if (depth > MAX_SETTING_LEVELS) {
        throw new FormatError(
          `Cannot read ${source}: partitions.${index} has settings of more than ${MAX_SETTING_LEVELS} levels`,
        )
      }
      level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []))
    }
  }
}
