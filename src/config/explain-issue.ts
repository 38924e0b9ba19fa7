/** What zod found → problems in our words: what was being read, what is there, what is accepted, and the word that was meant. */
import * as z from 'zod'
import { didYouMean } from '../bytes/nearest.js'
import type { ConfigPath } from '../errors.js'
import type { FindingId } from '../findings.js'
import type { GroupOptions } from '../schema/group.js'
import { Refusal } from '../schema/refusal.js'
import { describePath } from './describe-path.js'

/** A problem at a place of the config; `atKey`: the key is wrong, not its value. */
export interface PathProblem {
  readonly path: ConfigPath
  readonly message: string
  readonly hint?: string
  readonly atKey?: true
}

/** What a config may mean and probably does not. */
export interface PathWarning extends PathProblem {
  readonly finding: FindingId
}

/**
 * Explains what zod found. `schema` is the one that read the value at `base` of the config (default: the whole);
 * `plain` is the whole config as plain values.
 */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  plain: unknown,
  base: ConfigPath = [],
): PathProblem[] {
  const at = { schema, depth: base.length }
  return issues.flatMap((issue) => explainIssue(issue, at, plain, base))
}

/** A schema, and how many steps of the config's path lead to what it reads. */
interface SchemaAt {
  readonly schema: z.ZodType
  readonly depth: number
}

function explainIssue(issue: z.core.$ZodIssue, schema: SchemaAt, plain: unknown, parent: ConfigPath): PathProblem[] {
  const path = [...parent, ...(issue.path as (string | number)[])]
  const what = `Cannot read ${describePath(path, plain)}`
  switch (issue.code) {
    case 'custom': {
      const refusal: unknown = issue.params?.refusal
      if (!(refusal instanceof Refusal)) return [{ path, message: `${what}: ${issue.message}` }]
      return [withHint({ path, message: `${what}: ${refusal.text}` }, refusal.hint)]
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainUnknownKey(key, path, schema, plain))
    case 'invalid_type':
      return [explainWrongKind(issue.expected, path, schema, plain)]
    case 'invalid_union': {
      // Of a choice between one value, a list and a map, the branch whose kind the value has is the one that was meant.
      if (valueAt(plain, path) === null) return [explainWrongKind('string', path, schema, plain)]
      const meant = issue.errors.find(
        (errors) => !errors.some((error) => error.path.length === 0 && error.code === 'invalid_type'),
      )
      if (meant) return meant.flatMap((error) => explainIssue(error, schema, plain, path))
      const kinds = issue.errors.flatMap((errors) =>
        errors.map((error) => (error.code === 'invalid_type' ? KIND_TEXTS[error.expected] : undefined)),
      )
      const accepted = [...new Set(kinds.filter((kind) => kind !== undefined))].join(' or ')
      return [{ path, message: `${what}: it ${foundText(valueAt(plain, path))}, accepted is ${accepted}` }]
    }
    case 'invalid_key':
      return [
        {
          path,
          message: `${what}: "${String(path.at(-1))}" is no key here, accepted are ${keyKindOf(path, issue)}`,
          atKey: true,
        },
      ]
    default:
      return [{ path, message: `${what}: ${issue.message}` }]
  }
}

const KIND_TEXTS: Readonly<Record<string, string>> = {
  string: 'one value',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function explainWrongKind(expected: string, path: ConfigPath, schema: SchemaAt, plain: unknown): PathProblem {
  const value = valueAt(plain, path)
  if (value === undefined) {
    const owner = path.slice(0, -1)
    const message = `Cannot read ${describePath(owner, plain)}: the key "${String(path.at(-1))}" is missing`
    return withHint({ path: owner, message }, describedAt(schema, path))
  }
  const what = `Cannot read ${describePath(path, plain)}`
  if (value === null) return withHint({ path, message: `${what}: it has no value` }, describedAt(schema, path))
  const group = groupAt(schema, path)
  const keys = group && expected === 'object' ? ` with ${Object.keys(group.shape).join(', ')}` : ''
  const accepted = `${KIND_TEXTS[expected] ?? expected}${keys}`
  return { path, message: `${what}: it ${foundText(value)}, accepted is ${accepted}` }
}

function foundText(value: unknown): string {
  if (value === null || value === undefined) return 'has no value'
  if (Array.isArray(value)) return 'is a list'
  return typeof value === 'string' ? `is one value, "${value}"` : 'is a map'
}

function explainUnknownKey(key: string, path: ConfigPath, schema: SchemaAt, plain: unknown): PathProblem {
  const group = groupAt(schema, path)
  const known = Object.keys(group?.shape ?? {})
  const { noun = 'this map', later = [] } = group?.options ?? {}
  const what = `Cannot read ${describePath(path, plain)}`
  const at = { path: [...path, key], atKey: true as const }
  if (later.includes(key)) return { ...at, message: `${what}: the key "${key}" is not yet available in this version` }
  const hint = didYouMean(key, known) ?? `The keys of ${noun} are ${known.join(', ')}`
  return { ...at, message: `${what}: "${key}" is no key of ${noun}`, hint }
}

function keyKindOf(path: ConfigPath, { issues }: z.core.$ZodIssueInvalidKey): string {
  if (path.includes('properties')) return issues[0]!.message
  return path[0] === 'vars' ? 'names of letters, digits and _ that begin with no digit' : 'ids in decimal'
}

function withHint(problem: PathProblem, hint: string | undefined): PathProblem {
  return hint === undefined ? problem : { ...problem, hint }
}

function valueAt(plain: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step],
    plain,
  )
}

/** The strict map at a path of the schema, with its keys and its options. */
function groupAt(
  { schema, depth }: SchemaAt,
  path: ConfigPath,
): { shape: z.core.$ZodShape; options: GroupOptions } | undefined {
  const found = schemaAt(schema, path.slice(depth)).find((candidate) => candidate instanceof z.ZodObject)
  const options = found?.meta()?.group as GroupOptions | undefined
  return found && options ? { shape: found.shape, options } : undefined
}

function describedAt(schema: SchemaAt, path: ConfigPath): string | undefined {
  const owner = groupAt(schema, path.slice(0, -1))
  const child = owner?.shape[String(path.at(-1))]
  const described = child instanceof z.ZodExactOptional ? child.unwrap() : child
  const description = described instanceof z.ZodType ? described.description : undefined
  return description && `${String(path.at(-1))}: ${description}`
}

/** What may stand at a path: several where the schema leaves a choice. */
function schemaAt(schema: z.core.$ZodType, path: ConfigPath): z.core.$ZodType[] {
  if (schema instanceof z.ZodExactOptional || schema instanceof z.ZodOptional) return schemaAt(schema.unwrap(), path)
  if (schema instanceof z.ZodLazy) return schemaAt(schema.unwrap(), path)
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => schemaAt(option, path))
  if (path.length === 0) return [schema]
  const [step, ...rest] = path
  if (schema instanceof z.ZodObject) {
    const child = schema.shape[String(step)]
    return child === undefined ? [] : schemaAt(child, rest)
  }
  return schema instanceof z.ZodArray ? schemaAt(schema.element, rest) : []
}
