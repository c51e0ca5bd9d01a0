import { jsonSchemaText, readScenario } from '../scenario/index.ts'
import type { Outcome } from '../runs/run-result.ts'
import { readSource, scenarioNames } from './scenario-source.ts'
import type { SimHost } from './sim-command.ts'
import { paint } from './terminal.ts'

/** `coop sim list`: the scenarios that come with the program. */
export function listCommand({ root, terminal }: SimHost): Outcome {
  const scenarios = scenarioNames(root).map((name) => {
    const { about } = readScenario(readSource(root, name))
    return { name, about }
  })
  if (terminal.isJson) {
    for (const scenario of scenarios) terminal.out(`${JSON.stringify(scenario)}\n`)
    return 'ok'
  }
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  for (const { name, about } of scenarios) {
    terminal.out(`${paint(terminal, '1', name.padEnd(width))}  ${about}\n`)
  }
  terminal.out(`\nRun one: coop sim run ${scenarios[0]?.name ?? '<name>'}\n`)
  return 'ok'
}

/** `coop sim schema`: the JSON schema of scenarios, as docs/simulation.schema.json holds it. */
export function schemaCommand({ terminal }: SimHost): Outcome {
  terminal.out(jsonSchemaText())
  return 'ok'
}
