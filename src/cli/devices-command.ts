import type { Command } from '@commander-js/extra-typings'
import { formatSize } from '../bytes/format-size.js'
import { modelText } from '../flash/disks.js'
import type { Candidate } from '../flash.js'
import { writeEvent } from './json-events.js'
import type { Services } from './services.js'
import { type Paint, paintFor, type Terminal } from './terminal.js'
import { layOutTable } from './text-table.js'

const EXAMPLES = `
Examples:
  diskloom devices                     disks that can be flashed, and why others cannot
  diskloom devices --json | jq 'select(.refusals == []).path'
`

export function addDevicesCommand(program: Command, terminal: Terminal, services: Services): void {
  program
    .command('devices')
    .summary('list the disks that can be flashed')
    .description('List the disks of this machine, and for each that "flash" would refuse, why. Nothing is written.')
    .option('--json', 'write one JSON object per disk to standard output')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json = false }) => {
      const { stdout, environment } = terminal
      const { devices } = await services.loadFlash()
      const candidates = await devices({ environment })
      if (json) for (const candidate of candidates) writeEvent(stdout, 'device', deviceFields(candidate))
      else stdout.lines(deviceLines(candidates, paintFor(stdout, environment)))
    })
}

function deviceFields({ disk, refusals }: Candidate): object {
  const { path, sizeBytes, sectorBytes, bus, vendor, model, serial, removable, readOnly, nodes } = disk
  const mounts = nodes.flatMap((node) => node.mounts.map((place) => ({ path: node.path, place })))
  return { path, sizeBytes, sectorBytes, bus, vendor, model, serial, removable, readOnly, mounts, refusals }
}

/** Disks that can be flashed first, then the others with their reasons. */
function deviceLines(candidates: readonly Candidate[], paint: Paint): string[] {
  const free = candidates.filter(({ refusals }) => refusals.length === 0)
  const refused = candidates.filter(({ refusals }) => refusals.length > 0)
  const lines: string[] = []
  if (free.length === 0) lines.push('No disk of this machine can be flashed.')
  else {
    const table = tableOf(free)
    lines.push(paint('bold', table.header), ...free.map(table.line))
  }
  if (refused.length > 0) {
    const table = tableOf(refused)
    lines.push('', 'Refused:')
    for (const candidate of refused) {
      lines.push(table.line(candidate))
      for (const { text } of candidate.refusals) lines.push(paint('dim', `      ${text}`))
    }
  }
  return lines
}

function tableOf(candidates: readonly Candidate[]) {
  return layOutTable(
    candidates,
    [
      { title: 'device', align: 'left', value: ({ disk }) => disk.path },
      { title: 'size', align: 'right', value: ({ disk }) => formatSize(disk.sizeBytes) },
      { title: 'bus', align: 'left', value: ({ disk }) => disk.bus ?? '' },
      { title: 'model', align: 'left', value: ({ disk }) => modelText(disk) },
      { title: 'serial', align: 'left', value: ({ disk }) => disk.serial ?? '' },
    ],
    Number.POSITIVE_INFINITY,
  )
}
