import { RandomStreams } from '../kernel/index.ts'
import { parseChurnTrace } from '../network/index.ts'
import type { TopologySpec, Venue } from '../network/index.ts'
import type { AuthorityConfig, Decision, DoorConfig, TradeConfig, WorldConfig } from '../world/index.ts'
import { undraw } from './drawn.ts'
import type { Undrawn } from './drawn.ts'
import type { Scenario } from './read-scenario.ts'
import { ScenarioError } from './scenario-error.ts'
import type { OpenScenario } from './scenario-schema.ts'

type Drawn = Undrawn<OpenScenario>

const NEVER = { kind: 'constant', value: 0 } as const

/** Draws the world of one run: what the scenario leaves open is fixed by the seed. */
export function worldOf(scenario: Scenario, seed: number): { world: WorldConfig; eventsMax: number } {
  const drawn = undraw<OpenScenario>(scenario, new RandomStreams(seed))
  const { loss, latency, clocks, workload, faultsFor, convergeWithin } = drawn
  const topology = topologyOf(drawn.topology)
  const { jump } = clocks
  const world: WorldConfig = {
    ...(drawn.venues === undefined ? {} : { venues: drawn.venues.map(venueOf) }),
    ...{ topology, bandwidth: drawn.bandwidth ?? {}, linkFaults: loss === undefined ? {} : { loss } },
    latency: { perPair: latency.perPair ?? NEVER, jitter: latency.jitter ?? NEVER },
    clocks: {
      ...{ skewUsMax: clocks.skew, driftPpbMax: clocks.driftPpb },
      ...(jump === undefined
        ? {}
        : { jump: { probability: jump.probability, usMax: jump.most, horizonUs: faultsFor } }),
    },
    ...{ fsyncUs: drawn.fsync, isGossiping: drawn.isGossiping },
    ...{ members: drawn.members, isPreloaded: drawn.isPreloaded },
    ...(drawn.authority === undefined ? {} : { authority: authorityOf(drawn.authority) }),
    ...(drawn.trade === undefined ? {} : { trade: tradeOf(drawn.trade, faultsFor) }),
    phases: {
      ...{ faultsUs: faultsFor, convergeUsMax: convergeWithin },
      ...(drawn.isWholeCore ? { isWhole: true } : {}),
    },
    workload: {
      ...{ lists: workload.lists, edits: workload.edits, boards: workload.boards },
      ...(workload.assets === undefined ? {} : { assets: workload.assets }),
      untilUs: Math.min(workload.until ?? faultsFor, faultsFor),
    },
    faults: faultsOf(drawn.faults),
    adversaries: {
      forkers: drawn.adversaries.forkers ?? 0,
      colluders: drawn.adversaries.colluders ?? 0,
      liars: drawn.adversaries.liars ?? 0,
      stallers: drawn.adversaries.stallers ?? 0,
      flooders: drawn.adversaries.flooders ?? 0,
      areLasting: drawn.adversaries.lasting !== undefined,
    },
  }
  return { world, eventsMax: drawn.eventsMax }
}

/** Absences that a trace of a scenario names; `nodes`: places that there are. Empty where it names none. */
export function tracedAbsences(scenario: Scenario, nodes: number): Omit<Decision, 'key'>[] {
  const { traceFile } = scenario.faults.absencesFrom ?? {}
  if (traceFile === undefined) return []
  const csv = scenario.attached[traceFile]
  const fail = (line: number, problem: string): ScenarioError =>
    new ScenarioError([{ file: traceFile, line, column: 1, key: '', problem }])
  if (csv === undefined) throw fail(0, 'this trace was not read')
  const trace = parseChurnTrace(csv, nodes)
  if (!trace.ok) {
    throw new ScenarioError(
      trace.errors.map(({ line, problem }) => ({ file: traceFile, line, column: 1, key: '', problem })),
    )
  }
  const absences: Omit<Decision, 'key'>[] = []
  const left = new Map<number, number>()
  for (const { node, timeUs, isOnline } of trace.steps) {
    const atUs = left.get(node)
    if (!isOnline) left.set(node, atUs ?? timeUs)
    else if (atUs !== undefined) {
      absences.push({ atUs, what: 'absence', node, peer: -1, forUs: Math.max(1, timeUs - atUs) })
      left.delete(node)
    }
  }
  // Whoever does not come back is away until the faults end.
  for (const [node, atUs] of left) {
    absences.push({ atUs, what: 'absence', node, peer: -1, forUs: Number.MAX_SAFE_INTEGER - atUs })
  }
  return absences
}

