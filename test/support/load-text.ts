/** Loads configs from memory: files by name, as if they lay in /board. */
import { resolve } from 'node:path'
import { type LoadConfigOptions, loadConfig } from '../../src/config/load-config.js'
import type { LoadedConfig } from '../../src/config/spec.js'
import { ConfigError, type Problem } from '../../src/errors.js'

const FOLDER = '/board'

export type ConfigTexts = string | Readonly<Record<string, string>>
export type LoadTextOptions = Partial<Omit<LoadConfigOptions, 'readText'>>

/** A config that must be refused, and what is said about it. */
export interface RefusedConfig {
  name: string
  config: ConfigTexts
  options?: LoadTextOptions
  /** As `problemLines` gives it. */
  says: string[]
}

/** `texts`: the config alone, or several files of which the first is loaded. */
export function loadText(texts: ConfigTexts, options: LoadTextOptions = {}): LoadedConfig {
  const files = typeof texts === 'string' ? { 'a.yaml': texts } : texts
  const byPath = new Map(Object.entries(files).map(([name, text]) => [resolve(FOLDER, name), text]))
  const readText = (path: string): string => {
    const text = byPath.get(path)
    if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' })
    return text
  }
  return loadConfig(resolve(FOLDER, Object.keys(files)[0]!), { environment: {}, ...options, readText })
}

/** The problems of a config that must be refused. */
export function problemsOf(texts: ConfigTexts, options?: LoadTextOptions): readonly Problem[] {
  try {
    loadText(texts, options)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('the config was accepted')
}

/** `a.yaml:3:8: Cannot …` with `  hint: …` under it; the folder left out. */
export function problemLines(problems: readonly Problem[]): string[] {
  const lines = problems.flatMap(({ position, message, hint }) => [
    position === undefined ? message : `${position.file}:${position.line}:${position.column}: ${message}`,
    ...(hint === undefined ? [] : [`  hint: ${hint}`]),
  ])
  return lines.map((line) => line.replaceAll(`${FOLDER}/`, ''))
}
