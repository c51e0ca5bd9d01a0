import type { Recording } from '../runs/recording.ts'
import type { RunEnding } from '../runs/run-once.ts'
import type { RunPlan } from '../runs/run-plan.ts'
import { failureText } from '../runs/run-result.ts'
import type { Decision } from '../world/index.ts'
import { spaceTimeSvg } from './space-time.ts'
import type { Band, Mark } from './space-time.ts'

/** What the folder of a failure is made from. */
export interface Failure {
  readonly plan: RunPlan
  readonly ending: RunEnding
  readonly recording: Recording
  readonly version: { readonly code: string; readonly node: string }
  readonly shrunk: string | null
}

/** The files of a failure's folder, by name: all that is needed to run it again and to see what happened. */
export function failureFiles({ plan, ending, recording, version, shrunk }: Failure): Record<string, string> {
  const { result, decisions, error } = ending
  const failed = result.violations.find((it) => it.kind === result.outcome)
  const atUs = failed?.atUs ?? result.virtualUs
  const files: Record<string, string> = {
    'plan.json': json(plan),
    'result.json': json(result),
    'versions.json': json(version),
    'trace.json': `[\n${decisions.map((it) => JSON.stringify(it)).join(',\n')}\n]\n`,
    'space-time.svg': spaceTimeSvg({
      title: `${result.scenario}, seed ${result.seed}: ${result.outcome}`,
      nodes: result.nodes,
      messages: recording.messages(),
      bands: bandsOf(recording, decisions, result.virtualUs),
      marks: marksOf(decisions),
      failure: { atUs, nodes: failed?.nodes ?? [], text: failureText(result) },
    }),
    'README.txt': readme(result.scenario, result.seed, {
      text: failureText(result),
      digest: result.digest,
      shrunk,
    }),
  }
  if (error !== null) files['crash.txt'] = `${stackOf(error)}\n`
  return files
}

/** What was wrong with the network, and disks as decided. */
function bandsOf(recording: Recording, decisions: readonly Decision[], endUs: number): Band[] {
  const seen = recording.faults.map(({ node, fromUs, untilUs, label }) => ({
    ...{ node, fromUs, label },
    toUs: Math.min(untilUs, endUs),
  }))
  const disks = decisions.filter(({ what }) => what === 'full-disk' || what === 'slow-disk')
  return [
    ...seen,
    ...disks.map(({ node, atUs, forUs, what }) => ({ node, fromUs: atUs, toUs: atUs + forUs, label: what })),
  ]
}

function marksOf(decisions: readonly Decision[]): Mark[] {
  return decisions
    .filter(({ node }) => node !== -1)
    .map(({ atUs, what, node, peer }) => ({ node, atUs, label: peer === -1 ? what : `${what} ${peer}` }))
}

function readme(
  scenario: string,
  seed: number,
  { text, digest, shrunk }: { text: string; digest: string; shrunk: string | null },
): string {
  return `${scenario}, seed ${seed}
${text}

Again, byte for byte (from the project folder):   npx coop sim replay <this folder>
Smaller, if it is not yet:                        npx coop sim replay <this folder> --shrink

audit digest    ${digest}
${shrunk === null ? '' : `shrunk          ${shrunk}\n`}
plan.json       all that fixes the run: seed, phases, the drawn world, and after shrinking the decisions that are left
result.json     what it came to
trace.json      every decision in the order of time: writes, cuts, absences, disks, acts of adversaries
space-time.svg  nodes as lines, messages as arrows, faults as bands, up to the failure
versions.json   the code and the Node that ran it
`
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
