import { posix } from 'node:path'
import type { MassStorageSpec } from '../../config/spec.js'
import { renderTemplate } from '../template.js'
import { servicePath } from './harvest-script.js'

/** Started when the file systems of the backing files are mounted. [SYSTEMD.UNIT] RequiresMountsFor= */
export function systemdUnit(spec: MassStorageSpec, templates: ReadonlyMap<string, string>): string {
  // systemd ignores a path with `..` or `//` in it.
  const folders = spec.luns
    .map(({ file }) => posix.dirname(posix.normalize(file)))
    .filter((folder) => !/^\/dev(\/|$)/.test(folder))
  const mounts = [...new Set(folders)].map(unitWord).join(' ')
  return renderTemplate(templates, 'usb-gadget.service', {
    script: servicePath(spec),
    mounts: mounts === '' ? '' : `RequiresMountsFor=${mounts}\n`,
  })
}

/**
 * Returns one word of a unit file: `%` begins a specifier; blanks, quotes and backslashes are escaped in hexadecimal.
 * systemd splits at ASCII blanks alone. [SYSTEMD.SYNTAX]
 */
function unitWord(word: string): string {
  const hexOf = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  return word.replaceAll('%', '%%').replace(/[\x00-\x20"'\\]/g, hexOf)
}
