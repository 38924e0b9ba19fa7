import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from '@commander-js/extra-typings'
import { errnoOf, IoError, systemReason, UsageError } from '../errors.js'
import { setOption } from './config-options.js'
import type { Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom attest out/board.img --sbom > sbom.cdx.json
  diskloom attest out/board.img --provenance --sign release.key \\
    --builder https://ci.example.org/diskloom --set commit=1a2b3c > provenance.intoto.json
`

export function addAttestCommand(program: Command, terminal: Terminal): void {
  program
    .command('attest')
    .summary('make a bill of materials or a provenance statement of a release')
    .description(
      'Print what others ask of a release, made from its manifest alone: a CycloneDX bill of materials, or an in-toto statement ' +
        'with SLSA provenance. Verify the release first; this reads its manifest and nothing else.',
    )
    .argument('<folder>', 'the folder that a build wrote')
    .addOption(new Option('--sbom', 'a bill of materials: every file of every partition').conflicts('provenance'))
    .option('--provenance', 'a statement of what was made, from what, by whom')
    .option('--builder <uri>', 'with --provenance: who built it')
    .addOption(setOption())
    .option('--sign <key>', 'with --provenance: wrap the statement into a DSSE envelope signed by this key')
    .addHelpText('after', EXAMPLES)
    .action(async (folder, { sbom = false, provenance = false, builder, set = {}, sign }) => {
      const { MANIFEST_NAME } = await import('../proof/manifest-names.js')
      const { parseManifest } = await import('../proof/manifest-schema.js')
      const path = join(folder, MANIFEST_NAME)
      if (sbom) {
        const { sbomText } = await import('../proof/sbom.js')
        terminal.stdout.document(sbomText(parseManifest(readManifest(path), path)))
        return
      }
      if (!provenance) throw new UsageError('Cannot attest: nothing is asked, --sbom or --provenance is accepted')
      if (builder === undefined)
        throw new UsageError('Cannot attest --provenance: --builder is missing, a URI is accepted')
      const { provenanceText } = await import('../proof/provenance.js')
      const { PASSPHRASE_VARIABLE, readSigningKey } = await import('../proof/signing-key.js')
      const key = sign === undefined ? undefined : readSigningKey(sign, terminal.environment[PASSPHRASE_VARIABLE])
      terminal.stdout.document(provenanceText(readManifest(path), { parameters: set, builder, key }))
    })
}

function readManifest(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new IoError(`Cannot read ${path}: ${systemReason(error)}`, {
      details: { path, errno: errnoOf(error) },
      cause: error,
    })
  }
}