function topologyOf(drawn: Drawn['topology']): TopologySpec {
  if (drawn.kind !== 'transit-stub') return drawn
  const { delays, ...rest } = drawn
  return { ...rest, delaysUs: delays }
}

function venueOf(drawn: NonNullable<Drawn['venues']>[number]): Venue {
  const { nodes, lan, uplink, timetable, closingNoticed } = drawn
  const { latency: lanUs, ...lanRest } = lan ?? {}
  const { latency: uplinkUs, ...uplinkRest } = uplink ?? {}
  return {
    nodes,
    lan: { ...lanRest, ...(lanUs === undefined ? {} : { latencyUs: lanUs }) },
    uplink: { ...uplinkRest, ...(uplinkUs === undefined ? {} : { latencyUs: uplinkUs }) },
    timetable: (timetable ?? []).map(({ at, uplink: is }) => ({ atUs: at, isUp: is === 'up' })),
    ...(closingNoticed === undefined ? {} : { noticeAfterUs: closingNoticed }),
  }
}

function authorityOf(drawn: NonNullable<Drawn['authority']>): AuthorityConfig {
  return {
    ...{ stewards: drawn.stewards, quorum: drawn.quorum, recovery: drawn.recovery },
    ...{ withholders: drawn.withholders ?? 0 },
    ...{ doubleSigners: drawn.doubleSigners ?? 0, admitters: drawn.admitters, joiners: drawn.joiners ?? 0 },
    ...{ proposals: drawn.proposals ?? 0, suspensions: drawn.suspensions ?? 0, leaves: drawn.leaves ?? 0 },
    ...{ recoveries: drawn.recoveries ?? 0, approval: drawn.approval, considerUs: drawn.considerFor },
    ...{ lookEveryUs: drawn.lookEvery, lineUsMax: drawn.oneLineWithin ?? null },
    script: drawn.acts.map((act) => ({
      ...{ what: act.what === 'admit' ? 'join' : act.what, atUs: act.at, forUs: act.for },
      ...{ by: act.by ?? -1, of: act.of ?? -1, change: act.change ?? null, yes: act.yes ?? null },
      ...{ groups: act.groups ?? null, times: act.times, everyUs: act.every },
    })),
  }
}

/** Before the faults end nobody comes any more, so that whoever still waits is served or refused. */
const CLOSING_US = 10_000_000

function tradeOf(drawn: NonNullable<Drawn['trade']>, faultsUs: number): TradeConfig {
  const { relayMax, marks, from, until, patience, event, ...rest } = drawn
  const lastUs = Math.max(0, faultsUs - CLOSING_US)
  return {
    ...{ ...rest, relayMax: relayMax ?? null, marks: marks ?? null },
    ...{ fromUs: Math.min(from, lastUs), untilUs: Math.min(until ?? lastUs, lastUs), patienceUs: patience },
    ...(event === undefined ? {} : { event: doorsOf(event) }),
  }
}

function doorsOf(drawn: NonNullable<NonNullable<Drawn['trade']>['event']>): DoorConfig {
  const { room, stay, lostAfter, open, ...rest } = drawn
  return { ...rest, isOpen: open === 1, room: room ?? null, stayUs: stay, lostAfterUs: lostAfter ?? null }
}

function faultsOf(drawn: Drawn['faults']): WorldConfig['faults'] {
  return {
    ...{ powerCuts: drawn.powerCuts ?? 0, offUs: drawn.offFor },
    ...{ absences: drawn.absences ?? 0, absentUs: drawn.awayFor },
    ...(drawn.assetRots === undefined ? {} : { assetRots: drawn.assetRots }),
    ...(drawn.churn === undefined
      ? {}
      : {
          churn: {
            ...{ nodes: drawn.churn.nodes, onlineUs: drawn.churn.stayFor, offlineUs: drawn.churn.awayFor },
          },
        }),
    ...{ partitions: drawn.partitions ?? 0, oneWayCuts: drawn.oneWayCuts ?? 0 },
    ...{ cutUs: drawn.cutsLast, noticeUs: drawn.cutsNoticed },
    ...{ rots: drawn.rots ?? 0, fullDisks: drawn.fullDisks ?? 0, slowDisks: drawn.slowDisks ?? 0 },
    ...{ slowness: drawn.slowness, diskUs: drawn.diskFaultsLast },
    ...{ troubledReturns: drawn.troubledReturns ?? 0 },
    ...{ restores: drawn.restores ?? 0, clones: drawn.clones ?? 0 },
  }
}
