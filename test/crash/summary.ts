import type { CrashFailure, Times } from './campaign.ts'
import type { CrashSummary } from './crash.ts'
import type { FailedWritesSummary } from './failed-writes.ts'
import type { KillSummary } from './kills.ts'
import type { NodeKillSummary } from './node-kills.ts'
import type { CutSummary } from './power-cuts.ts'

/** Prints what a run found, for people or as JSON. */
export function printSummary(summary: CrashSummary, isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
    return
  }
  const lines = [
    `seed ${summary.seed}, ${summary.seconds} s${summary.isInterrupted ? ', ended early' : ''}`,
    ...(summary.kills === null ? [] : killLines(summary.kills)),
    ...(summary.cuts === null ? [] : cutLines(summary.cuts)),
    ...(summary.failedWrites === null ? [] : failedWriteLines(summary.failedWrites)),
    ...(summary.nodes === null ? [] : nodeLines(summary.nodes)),
    ...summary.skipped.map((it) => `SKIPPED ${it}`),
    ...summary.broken.map((it) => `BROKEN ${it}`),
  ]
  process.stdout.write(`\n${lines.join('\n')}\n`)
}

function killLines(kills: KillSummary): string[] {
  return [
    `kill -9 in bursts: ${kills.kills}, ${kills.killsWhileOpening} more while opening, ${kills.folders} folders`,
    `  acknowledged commits ${kills.acknowledged}; on the disk unacknowledged ${kills.foundUnacknowledged}`,
    `  reopening ${timesText(kills.reopenMs)}`,
    ...findingLines(kills.findings),
    ...failureLines(kills.failures),
  ]
}

function cutLines(cuts: CutSummary): string[] {
  return [
    `power cuts: ${cuts.cuts} of ${cuts.recordings} recorded runs, ${cuts.whileOpening} while opening`,
    `  with unsynced bytes ${cuts.withUnsynced}, with loss ${cuts.withLoss}, with a torn file ${cuts.withTornFile},` +
      ` with a name undone ${cuts.withUndoneName}`,
    `  acknowledged commits checked ${cuts.acknowledged}; reopening ${timesText(cuts.reopenMs)}`,
    ...findingLines(cuts.findings),
    ...failureLines(cuts.failures),
  ]
}

function failedWriteLines(failed: FailedWritesSummary): string[] {
  const calls = Object.entries(failed.calls).map(([script, count]) => `${script} ${count}`)
  const codes = Object.entries(failed.codes).map(([code, count]) => `${code} ${count}`)
  return [
    `failed writes: ${failed.cases} cases (calls: ${calls.join(', ')}), ${failed.fired} fired`,
    `  callers got ${codes.join(', ')}`,
    `  commits that were rejected and there afterwards: ${failed.rejectedYetThere}`,
    ...failureLines(failed.failures),
  ]
}

function nodeLines(nodes: NodeKillSummary): string[] {
  return [
    `whole nodes killed: ${nodes.kills}, acknowledged lines ${nodes.acknowledged}`,
    `  start to ready ${timesText(nodes.readyMs)}`,
    ...failureLines(nodes.failures),
  ]
}

function findingLines(findings: Record<string, number>): string[] {
  const found = Object.entries(findings).map(([finding, count]) => `${finding} ${count}`)
  return found.length === 0 ? [] : [`  the store told of: ${found.join(', ')}`]
}

function timesText(times: Times): string {
  return `p50 ${times.p50} ms, p99 ${times.p99} ms, max ${times.max} ms (${times.count} times)`
}

function failureLines(failures: readonly CrashFailure[]): string[] {
  return [
    `  FAILURES: ${failures.length}`,
    ...failures.flatMap(({ what, faults, replay }) => [
      `  - ${what}`,
      ...faults.map((it) => `      ${it}`),
      `      again: ${replay}`,
    ]),
  ]
}
