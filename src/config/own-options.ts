/** Reads `options:` of a volume by the table of its file system. */
import * as z from 'zod'
import { didYouMean } from '../bytes/nearest.js'
import type { FileSystem, OptionFault } from '../filesystems/file-system.js'
import { FILE_SYSTEMS } from '../filesystems/registry.js'
import { explainIssues } from './explain-issue.js'
import type { PartitionContext } from './interpretation.js'
import type { PartitionInput } from './schema/partition.js'
import { foundText } from './volume-keys.js'

/** A config is read once: compiling a reader for each option takes longer than reading it. */
const ONCE = { jitless: true }

/**
 * Returns the options that could be read. What is wrong with the others is reported once, here: options of other
 * file systems, unknown ones, and values that the table refuses.
 */
export function ownOptions<Options extends object>(
  input: PartitionInput,
  fileSystem: FileSystem<Options>,
  context: PartitionContext,
): Options {
  const { interpretation, path, text } = context
  const at = [...path, 'options']
  const table = fileSystem.options
  const read: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(input.options ?? {})) {
    const schema = Object.hasOwn(table, key) ? table[key] : undefined
    if (schema === undefined) {
      refuseForeignOption(key, input, fileSystem, context)
      continue
    }
    const result = z.safeParse(schema, value, ONCE)
    if (result.success) read[key] = result.data
    else {
      const place = [...at, key]
      interpretation.problems.push(
        ...explainIssues(result.error.issues, schema as z.ZodType, interpretation.plain, place),
      )
    }
  }
  const engine = input.engine ?? context.engine ?? 'native'
  for (const key of engine === 'host' ? (fileSystem.nativeOnlyOptions ?? []) : []) {
    if (!Object.hasOwn(read, key)) continue
    const message = `Cannot use options.${key} of ${text}: its host tools have no such option, it is accepted with engine: native`
    interpretation.refuse([...at, key], message)
  }
  return read as Options
}

function refuseForeignOption(
  key: string,
  input: PartitionInput,
  { options: table }: FileSystem<never>,
  { interpretation, path, text }: PartitionContext,
): void {
  const own = Object.keys(table)
  const list = own.length === 0 ? 'It has no options' : `Its options are ${own.join(', ')}`
  const isKnown = FILE_SYSTEMS.some(({ options }) => Object.hasOwn(options, key))
  if (isKnown) {
    const message = `Cannot use options.${key} of ${text}: ${foundText(input)}, which has no such option`
    interpretation.refuse([...path, 'options', key], message, list)
    return
  }
  const message = `Cannot read options of ${text}: "${key}" is no key of options`
  interpretation.problems.push({
    path: [...path, 'options', key],
    message,
    hint: didYouMean(key, own) ?? list,
    atKey: true,
  })
}

/** Reports what a file system's own check finds wrong with options that were each read. */
export function refuseFaults(faults: readonly OptionFault[], { interpretation, path, text }: PartitionContext): void {
  for (const { path: own, message, hint } of faults) {
    interpretation.refuse([...path, ...own], `Cannot use ${own.join('.')} of ${text}: ${message}`, hint)
  }
}
