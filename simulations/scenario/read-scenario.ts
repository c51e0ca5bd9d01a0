import { LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { z } from 'zod'
import { ScenarioError, locateIssues } from './scenario-error.ts'
import type { KeySchema } from './scenario-error.ts'
import { scenarioSchema } from './scenario-schema.ts'
import type { OpenScenario } from './scenario-schema.ts'

/** A scenario's text and the files that it names, read by whoever may read files. */
export interface ScenarioText {
  readonly name: string
  /** For messages. */
  readonly file: string
  readonly text: string
  /** Contents of files by the names that the scenario gives them. */
  readonly attached: Readonly<Record<string, string>>
}

/** A scenario whose every key is known and in range. */
export interface Scenario extends OpenScenario {
  readonly name: string
  readonly file: string
  readonly attached: Readonly<Record<string, string>>
}

/** Nested aliases make small texts large; scenarios need none. */
const ALIASES_MAX = 20

/** Reads a scenario. Throws a `ScenarioError` that names file, line and key of all that is wrong. */
export function readScenario({ name, file, text, attached }: ScenarioText): Scenario {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos: [offset], message }) => {
      const { line, col } = lines.linePos(offset)
      return { file, line, column: col, key: '', problem: `is no YAML: ${message}` }
    })
    throw new ScenarioError(problems)
  }
  const result = scenarioSchema.safeParse(valueOf(document, file))
  if (!result.success) {
    const source = { file, document, lines, schema: jsonSchema('inline') as KeySchema }
    throw new ScenarioError(locateIssues(result.error.issues, source))
  }
  return { ...result.data, name, file, attached }
}

/** The JSON schema of scenarios as a text, for editors and for docs/simulation.schema.json. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(jsonSchema('ref'), null, 2)}\n`
}

function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new ScenarioError([{ file, line: 1, column: 1, key: '', problem }])
  }
}

/** `ref`: what is used often stands in one place. */
function jsonSchema(reused: 'ref' | 'inline'): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Coopmesh simulation scenario',
    ...z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any', reused }),
  }
}
