/** Whether the nodes of a volume agree with themselves and with one another. */
import type { FieldFinding } from '../../bytes/field-error.js'
import { Findings } from '../../bytes/findings.js'
import { displayName } from '../../bytes/text.js'
import type { ImageView } from '../../image/image-view.js'
import { TYPE_BITS, typeOfMode } from '../../tree/file-mode.js'
import { jffs2Crc } from './crc.js'
import { JFFS2_ROOT_INO } from './disklayout.js'
import { dataFault, latestNode } from './file-content.js'
import type { DirentNode, InodeNode, Jffs2Log } from './scan.js'

const DIRENT_TYPE_SHIFT = 12

/** What the scan found, then what single nodes and the whole say. Reads all data. */
export function checkLog(view: ImageView, log: Jffs2Log): readonly FieldFinding[] {
  const findings = new Findings()
  findings.addAll(log.findings)
  for (const finding of faultsOf(view, log)) {
    if (findings.isFull) break
    findings.add(finding)
  }
  return findings.list
}

function* faultsOf(view: ImageView, log: Jffs2Log): Generator<FieldFinding> {
  for (const nodes of log.inodes.values()) yield* inodeFaults(view, log, nodes)
  const folders = new Map<number, DirentNode>()
  for (const names of log.dirents.values()) {
    for (const dirent of names.values()) yield* direntFaults(log, dirent, folders)
  }
  for (const [xid, { offset, record }] of log.xattrs) {
    const data = view.read(offset + log.layouts.rawXattr.SIZE, record.name_len + 1 + record.value_len, 'attribute')
    const crc = jffs2Crc(data)
    if (crc === record.data_crc) continue
    const expected = `0x${crc.toString(16)} over its data`
    yield {
      structure: `attribute ${xid}`,
      offset,
      field: 'data_crc',
      found: `0x${record.data_crc.toString(16)}`,
      expected,
    }
  }
}

function* inodeFaults(view: ImageView, { layouts }: Jffs2Log, nodes: readonly InodeNode[]): Generator<FieldFinding> {
  for (const node of nodes) {
    const fault = dataFault(view, layouts, node)
    if (fault !== undefined) yield fault
  }
  const { offset, record } = latestNode(nodes)
  const structure = `node of inode ${record.ino}`
  const type = typeOfMode(record.mode)
  const expected = 'the mode of a file, folder, link or special file'
  if (type === undefined) yield { structure, offset, field: 'mode', found: `0o${record.mode.toString(8)}`, expected }
  const isDevice = type === 'char' || type === 'block'
  if (isDevice && record.csize !== layouts.oldDeviceNode.SIZE && record.csize !== layouts.newDeviceNode.SIZE) {
    yield { structure, offset, field: 'csize', found: record.csize, expected: '2 or 4 for a device' }
  }
  if (type === 'symlink' && record.csize === 0) {
    yield { structure, offset, field: 'csize', found: 0, expected: 'the length of a target' }
  }
}

/** `folders`: those that have a name already. */
function* direntFaults(
  log: Jffs2Log,
  { offset, record, name }: DirentNode,
  folders: Map<number, DirentNode>,
): Generator<FieldFinding> {
  const { ino, pino, type } = record
  if (ino === 0) return
  const structure = `entry "${displayName(name)}" of folder ${pino}`
  const nodes = log.inodes.get(ino)
  if (nodes === undefined) {
    yield { structure, offset, field: 'ino', found: ino, expected: 'an inode that has nodes' }
    return
  }
  const { mode } = latestNode(nodes).record
  const inodeType = typeOfMode(mode)
  if (inodeType !== undefined && type !== TYPE_BITS[inodeType] >>> DIRENT_TYPE_SHIFT) {
    const expected = `${TYPE_BITS[inodeType] >>> DIRENT_TYPE_SHIFT}, as inode ${ino} is,`
    yield { structure, offset, field: 'type', found: type, expected }
  }
  if (pino !== JFFS2_ROOT_INO && !isFolder(log, pino)) {
    yield { structure, offset, field: 'pino', found: pino, expected: 'a folder' }
  }
  if (inodeType !== 'directory') return
  if (folders.has(ino) || ino === JFFS2_ROOT_INO) {
    yield { structure, offset, field: 'ino', found: `folder ${ino}, which has another name`, expected: 'one name' }
  }
  folders.set(ino, { offset, record, name })
}

function isFolder({ inodes }: Jffs2Log, ino: number): boolean {
  const nodes = inodes.get(ino)
  return nodes !== undefined && typeOfMode(latestNode(nodes).record.mode) === 'directory'
}
