import { createReadStream } from 'node:fs'
import { type Command, Option } from '@commander-js/extra-typings'
import { formatSize } from '../bytes/format-size.js'
import { DifferenceError, FormatError, UsageError } from '../errors.js'
import { READABLE_TITLES } from '../filesystems/registry.js'
import type { ImageFinding } from '../inspect/check-image.js'
import type { DiskPlan } from '../layout/disk-plan.js'
import { MANIFEST_NAME, SUMS_NAME } from '../proof/manifest-names.js'
import { setOption, type Variables } from './config-options.js'
import { problemFields, writeEvent } from './json-events.js'
import { reportWarnings } from './report-error.js'
import type { Services } from './services.js'
import { paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom verify board.zip --key release.pub
  diskloom verify out/board --key release.pub
  curl -s https://example.org/board.zip | diskloom verify - --key release.pub
  diskloom verify sd.img
  diskloom verify sd.img --config board.yaml
  diskloom verify out/board/board --rebuild board.yaml

A bundle or the folder of a build is checked against its manifest; every other image, and with --structure those too, against
itself: table, superblocks, every inode and chain. Exit code 1 means that something is not as it should be; each finding names
the file or the place.
`

interface VerifyFlags {
  readonly key?: string
  readonly rebuild?: string
  readonly config?: string
  readonly set?: Variables
  readonly structure?: true
  readonly secondOpinion: boolean
  readonly json?: true
}

export function addVerifyCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('verify')
    .summary('check a release against its manifest, or an image against itself or a config')
    .description(
      'Check the signature, the sums and the structure of a bundle or of the folder that a build wrote; of any other image its ' +
        'partition table and volumes. With --config also whether it holds what a config says; with --rebuild, build again in ' +
        'memory and tell which bytes of which file or structure differ. Nothing is written.',
    )
    .argument('<source>', 'a bundle (- for standard input), a folder, or an image in any format that is read')
    .option('-k, --key <file>', 'public key that the manifest must be signed with')
    .option('--structure', 'check table and volumes of a release too')
    .option('--config <config>', 'check that the image holds what this config says')
    .option('--no-second-opinion', 'do not ask readers that share no code with these (gpt, ext2fs, fatfs)')
    .addOption(new Option('--rebuild <config>', 'compare a raw image with what this config builds').conflicts('config'))
    .addOption(setOption())
    .addOption(new Option('--json', 'write the result to standard output as a JSON object'))
    .addHelpText('after', EXAMPLES)
    .action(async (source, flags) => {
      const context = { terminal, services, source, flags: flags as VerifyFlags }
      if (flags.rebuild !== undefined) await verifyByRebuild(context, flags.rebuild)
      else await verifySource(context)
    })
}

interface Context {
  readonly terminal: Terminal
  readonly services: Services
  readonly source: string
  readonly flags: VerifyFlags
}

async function verifyByRebuild({ terminal, services, source, flags }: Context, config: string): Promise<void> {
  const { stdout, environment, signal } = terminal
  if (flags.key !== undefined) {
    throw new UsageError('Cannot verify with --key and --rebuild: a rebuild asks no signature, one of them is accepted')
  }
  const { compareWithBuild } = await services.loadVerify()
  const { comparedBytes, plan } = await compareWithBuild({ config, image: source, set: flags.set, environment, signal })
  if (flags.json) writeEvent(stdout, 'result', { image: source, comparedBytes, sizeBytes: plan.sizeBytes })
  else
    stdout.lines([
      `${paintFor(stdout, environment)('green', 'the same')}: ${formatSize(comparedBytes)} of ${source} are specified, and as ${config} builds them`,
      ...notComparedLines(plan),
    ])
}

/** By its manifest where it has one, and as an image where it has none or that is asked. */
async function verifySource(context: Context): Promise<void> {
  const { services, source, flags } = context
  const { holdsRelease } = await services.loadInspect()
  const isRelease = flags.key !== undefined || holdsRelease(source)
  const asImage = flags.structure === true || flags.config !== undefined
  if (source === '-' && asImage) {
    throw new UsageError('Cannot verify the structure of standard input: it can be read once only, a file is accepted')
  }
  if (isRelease) await verifyManifest(context)
  if (!isRelease || asImage) await verifyImage(context, isRelease)
}

async function verifyManifest({ terminal, source, flags: { key, json } }: Context): Promise<void> {
  const { stdout, stderr, environment, signal } = terminal
  const { verifyBundleStream, verifyRelease } = await import('../proof/verify-release.js')
  const { readPublicKey } = await import('../proof/signing-key.js')
  const options = { key: key === undefined ? undefined : readPublicKey(key), signal }
  const { manifest, signed, files, partitions, missing, unvouched, unchecked } =
    source === '-'
      ? await verifyBundleStream(createReadStream('', { fd: 0, autoClose: false }), 'standard input', options)
      : await verifyRelease(source, options)
  if (json) {
    const found = { partitions, missing, unvouched, unchecked }
    writeEvent(stdout, 'result', { signed, image: manifest.image, files, ...found })
    return
  }
  const named = `${partitions} partition${partitions === 1 ? '' : 's'} of ${manifest.image.name}`
  const compared = [`${files.length} files`, ...(partitions > 0 ? [named] : [])].join(', ')
  stdout.line(`${paintFor(stdout, environment)('green', 'verified')}: ${compared}`)
  for (const name of missing) stderr.line(`not compared: ${name}, which is not in the folder`)
  if (signed) stdout.line(`the manifest is signed by ${key}`)
  if (unvouched.length > 0) stderr.line(unvouchedText(unvouched))
  if (unchecked.length > 0) stderr.line(uncheckedText(unchecked, signed))
  if (!signed) stderr.line('without --key nothing tells who made it: only that nothing was damaged')
}

function uncheckedText(names: readonly string[], signed: boolean): string {
  const text = `signatures not checked: ${names.join(', ')}`
  return signed
    ? `${text} (--key checks .sig files of ${MANIFEST_NAME} and ${SUMS_NAME}; their own tools check others)`
    : text
}

/** Ranges beyond these are counted. */
const SHOWN_RANGES = 5

function unvouchedText(ranges: readonly { readonly start: number; readonly end: number }[]): string {
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0)
  const shown = ranges.slice(0, SHOWN_RANGES).map(({ start, end }) => `${start} to ${end - 1}`)
  const more = ranges.length > SHOWN_RANGES ? `, and ${ranges.length - SHOWN_RANGES} more` : ''
  return (
    `not vouched for: ${bytes} bytes in ${ranges.length} ranges that the manifest does not specify ` +
    `(bytes ${shown.join(', ')}${more}); build with --full-sha256 to have them covered, or verify the bundle`
  )
}

async function verifyImage({ terminal, services, source, flags }: Context, isRelease: boolean): Promise<void> {
  const { stdout, environment, signal } = terminal
  const { config, set, secondOpinion, json } = flags
  const { checkImageFile } = await services.loadInspect()
  const result = await checkImageFile(source, { config, set, secondOpinion, environment, signal })
  if (!json) reportWarnings(result.notes, terminal)
  const { checkProblems } = await import('./check-problems.js')
  const problems = checkProblems(result, source)
  if (json) {
    writeEvent(stdout, 'result', {
      image: source,
      checked: result.checked,
      named: result.named,
      asked: result.asked,
      findings: result.findings.map(findingFields),
      differences: result.differences.map(problemFields),
      disagreements: result.disagreements.map(problemFields),
      notes: result.notes.map(problemFields),
    })
  }
  if (problems.length > 0) throw new DifferenceError(problems)
  const { checked, named } = result
  // A manifest or a config has said what there is.
  if (checked.length === 0 && config === undefined && !isRelease) throw nothingKnown(source, named)
  if (json) return
  const sound = paintFor(stdout, environment)('green', 'sound')
  const asSaid = config === undefined ? [] : [`what ${config} says`]
  if (checked.length > 0) stdout.line(`${sound}: ${[checked.join(', '), ...asSaid].join(', and ')}`)
  else if (config !== undefined) stdout.line(`${sound}: ${asSaid}`)
  if (named.length > 0) stdout.line(`known by its signs, and not looked into: ${named.join(', ')}`)
  if (result.asked.length > 0) stdout.line(`others find the same: ${result.asked.join(', ')}`)
}

function nothingKnown(source: string, named: readonly string[]): FormatError {
  const there = named.length === 0 ? 'nothing in it is known' : `${named.join(', ')} is known by its signs only`
  return new FormatError(
    `Cannot verify ${source}: ${there}, a partition table (GPT, MBR) or a volume of ${READABLE_TITLES} is looked for`,
    {
      hint: '--config CONFIG compares it with what a config says, as flash memory needs it, whose table is not on it.',
    },
  )
}

function findingFields({ partition, structure, field, offset, found, expected }: ImageFinding): object {
  return { partition, structure, field, offset, found, expected }
}

function notComparedLines({ seals, spec }: DiskPlan): string[] {
  if (seals.length === 0) return []
  const names = seals.map(({ index }) => `"${spec.partitions[index]!.name}"`)
  return [`not compared, since they are encrypted anew in every build: ${names.join(', ')}`]
}
