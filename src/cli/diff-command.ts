import { type Command, Option } from '@commander-js/extra-typings'
import { EXIT_CODES } from '../errors.js'
import { type DiskDifferences, isSame } from '../inspect/diff/differences.js'
import { IGNORABLE, type Ignorable, type Ignored, parseIgnored } from '../inspect/diff/ignored.js'
import { setOption } from './config-options.js'
import { diffMarkdown } from './diff-markdown.js'
import { diffLines } from './diff-report.js'
import { ExitRequest } from './exit-request.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import { paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
What can be ignored:
${Object.entries(IGNORABLE)
  .map(([word, what]) => `  ${word.padEnd(8)}  ${what}`)
  .join('\n')}

Examples:
  diskloom diff old.img new.img
  diskloom diff v1.zip v2.zip --ignore times,uuids
  diskloom diff sd.img board.yaml
  diskloom diff v1/manifest.json v2/manifest.json
  diskloom diff old.zip new.zip --text --markdown > changes.md

Exit code 0: nothing differs, 1: something does.
`

export function addDiffCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('diff')
    .summary('show what differs between two images, or an image and a config')
    .description(
      'Show what differs between two images: table, volumes, and every file with its attributes and content. Each may be an image ' +
        'in any format that is read, a bundle, the folder of a build, or a config (.yaml, .yml, .cfg), which is built in memory; two manifests are compared by what they say.',
    )
    .argument('<a>', 'what was')
    .argument('<b>', 'what is now')
    .addOption(
      new Option('--ignore <words>', 'leave out what these words name, separated by commas; may be repeated').argParser(
        (text: string, before: readonly Ignorable[] | undefined) => [...(before ?? []), ...parseIgnored(text)],
      ),
    )
    .option('--text', 'show changed text files line by line')
    .addOption(setOption())
    .addOption(new Option('--markdown', 'write Markdown, for a merge request').conflicts('json'))
    .option('--json', 'write the result to standard output as a JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (first, second, { ignore = [], text = false, set, markdown = false, json = false }) => {
      const { stdout, environment, signal } = terminal
      const ignored = new Set(ignore)
      const report = (found: DiskDifferences): void => {
        if (json) writeEvent(stdout, 'result', { same: isSame(found), ...found })
        else if (markdown) stdout.document(diffMarkdown(found))
        else stdout.lines(diffLines(found, paintFor(stdout, environment)))
        if (!isSame(found)) throw new ExitRequest(EXIT_CODES.DIFFERENCE)
      }
      const said = await manifestsCompared(first, second, ignored)
      if (said !== undefined) {
        report(said)
        return
      }
      const { openImageOrConfig, compareDisks } = await services.loadInspect()
      const a = await openImageOrConfig(first, { set, environment, signal })
      try {
        const b = await openImageOrConfig(second, { set, environment, signal })
        try {
          report(compareDisks(a, b, { ignored, text, signal }))
        } finally {
          await b.release()
        }
      } finally {
        await a.release()
      }
    })
}

/** The code for manifests is only loaded for them. */
async function manifestsCompared(a: string, b: string, ignored: Ignored): Promise<DiskDifferences | undefined> {
  if (!a.endsWith('.json') && !b.endsWith('.json')) return undefined
  const { manifestDifferences } = await import('./manifest-differences.js')
  return manifestDifferences(a, b, ignored)
}
