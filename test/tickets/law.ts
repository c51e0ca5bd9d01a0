import { expect } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import type { CommitRecord } from '#protocol/commit'
import { nodeSigner } from '#node/crypto'
import { eventStateOf } from '../actors/gate-hand.ts'
import type { Choices } from '../evaluation/choices.ts'
import type { Reached } from '../evaluation/reached.ts'
import { CAST } from './cast.ts'
import { figuresOf } from './figures.ts'
import { Gates } from './gates.ts'
import type { Rules } from './rules.ts'
import type { Seat } from './truth.ts'

/** Steps of a history. */
const STEPS = 110

/**
 * Gates, tickets and people by whole replicas: whatever is cut off from whom, honest gates never admit one seat twice in an
 * exclusive class, nobody is let into a full zone, nothing is oversold, no old code goes in once it was swapped, every open
 * double is found and counted once, and all replicas say the same.
 */
export function gatesLaw(draw: Choices, reached: Reached, off: Partial<Rules> = {}): void {
  const gates = new Gates(draw, off)
  try {
    for (let step = 0; step < STEPS; step += 1) gates.step()
    gates.heal()
    allAgree(gates, draw)
    doublesAreFound(gates, reached)
    roomIsKept(gates)
    if (gates.reached.has('forked')) cheatIsProven(gates)
  } catch (error) {
    throw new Error([String(error), ...gates.story, ...passesOf(gates)].join('\n'), { cause: error })
  }
  for (const [what, count] of gates.reached) reached.add(what, count)
}

/** What the documents say of people, for whoever reads of a failure. */
function passesOf(gates: Gates): string[] {
  const [stand] = gates.honest
  const passes = stand === undefined ? [] : gates.stateOf(stand).passes()
  return passes.map((it) => {
    const { order, device, way, zone, mode, undone, doubles, of, seat } = it
    const where = `${order} ${seat.slice(0, 4)} ${way} ${mode} ${zone ?? ''} by ${device.slice(0, 4)}`
    return `${where}, undone ${undone?.order}, of ${of?.order}, doubles ${doubles.map((two) => two.order).join()}`
  })
}

/** Every replica says the same, also one that hears everything in another order. */
function allAgree(gates: Gates, draw: Choices): void {
  const commitments = gates.codes.map(({ issued }) => toHex(issued.commitment))
  const [first = {}, ...others] = gates.honest.map((it) => figuresOf(gates.stateOf(it), commitments))
  const isFirst = (other: Record<string, unknown>): void => {
    for (const [what, figure] of Object.entries(other))
      expect(JSON.stringify(figure), what).toBe(JSON.stringify(first[what]))
  }
  others.forEach(isFirst)
  const late = CAST.enter(nodeSigner(new Uint8Array(32).fill(99)), [])
  for (const record of shuffled(gates.honest[0]?.place.log ?? [], draw)) late.take([record])
  isFirst(figuresOf(eventStateOf(late.replica, gates.made), commitments))
}

/** The same commits in another order in which what a commit builds on comes before it. */
export function shuffled(log: readonly CommitRecord[], draw: Choices): CommitRecord[] {
  const done = new Set<string>()
  const isReady = ({ header }: CommitRecord): boolean =>
    (header.prev === null || done.has(toHex(header.prev))) &&
    header.seen.every((it) => done.has(toHex(it.id)))
  const chains = new Map<string, CommitRecord[]>()
  for (const record of log) {
    const key = toHex(record.header.device)
    chains.set(key, [...(chains.get(key) ?? []), record])
  }
  const order: CommitRecord[] = []
  while (order.length < log.length) {
    // Of one device all that can come now, then of another.
    for (const key of draw.shuffled([...chains.keys()])) {
      const left = chains.get(key) ?? []
      for (let most = 1 + draw.below(8); most > 0; most -= 1) {
        const at = left.findLastIndex(isReady)
        const [record] = at < 0 ? [] : left.splice(at, 1)
        if (record === undefined) break
        done.add(toHex(record.id))
        order.push(record)
      }
    }
  }
  return order
}

/** Who was let in more than once without leaving is found, by all that is on any disk; and counted once. */
function doublesAreFound(gates: Gates, reached: Reached): void {
  const [stand] = gates.honest
  if (stand === undefined) return
  const state = gates.stateOf(stand)
  const tally = state.tally()
  const { history } = stand.place.replica
  const isKept = (commit: string): boolean => history.find(fromHex(commit) ?? new Uint8Array(32)) >= 0
  const { truth } = gates
  const doubles = sum(truth.seats.map((it) => doublesOf(it, isKept)))
  // Whoever lets somebody in by a word may know that he is in, and then it is none.
  const most = sum(truth.seats.map((it) => doublesOf(it, isKept, true)))
  if (gates.isReentry) expect(tally.doubles).toBeGreaterThanOrEqual(inTwice(gates, isKept))
  else {
    expect(tally.doubles, 'doubles').toBeGreaterThanOrEqual(doubles)
    expect(tally.doubles, 'doubles').toBeLessThanOrEqual(most)
  }
  reached.add('doubles', doubles)
  if (gates.isLost) return
  const admitted = truth.seats.filter((it) => it.admissions.some(({ undo }) => undo === null)).length
  expect(tally.admitted, 'admitted').toBe(admitted)
  expect(tally.sold, 'sold').toBe(truth.live)
  for (const [zone, people] of truth.inside) expect(tally.inside.get(zone) ?? 0, `in ${zone}`).toBe(people)
}

function doublesOf(
  { admissions }: Seat,
  isKept: (commit: string) => boolean,
  withOverrides: boolean = false,
): number {
  const counts = new Map<string, number>()
  for (const { zone, commit, mode, undo } of admissions)
    if ((undo === null || !isKept(undo)) && isKept(commit) && (withOverrides || mode !== 'override'))
      counts.set(zone, (counts.get(zone) ?? 0) + 1)
  return sum([...counts.values()].map((it) => Math.max(0, it - 1)))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0)
}

/** Seats on which more than one person is inside now, by all that is on any disk. */
function inTwice({ truth }: Gates, isKept: (commit: string) => boolean): number {
  return truth.seats.filter(
    ({ admissions, inside, isMistaken }) =>
      !isMistaken &&
      !admissions.some(({ mode, commit }) => mode === 'override' || !isKept(commit)) &&
      [...inside.values()].some((people) => people > 1),
  ).length
}

/** What gates can still let in and who is inside are no more than the zone holds. */
function roomIsKept({ honest, made, truth }: Gates): void {
  for (const [zone, room] of made.rooms) {
    const left = sum(honest.map(({ place }) => Number(place.replica.spendable(room))))
    expect(left + (truth.inside.get(zone) ?? 0), `room of ${zone}`).toBeLessThanOrEqual(truth.roomOf(zone))
  }
}

/** Who gave one bucket twice is proven to have signed two histories, everywhere. */
function cheatIsProven(gates: Gates): void {
  const cheat = gates.stands.find((it) => it.isCheat)
  for (const { place } of gates.honest) {
    const { history } = place.replica
    const device = history.findDevice(cheat?.place.signer.publicKey ?? new Uint8Array(32))
    expect(history.forks.has(device), 'the cheat is proven').toBe(true)
  }
}
