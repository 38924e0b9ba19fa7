/**
 * Bytes above 0x7F in short names: code page 437. Names do not say which page they are in; 437 is the one that Linux takes
 * unless it is told another (FAT_DEFAULT_CODEPAGE), and the one of the PC's own character set.  [CP437]
 */
const UPPER_HALF =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'
const FIRST_UPPER = 0x80

/** Text of characters that each stand for a byte. */
export function decodeCodePage437(bytes: string): string {
  return bytes.replace(/[\x80-\xff]/g, (byte) => UPPER_HALF[byte.charCodeAt(0) - FIRST_UPPER]!)
}

/** In lower case, where the code page has that too. */
export function lowerCase437(text: string): string {
  const inPage = (character: string): boolean => character < '\x80' || UPPER_HALF.includes(character)
  return Array.from(text, (character) => {
    const lower = character.toLowerCase()
    return inPage(lower) ? lower : character
  }).join('')
}
