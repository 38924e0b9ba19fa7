/** A folder with one of everything that Linux keeps in folders. Made by other programs as far as Node cannot. */
import { chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tool } from './oracle.js'

export interface EveryKindOptions {
  /** Device nodes, foreign owners and `trusted.*` attributes: only root can make them. */
  privileged?: boolean
  /** Extended attributes, where the file system under the folder keeps them. */
  xattrs?: boolean
}

/** The bytes FF FE, a line break, a backslash, a quotation mark; no slash. */
export const ODD_NAME = Buffer.from('odd \xff\xfe\n\\"name', 'latin1')

export function makeEveryKind(folder: string, options: EveryKindOptions = {}): void {
  const at = (path: string): string => join(folder, path)
  mkdirSync(at('bin'), { recursive: true })
  mkdirSync(at('deep/er/est/of all'), { recursive: true })
  mkdirSync(at('empty'))
  mkdirSync(at('sticky'))
  writeFileSync(at('bin/tool'), '#!/bin/sh\necho tool\n')
  linkSync(at('bin/tool'), at('bin/same tool'))
  linkSync(at('bin/tool'), at('deep/er/same tool'))
  writeFileSync(at('bin/suid'), 'x'.repeat(5000))
  writeFileSync(at('nothing'), '')
  writeFileSync(at('größe-漢字-🧵'), 'unicode\n')
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), ODD_NAME]), 'odd\n')
  writeFileSync(at(`${'n'.repeat(251)}.txt`), 'a long name\n')
  writeFileSync(at('sparse'), 'start')
  truncateSync(at('sparse'), 3 << 20)
  writeFileSync(at('sparse'), 'middle', { flag: 'r+' })
  symlinkSync('bin/tool', at('short link'))
  symlinkSync(`/${'long/'.repeat(40)}target`, at('long link'))
  symlinkSync('../nowhere', at('deep/dangling'))
  tool('mkfifo', at('fifo'))
  tool('python3', '-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', at('socket'))
  if (options.privileged === true) {
    tool('mknod', at('console'), 'c', '5', '1')
    tool('mknod', at('big numbers'), 'b', '2748', '703710')
    tool('chown', '1234:2345', at('deep/er'))
    tool('chown', '70000:4000000000', at('bin/suid'))
    tool('chown', '-h', '99:98', at('short link'))
  }
  if (options.xattrs === true) {
    tool('setfattr', '-n', 'user.note', '-v', 'a value', at('bin/tool'))
    tool('setfattr', '-n', 'user.binary', '-v', '0x00ff80c30a', at('bin/tool'))
    tool('setfattr', '-n', 'user.empty', at('deep'))
    tool('setfattr', '-n', 'user.on root', '-v', '1', folder)
    if (options.privileged === true) {
      tool('setfattr', '-h', '-n', 'trusted.link', '-v', 'on a link', at('short link'))
      tool('setfattr', '-n', 'security.capability', '-v', CAP_NET_RAW, at('bin/same tool'))
    }
  }
  chmodSync(at('bin/tool'), 0o755)
  chmodSync(at('bin/suid'), 0o6755)
  chmodSync(at('nothing'), 0o600)
  chmodSync(at('sticky'), 0o1777)
  lutimesSync(at('short link'), 1_000_000_000, 1_000_000_000)
  const touch = (time: string, path: string): string => tool('touch', '-h', '-d', time, at(path))
  touch('@1234567890.123456789', 'bin/tool')
  touch('@-86400.25', 'nothing')
  touch('@4000000000.000000001', 'bin/suid')
  touch('@5000000000.5', 'sparse')
  touch('@1600000000.999999999', 'deep/er/est')
  touch('@1500000000', 'bin')
  touch('@1400000000.5', '.')
}

/** A version 2 capability set: cap_net_raw+ep. */
export const CAP_NET_RAW = '0x0100000200200000000000000000000000000000'
