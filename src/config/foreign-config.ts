/** Configurations of other tools, by their own words: one error that names the tool is worth more than one for each line. */

/** The first that fits; each pattern is bound to the beginning of a line, so that it takes time by the length of the text. */
const FOREIGN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a configuration of fwup', /^(?:file-resource|task|mbr|gpt)[ \t]+[\w.-]+[ \t]*\{/m],
  ['a configuration of genimage', /^[ \t]*(?:image|flash)[ \t]+[^\s{]+[ \t]*\{/m],
  ['a kickstart file of wic', /^[ \t]*(?:part|partition|bootloader)[ \t](?:[^\n]*[ \t])?--[a-z]/m],
  ["a parameter file of Rockchip's loader", /^(?:FIRMWARE_VER|MACHINE_MODEL|MACHINE_ID):|^CMDLINE:[^\n]*mtdparts=/m],
  ["a partition description of Allwinner's tools", /^\[partition_start\]/m],
  ['a dump of sfdisk', /^label:[ \t]*(?:gpt|dos)\b|^[^\s:]+[ \t]*:[ \t]*start=/m],
  ['a partition definition of systemd-repart', /^\[Partition\]/m],
  [
    'a partition table of ESP-IDF',
    /^#[ \t]*ESP-IDF Partition Table|^\w+[ \t]*,[ \t]*(?:app|data|bootloader|partition_table)[ \t]*,/m,
  ],
  ['a flash layout of STM32CubeProgrammer', /^#?(?:Opt|P|PE|PD|PED|-|--)\t+(?:Id|Part|0x[0-9a-f]+)\b/im],
  [
    "a flash program of Qualcomm's tools",
    /<(?:program|physical_partition|partition)\s[^>]*(?:filename|num_partition_sectors|size_in_kb)/i,
  ],
  ['an image description of kiwi', /<image\s[^>]*schemaversion/],
  ['a manifest that diskloom wrote', /^\{\s*"manifest_version"/],
  ["words of a kernel's command line", /^[^\n]*\bmtdparts=/],
]

/** The longest head in which a config says what it is. */
const HEAD_CHARACTERS = 64 << 10

/** What the text is, where it is the config of another tool: the end of a sentence that begins with "it is". */
export function foreignConfig(text: string): string | undefined {
  const head = text.slice(0, HEAD_CHARACTERS)
  return FOREIGN.find(([, pattern]) => pattern.test(head))?.[0]
}
