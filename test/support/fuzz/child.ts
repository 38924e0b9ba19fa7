/**
 * The child process: reads a batch of damaged images, one after the other, and says so on file 3, a line each: `begin N`,
 * `end WORD`, and at last `peak BYTES`. watch-batch.ts watches it.
 */
import { readFileSync, writeSync } from 'node:fs'
import { openExfatVolume } from '../../../src/filesystems/exfat/reader/open-exfat-volume.js'
import { openFatVolume } from '../../../src/filesystems/fat/reader/open-fat-volume.js'
import { damaged } from './damage.js'
import { diskSubject } from './disk.js'
import { extSubject } from './ext.js'
import { jffs2Subject } from './jffs2.js'
import type { Batch, SubjectName } from './run-fuzz.js'
import { assertRefusal, type Subject } from './subject.js'
import { tableSubject } from './tables.js'
import { volumeSubject } from './volume.js'

const SUBJECTS: Readonly<Record<SubjectName, Subject>> = {
  disk: diskSubject,
  ext: extSubject,
  exfat: volumeSubject(openExfatVolume),
  fat: volumeSubject(openFatVolume),
  jffs2: jffs2Subject,
  table: tableSubject(512),
  'table of 4096': tableSubject(4096),
}
const REPORT_FD = 3

const { subject, image, stretches, first, last } = JSON.parse(process.argv[2]!) as Batch
const whole = readFileSync(image)
const read = SUBJECTS[subject](whole)
for (let number = first; number <= last; number++) {
  writeSync(REPORT_FD, `begin ${number}\n`)
  let word: string
  try {
    word = read(damaged(whole, stretches, number), number)
  } catch (error) {
    assertRefusal(error)
    word = 'refused'
  }
  writeSync(REPORT_FD, `end ${word}\n`)
}
writeSync(REPORT_FD, `peak ${process.resourceUsage().maxRSS * 1024}\n`)
