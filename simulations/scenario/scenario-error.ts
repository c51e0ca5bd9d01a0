import type { Document, LineCounter } from 'yaml'
import { isMap, isNode, isPair } from 'yaml'
import type { z } from 'zod'
import { nearest } from './nearest.ts'

/** One thing that is wrong with a scenario, where it stands and what is allowed there. */
export interface ScenarioProblem {
  readonly file: string
  /** From 1; 0 when it concerns no line. */
  readonly line: number
  readonly column: number
  /** Path of the key, `faults.loss`; empty for the whole file. */
  readonly key: string
  readonly problem: string
}

/** A scenario that cannot be read. `problems` has at least one entry. */
export class ScenarioError extends Error {
  readonly code = 'scenario-invalid'
  readonly problems: readonly ScenarioProblem[]

  constructor(problems: readonly ScenarioProblem[]) {
    super(problems.map(inWords).join('\n'))
    this.name = 'ScenarioError'
    this.problems = problems
  }
}

/** A JSON schema, as far as it is walked for the keys that are known somewhere. */
export interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema>>
  readonly anyOf?: readonly KeySchema[]
  readonly oneOf?: readonly KeySchema[]
  readonly allOf?: readonly KeySchema[]
  readonly items?: KeySchema | boolean
  readonly const?: unknown
  readonly enum?: readonly unknown[]
}

type Path = readonly PropertyKey[]

/** Says for each issue of a schema where in the file it stands. */
export function locateIssues(
  issues: readonly z.core.$ZodIssue[],
  source: { file: string; document: Document; lines: LineCounter; schema: KeySchema },
): ScenarioProblem[] {
  const { file, document, lines, schema } = source
  const found: ScenarioProblem[] = []
  const add = (path: Path, problem: string, isKey: boolean): void => {
    const offset = offsetOf(document, path, isKey)
    const { line, col } = offset === null ? { line: 1, col: 1 } : lines.linePos(offset)
    found.push({ file, line, column: col, key: path.map(String).join('.'), problem })
  }
  for (const issue of issues.flatMap(deepest)) {
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, issue.path, document)
      for (const key of issue.keys) add([...issue.path, key], unknownKey(key, known), true)
      continue
    }
    const value: unknown = document.getIn(issue.path)
    if (value === undefined && issue.path.length > 0) {
      const what = `is missing: ${issue.message}`
      add(issue.path, what, true)
    } else if (issue.code === 'invalid_union' && 'discriminator' in issue) {
      const kinds = kindsAt(schema, issue.path.slice(0, -1))
      add(issue.path, unknownWord(value, kinds), false)
    } else add(issue.path, `${issue.message}, not ${shown(value)}`, false)
  }
  return found
}

/** A union of which exactly one member has the keys that are given fails as that member does. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || 'discriminator' in issue) return [issue]
  const inside = issue.errors.filter((errors) => errors.every((it) => it.path.length > 0))
  const [only] = inside
  if (inside.length !== 1 || only === undefined) return [issue]
  return only.flatMap((it) => deepest({ ...it, path: [...issue.path, ...it.path] }))
}

function unknownKey(key: string, known: readonly string[]): string {
  const guess = nearest(key, known)
  const hint = guess === null ? '' : ` Did you mean '${guess}'?`
  const list = known.length === 0 ? 'nothing' : [...known].sort().join(', ')
  return `is not a key here.${hint} Allowed: ${list}`
}

function unknownWord(value: unknown, known: readonly string[]): string {
  const guess = typeof value === 'string' ? nearest(value, known) : null
  const hint = guess === null ? '' : `. Did you mean '${guess}'?`
  return `one of ${known.join(', ')}, not ${shown(value)}${hint}`
}

/** The keys that may stand at a path; where kinds differ, those of the kind that is given. */
function knownKeys(schema: KeySchema, path: Path, document: Document): string[] {
  const kind: unknown = document.getIn([...path, 'kind'])
  const all = schemasAt(schema, path)
  const ofKind = all.filter((it) => kind !== undefined && it.properties?.['kind']?.const === kind)
  const keys = (ofKind.length > 0 ? ofKind : all).flatMap((it) => Object.keys(it.properties ?? {}))
  return [...new Set(keys)]
}

function kindsAt(schema: KeySchema, path: Path): string[] {
  return schemasAt(schema, path).flatMap(({ properties }) => {
    const kind = properties?.['kind']?.const
    return typeof kind === 'string' ? [kind] : []
  })
}

function schemasAt(schema: KeySchema, path: Path): KeySchema[] {
  let level = branches(schema)
  for (const step of path) {
    level = level.flatMap((it) => {
      const next = typeof step === 'number' ? it.items : it.properties?.[String(step)]
      return typeof next === 'object' ? branches(next) : []
    })
  }
  return level
}

function branches(schema: KeySchema): KeySchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return inner.length === 0 ? [schema] : [schema, ...inner.flatMap(branches)]
}

/** Where a path stands in the text: its key, or its value; where that is missing, what surrounds it. */
function offsetOf(document: Document, path: Path, isKey: boolean): number | null {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length)
    const parent: unknown = length === 0 ? null : document.getIn(part.slice(0, -1), true)
    if (isMap(parent) && (isKey || length < path.length)) {
      const pair = parent.items.find((it) => isPair(it) && String(it.key) === String(part.at(-1)))
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0]
    }
    const node: unknown = document.getIn(part, true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return null
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function inWords({ file, line, column, key, problem }: ScenarioProblem): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`
  return key === '' ? `${place}: ${problem}` : `${place}: ${key}: ${problem}`
}
