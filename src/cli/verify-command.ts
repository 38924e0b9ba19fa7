import { createReadStream } from 'node:fs'
import { type Command, Option } from '@commander-js/extra-typings'
import { formatSize } from '../bytes/format-size.js'
import { UsageError } from '../errors.js'
import { setOption } from './config-options.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import { paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom verify board.zip --key release.pub
  diskloom verify out/board --key release.pub
  curl -s https://example.org/board.zip | diskloom verify - --key release.pub
  diskloom verify out/board/board --rebuild board.yaml

Exit code 1 means that something is not as it should be; each finding names the file or the place.
`

export function addVerifyCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('verify')
    .summary('check a release against its manifest, or an image against its config')
    .description(
      'Check the signature, the sums and the structure of a bundle or of the folder that a build wrote. With --rebuild, ' +
        'build again in memory and tell which bytes of which file or structure differ. Nothing is written.',
    )
    .argument('<source>', 'a bundle (- for standard input) or a folder; with --rebuild a raw image')
    .option('-k, --key <file>', 'public key that the manifest must be signed with')
    .option('--rebuild <config>', 'compare a raw image with what this config builds')
    .addOption(setOption())
    .addOption(new Option('--json', 'write the result to standard output as a JSON object'))
    .addHelpText('after', EXAMPLES)
    .action(async (source, { key, rebuild, set, json = false }) => {
      const { stdout, stderr, environment, signal } = terminal
      const paint = paintFor(stdout, environment)
      if (rebuild !== undefined) {
        if (key !== undefined)
          throw new UsageError(
            'Cannot verify with --key and --rebuild: a rebuild asks no signature, one of them is accepted',
          )
        const { compareWithBuild } = await services.loadVerify()
        const { comparedBytes, plan } = await compareWithBuild({
          config: rebuild,
          image: source,
          set,
          environment,
          signal,
        })
        if (json) writeEvent(stdout, 'result', { image: source, comparedBytes, sizeBytes: plan.sizeBytes })
        else
          stdout.write(
            `${paint('green', 'the same')}: ${formatSize(comparedBytes)} of ${source} are specified, and as ${rebuild} builds them\n`,
          )
        return
      }
      const { verifyBundleStream, verifyRelease } = await import('../proof/verify-release.js')
      const { readPublicKey } = await import('../proof/signing-key.js')
      const options = { key: key === undefined ? undefined : readPublicKey(key), signal }
      const verified =
        source === '-'
          ? await verifyBundleStream(createReadStream('', { fd: 0, autoClose: false }), 'standard input', options)
          : await verifyRelease(source, options)
      const { manifest, signed, files } = verified
      if (json) {
        writeEvent(stdout, 'result', { signed, image: manifest.image, files })
        return
      }
      const partitions = manifest.partitions.length
      stdout.write(
        `${paint('green', 'verified')}: ${files.length} files, ${partitions} partition${partitions === 1 ? '' : 's'} of ${manifest.image.name}\n`,
      )
      if (signed) stdout.write(`the manifest is signed by ${key}\n`)
      else stderr.write('without --key nothing tells who made it: only that nothing was damaged\n')
    })
}
