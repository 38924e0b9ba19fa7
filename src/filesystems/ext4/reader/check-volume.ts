/** Everything that contradicts itself, all at once. */
import type { FieldFinding } from '../../../bytes/field-error.js'
import type { ImageView } from '../../../image/image-view.js'
import { ExtDisk } from './ext-disk.js'
import { TreeReader } from './read-tree.js'
import { startReading } from './reading.js'
import { collectFindings, findingOf, reportByThrowing } from './report.js'
import { checkSuperblockChecksum } from './volume-shape.js'

export function checkVolume(view: ImageView): readonly FieldFinding[] {
  // Of its own: a descriptor that was found wrong once is not asked again.
  const disk = new ExtDisk(view)
  return collectFindings((report) => {
    checkSuperblockChecksum(disk.shape, report)
    for (let group = 0; group < disk.shape.groupCount; group++) disk.group(group, report)
    try {
      new TreeReader(startReading(disk, reportByThrowing(view.name))).tree()
    } catch (error) {
      const finding = findingOf(error)
      if (finding === undefined) throw error
      report(finding)
    }
  })
}
