import type { HarvestSpec, MassStorageSpec } from '../../config/spec.js'
import { renderTemplate } from '../template.js'
import { shellQuote } from './shell-quote.js'

/** Where the service's script is on the board. */
export function servicePath({ service }: Pick<MassStorageSpec, 'service'>): string {
  return service === 'init' ? '/etc/init.d/S50usb-gadget' : '/usr/libexec/usb-gadget'
}

const APPEND_AS_IT_IS = '\tcat >>"$MOUNT/$1"'
/** One carriage return before each line feed, also where the text has one already. */
const APPEND_AS_WINDOWS = `\treturn_character=$(printf '\\r')\n\tsed "s/$return_character*\\$/$return_character/" >>"$MOUNT/$1"`

export function harvestScript(
  spec: MassStorageSpec,
  { lun, mount, crlf, offsetBytes }: HarvestSpec,
  templates: ReadonlyMap<string, string>,
): string {
  return renderTemplate(templates, 'harvest.sh', {
    service: shellQuote(servicePath(spec)),
    lun: String(lun),
    file: shellQuote(spec.luns[lun]!.file),
    offset: String(offsetBytes),
    mount: shellQuote(mount),
    mounted: shellQuote(mount.replace(/[ \t\n\\]/g, octal)),
    line_ends: crlf ? ', its lines ended as Windows has them (CR LF)' : '',
    append: crlf ? APPEND_AS_WINDOWS : APPEND_AS_IT_IS,
  })
}

/** Returns a character as /proc/mounts has blanks and backslashes. [proc(5)] */
function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
}
