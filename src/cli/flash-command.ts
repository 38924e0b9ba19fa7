import type { Command } from '@commander-js/extra-typings'
import { InterruptedError, UsageError, type Warning } from '../errors.js'
import { modelText } from '../flash/disks.js'
import type { FlashEvent, FlashJob, FlashReceipt } from '../flash.js'
import { quietOption, setOption, strictOption } from './config-options.js'
import { FlashProgress } from './flash-progress.js'
import { jobLines, receiptLines } from './flash-report.js'
import { writeEvent, writeWarningEvent } from './json-events.js'
import { reportWarnings } from './report-error.js'
import type { Services } from './services.js'
import { paintFor, type Terminal } from './terminal.js'

const EXAMPLES = `
Examples:
  diskloom devices                     which disks there are
  diskloom flash board.yaml /dev/sdb   from the config: no image is made in between
  diskloom flash disk.img /dev/sdb /dev/sdc --yes --receipt cards.jsonl
  diskloom flash board.img.zip /dev/sdb --key release.pub
                                       nothing is written unless the release is what was signed
  diskloom flash board.yaml /dev/sdb --grow
                                       the last partition takes the rest of the card
`

export function addFlashCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('flash')
    .summary('write a config or an image to cards')
    .description(
      'Write a config or an image to disks, all at once: only what the image specifies, read back from the medium, the partition table last.',
    )
    .argument('<source>', 'a config (.yaml, .cfg), an image, or the folder of a build')
    .argument('<device...>', 'whole disks, such as /dev/sdb or /dev/disk/by-id/…')
    .option('-y, --yes', 'do not ask')
    .option('--grow', 'the last partition and its ext file system take the rest of a larger disk')
    .option(
      '-k, --key <file>',
      'verify the source with this public key first, and write only what its manifest vouches for',
    )
    .option('--min-version <version>', 'with --key: refuse a release that is older than this, or has no version')
    .option('--bmap <file>', 'write only what this block map of the image maps')
    .option('--no-verify', 'do not read back what was written')
    .option('--allow-fixed', 'also write to a disk that is built in, or a loop device')
    .option('--member <name>', 'which file of a zip or tar, where several may be the image')
    .option('--as-is', 'write the bytes as they are, also where nothing says that they are a disk or a volume')
    .option('--file', 'the targets are plain files, made where they are missing; for tests and labs')
    .option('--receipt <file>', 'write one JSON object per flashed disk to a file')
    .addOption(setOption())
    .addOption(strictOption())
    .addOption(quietOption())
    .option('--json', 'write events to standard output, one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(async (source, devices, options) => {
      const { stdout, environment, signal } = terminal
      const { json = false, quiet = false, yes = false } = options
      const { flash } = await services.loadFlash()
      const warnings: Warning[] = []
      const receipts: FlashReceipt[] = []
      const progress = json || quiet ? undefined : new FlashProgress(terminal)
      const onEvent = (event: FlashEvent): void => {
        if (event.kind === 'warning') warnings.push(event.problem)
        if (event.kind === 'flashed') receipts.push(event.receipt)
        progress?.event(event)
        if (json && (!quiet || event.kind === 'flashed')) writeFlashEvent(terminal, event)
      }
      const confirm = async (jobs: readonly FlashJob[]): Promise<void> => {
        const found = warnings.splice(0)
        if (!json) reportWarnings(found, terminal, { quiet })
        if (!yes) await askAboutAll(jobs, terminal)
      }
      try {
        await flash({
          source,
          devices,
          bmap: options.bmap,
          key: options.key,
          minVersion: options.minVersion,
          grow: options.grow ?? false,
          verify: options.verify,
          allowFixed: options.allowFixed ?? false,
          member: options.member,
          asIs: options.asIs,
          file: options.file,
          receiptFile: options.receipt,
          set: options.set,
          strict: options.strict,
          environment,
          signal,
          confirm,
          onEvent,
        })
      } finally {
        progress?.finish()
        // Before the error that they may explain.
        if (!json) reportWarnings(warnings.splice(0), terminal, { quiet })
        // What stands on a card is told even where another one failed.
        if (!json && !quiet)
          for (const receipt of receipts) stdout.lines(receiptLines(receipt, paintFor(stdout, environment)))
      }
    })
}

/** The answer is a device's path, not a letter: it has to be looked at to be typed. */
async function askAboutAll(jobs: readonly FlashJob[], { ask, stderr, environment }: Terminal): Promise<void> {
  if (ask === undefined) {
    throw new UsageError('Cannot ask before writing: standard input and error are no terminal', {
      hint: 'With --yes nothing is asked.',
    })
  }
  stderr.lines(jobLines(jobs, paintFor(stderr, environment)))
  for (const { disk } of jobs) {
    const answer = await ask(`Everything on ${disk.path} (${modelText(disk)}) will be lost. Type its path to go on: `)
    if (answer.trim() === disk.path) continue
    throw new InterruptedError(`Stopped: "${answer.trim()}" is not ${disk.path}. Nothing was written.`)
  }
}

/** As `build --json`; progress is as frequent as the display's. */
function writeFlashEvent({ stdout }: Terminal, event: FlashEvent): void {
  switch (event.kind) {
    case 'phase':
      writeEvent(stdout, 'phase', { phase: event.phase, title: event.title })
      return
    case 'warning':
      writeWarningEvent(stdout, event.problem)
      return
    case 'flash-phase':
      writeEvent(stdout, 'phase', { device: event.device, phase: event.phase })
      return
    case 'flash-progress': {
      const { device, doneBytes, totalBytes } = event
      writeEvent(stdout, 'progress', { device, doneBytes, totalBytes })
      return
    }
    case 'flashed':
      writeEvent(stdout, 'receipt', event.receipt)
  }
}
