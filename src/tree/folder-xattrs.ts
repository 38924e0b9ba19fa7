/**
 * Extended attributes of a folder, read by one call of getfattr(1) (package attr), since Node has no system call for them.
 *
 * Its output, one paragraph a file that has some:
 *   # file: usr/bin/ping
 *   security.capability=0x0100000200200000000000000000000000000000
 * The folder itself is `.`. In names a backslash and line breaks (and `=` in an attribute's) stand as \ooo, octal.
 */
import type { ByteString } from '../bytes/text.js'
import { type ConfigPath, invariant, LayoutError } from '../errors.js'
import type { CommandRunner } from './command-runner.js'
import type { XattrRule } from './kept-xattrs.js'
import { problemAt } from './payload-problem.js'

/** Path below the folder (`.` for itself) → attribute name (a byte string) → value. */
export type FolderXattrs = ReadonlyMap<ByteString, ReadonlyMap<string, Uint8Array>>

export interface FolderXattrOptions {
  readonly xattrs: XattrRule
  readonly links?: 'follow'
  readonly runner?: CommandRunner
  readonly signal?: AbortSignal
  readonly configPath?: ConfigPath
}

const NONE: FolderXattrs = new Map()
export const XATTR_TOOL = 'getfattr'

/** `only`: of one thing in it. LayoutError where `xattrs: keep` was asked and getfattr is missing, or where it could not read something. */
export async function readFolderXattrs(folder: string, options: FolderXattrOptions, only = '.'): Promise<FolderXattrs> {
  const { xattrs, runner, configPath, links } = options
  if (xattrs === 'none') return NONE
  invariant(runner !== undefined, 'extended attributes are read by a runner')
  const isInstalled = runner.locate(XATTR_TOOL) !== undefined
  if (xattrs !== 'keep' && !isInstalled) return NONE
  if (!isInstalled) {
    const message = `Cannot read the extended attributes of folder "${folder}": ${XATTR_TOOL} is not installed, xattrs: keep needs it`
    throw new LayoutError(problemAt(message, configPath, 'install the package attr, or set xattrs: none'))
  }
  const { status, stdout, stderr } = await runner.run(
    XATTR_TOOL,
    [links === 'follow' ? '-RLd' : '-Rhd', '-m', '-', '-e', 'hex', '--', only],
    {
      cwd: folder,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
  )
  if (status !== 0) {
    const first = stderr.split('\n', 1)[0] ?? ''
    const message = `Cannot read the extended attributes of folder "${folder}": ${first || `${XATTR_TOOL} ended with ${status}`}, all of them must be readable`
    throw new LayoutError(problemAt(message, configPath, 'xattrs: none leaves them out'))
  }
  return parseGetfattr(stdout)
}

const FILE_PREFIX = '# file: '
const HEX_PREFIX = '0x'

export function parseGetfattr(output: Uint8Array): FolderXattrs {
  const files = new Map<ByteString, Map<string, Uint8Array>>()
  let path: ByteString | undefined
  // One character a byte: names are bytes, and no byte of theirs is a line break (those are escaped).
  for (const line of Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1').split('\n')) {
    if (line.startsWith(FILE_PREFIX)) {
      path = unescapeOctal(line.slice(FILE_PREFIX.length)) as ByteString
      continue
    }
    const attribute = parseAttribute(line)
    if (attribute === undefined || path === undefined) continue
    const values = files.get(path) ?? new Map<string, Uint8Array>()
    values.set(attribute.name, attribute.value)
    files.set(path, values)
  }
  return files
}

/** `name=0x…`; an empty value is `name=0x` or, in older versions, `name` alone. */
function parseAttribute(line: string): { name: string; value: Uint8Array } | undefined {
  if (line === '') return undefined
  const equals = line.indexOf('=')
  if (equals === -1) return { name: unescapeOctal(line), value: new Uint8Array(0) }
  const value = line.slice(equals + 1)
  if (!value.startsWith(HEX_PREFIX)) return undefined
  return {
    name: unescapeOctal(line.slice(0, equals)),
    value: new Uint8Array(Buffer.from(value.slice(HEX_PREFIX.length), 'hex')),
  }
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
