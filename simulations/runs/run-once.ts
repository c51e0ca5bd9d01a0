import { toHex } from '#protocol/encoding'
import type { Crypto, Signer } from '#protocol/identity'
import type { Checker, Violation } from '../checkers/index.ts'
import { Audit, HandlerError, Simulator } from '../kernel/index.ts'
import { TopologyError } from '../network/index.ts'
import type { Network } from '../network/index.ts'
import { QUIET_US, SETTLE_US, World } from '../world/index.ts'
import type { Decision } from '../world/index.ts'
import type { Recording } from './recording.ts'
import type { RunPlan } from './run-plan.ts'
import type { Outcome, RunResult } from './run-result.ts'
import { heldShare } from './held-share.ts'

/** What a run is carried out with. */
export interface RunParts {
  readonly crypto: Crypto
  /** A signer from its 32-byte seed; with `crypto` what signs in `real` mode. */
  readonly signer: (seed: Uint8Array) => Signer
  /** Default: all. */
  readonly checkers?: Readonly<Record<string, Checker>>
  /** Filled with the messages of the run. */
  readonly recording?: Recording
  /** Told how far the run is, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** A run that ended, and what a report of its failure needs beside the result. */
export interface RunEnding {
  readonly result: RunResult
  /** All that happened, in the order of time. */
  readonly decisions: readonly Decision[]
  /** What was thrown; null: nothing. */
  readonly error: Error | null
}

/** A plan that no world can be made from: more links than nodes, more members than places. */
export class ImpossibleWorld extends Error {
  readonly code = 'impossible-world'
}

/** Looks of the checkers in each phase. A guess: often enough to see where it began, seldom enough to cost little. */
const LOOKS = 40

/**
 * One run: faults first, when only safety counts; then everything heals, and at the end what must happen has happened.
 * The first violation ends it. Whatever the run throws is its result; a plan that cannot be is an `ImpossibleWorld`.
 */
export function runOnce(plan: RunPlan, parts: RunParts): RunEnding {
  const { seed, eventsMax } = plan
  const audit = new Audit({ sha256: parts.crypto.sha256 })
  const sim = new Simulator({ seed, audit, eventsMax })
  const world = worldOf(plan, parts, sim)
  const curve: [number, number][] = []
  let violations: readonly Violation[] = []
  let error: Error | null = null
  try {
    violations = phases({ plan, parts, sim, world, curve })
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error(String(thrown))
  }
  const { metrics, reached, healedUs, topology } = world
  const result: RunResult = {
    ...{ scenario: plan.scenario, seed, outcome: outcomeOf(violations, error) },
    ...{ digest: toHex(audit.digest()), events: sim.events, virtualUs: sim.nowUs, nodes: topology.nodes },
    ...{ healedUs, violations, crash: error === null ? null : crashText(error) },
    ...{ metrics: { ...metrics }, reached: { ...reached }, curve },
  }
  return { result, decisions: world.trace, error }
}

/** What a world of this plan would do by itself. */
export function decisionsOf(plan: RunPlan, parts: RunParts): readonly Decision[] {
  return worldOf(plan, parts, new Simulator({ seed: plan.seed })).trace
}

function worldOf(plan: RunPlan, parts: RunParts, sim: Simulator): World {
  const { crypto, signer, checkers } = parts
  try {
    return new World({
      ...{ sim, sha256: crypto.sha256, crypto: plan.crypto, config: plan.world },
      port: { verify: (key, message, signature) => crypto.verify(key, message, signature), signer },
      ...(plan.decisions === null ? {} : { decisions: plan.decisions }),
      ...(checkers === undefined ? {} : { checkers }),
    })
  } catch (error) {
    if (error instanceof TopologyError || error instanceof RangeError) {
      throw new ImpossibleWorld(`${plan.scenario}, seed ${plan.seed}: ${error.message}`, { cause: error })
    }
    throw error
  }
}

interface RunState {
  readonly plan: RunPlan
  readonly parts: RunParts
  readonly sim: Simulator
  readonly world: World
  readonly curve: [number, number][]
}

function phases({ plan, parts, sim, world, curve }: RunState): readonly Violation[] {
  const { faultsUs, convergeUsMax } = plan.world.phases
  const endUs = faultsUs + 2 * convergeUsMax + SETTLE_US + QUIET_US
  if (parts.recording !== undefined) watch(sim, world.network, parts.recording)
  const advance = (untilUs: number): readonly Violation[] => {
    const { reason } = sim.run(untilUs)
    curve.push([sim.nowUs, heldShare(world)])
    if (reason === 'limit') return [endless(plan, sim.nowUs)]
    parts.onProgress?.(untilUs / endUs)
    return world.check('running')
  }
  world.start()
  for (let look = 1; look <= LOOKS; look += 1) {
    const found = advance(Math.round((faultsUs * look) / LOOKS))
    if (found.length > 0) return found
  }
  world.heal()
  // As soon as all is measured, nothing more can happen.
  for (let look = 1; look <= LOOKS && !world.isOver; look += 1) {
    const found = advance(faultsUs + Math.round(((endUs - faultsUs) * look) / LOOKS))
    if (found.length > 0) return found
  }
  return world.check('end')
}

function endless({ eventsMax }: RunPlan, atUs: number): Violation {
  return {
    checker: 'ends',
    kind: 'liveness',
    atUs,
    detail: `still busy after ${eventsMax} events`,
    nodes: [],
  }
}

function outcomeOf(violations: readonly Violation[], error: Error | null): Outcome {
  if (error !== null) return 'crash'
  // What is wrong counts before what is late.
  return violations.find((it) => it.kind === 'correctness')?.kind ?? violations[0]?.kind ?? 'ok'
}

/** Without stacks and paths: the same bytes on every machine. */
function crashText(error: Error): string {
  const [line = ''] = error.message.split('\n')
  return error instanceof HandlerError ? line : `${error.name}: ${line}`
}

/** Notes what the network does. It is told of cuts and absences by calls, so these are listened to. */
function watch(sim: Simulator, network: Network, recording: Recording): void {
  network.observer = {
    delivered: (from, to, sentUs, sizeBytes) =>
      recording.add({ from, to, sentUs, atUs: sim.nowUs, sizeBytes, dropped: null }),
    dropped: (from, to, sentUs, reason) =>
      recording.add({ from, to, sentUs, atUs: sim.nowUs, sizeBytes: 0, dropped: reason }),
  }
  const ends = new Map<string, (untilUs: number) => void>()
  const finish = (name: string): void => {
    ends.get(name)?.(sim.nowUs)
    ends.delete(name)
  }
  const setOnline = network.setOnline.bind(network)
  network.setOnline = (node, isOnline, noticeAfterUs) => {
    if (isOnline) finish(`node ${node}`)
    else if (network.isOnline(node)) ends.set(`node ${node}`, recording.begin([node], sim.nowUs, 'off'))
    setOnline(node, isOnline, noticeAfterUs)
  }
  const cut = network.cut.bind(network)
  network.cut = (what, noticeAfterUs) => {
    const id = cut(what, noticeAfterUs)
    const pairs = 'pairs' in what ? what.pairs : []
    const label = 'pairs' in what ? `cut ${pairs.map(([a, b]) => `${a} to ${b}`).join(', ')}` : 'partition'
    const nodes = 'pairs' in what ? [...new Set(pairs.flat())] : [-1]
    ends.set(`cut ${id}`, recording.begin(nodes, sim.nowUs, label))
    return id
  }
  const heal = network.heal.bind(network)
  network.heal = (id) => {
    for (const name of id === undefined ? [...ends.keys()] : [`cut ${id}`])
      if (name.startsWith('cut')) finish(name)
    heal(id)
  }
}
