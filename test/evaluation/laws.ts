import { expect } from 'vitest'
import type { Choices } from './choices.ts'
import { generateRing } from './colluders.ts'
import { accountsOf, expectAgreement, said, unitsOf } from './comparison.ts'
import { SUBJECT, filled } from './filling.ts'
import { generateHistory } from './history-generator.ts'
import { itemsOf } from './intake.ts'
import { storedForks } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { evaluate } from './oracle.ts'
import type { Reached } from './reached.ts'
import { Subject } from './subject.ts'
import type { MakeWitness, Witness } from './witness.ts'
import { has, ids, keyOf } from './world.ts'
import type { World } from './world.ts'

/**
 * Holds for every history that is drawn; notes what the history reached. The evaluation speaks, unless another witness is
 * made.
 */
export type Law = (draw: Choices, reached: Reached, make?: MakeWitness) => void

/** A replica says what the rules say, after every commit and seal, in any order of arrival. */
export const agreesWithTheRules: Law = (draw, reached) => {
  const mesh = generateHistory(draw)
  const { world } = mesh
  const replicas = [1, 2].map(() =>
    filled(world, draw, SUBJECT, (subject) =>
      expectAgreement(subject, evaluate(world, subject.store, subject.tip)),
    ),
  )
  const [first] = replicas as [Subject, Subject]
  for (const replica of replicas) expect(said(replica)).toEqual(said(first))
  reached.note('plain', first.plain > 0)
  reached.note('plain and not', first.plain > 0 && first.plain < first.store.commits.size)
  reached.noteHistory(mesh, evaluate(world, world.all(), first.tip))
}

/** Equal sets give equal states, whatever the order, and whatever comes twice. */
export const ignoresTheOrder: Law = (draw, reached, make = SUBJECT) => {
  const mesh = generateHistory(draw)
  const { world } = mesh
  const first = filled(world, draw, make)
  for (const replica of [1, 2, 3].map(() => filled(world, draw, make)))
    expect(testimonyOf(replica)).toEqual(testimonyOf(first))
  reached.noteHistory(mesh, evaluate(world, world.all(), first.tip))
}

/** A verdict is the same in a store that holds nothing but the causal past. */
export const judgesByThePastAlone: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  if (world.commits.length === 0) return
  const full = filled(world, draw, make)
  const accounts = accountsOf(world)
  for (let probe = 0; probe < 6; probe += 1) {
    const id = draw.below(world.commits.length)
    const past = make(world)
    for (const item of itemsOf(world.closure([id]))) past.receive(item)
    expect(past.isStuck).toBe(false)
    expect(past.accepts(id)).toEqual(full.accepts(id))
    expect(past.voidReason(id)).toBe(full.voidReason(id))
    for (const account of accounts) expect(past.left(id, account)).toBe(full.left(id, account))
    reached.note('accepts', full.accepts(id).length > 0)
    reached.note('void', full.voidReason(id) !== null)
    reached.note('smaller', past.store.commits.size < full.store.commits.size)
  }
}

/** What counts under a frontier counts as long as that seal is on the line. */
export const keepsWhatIsSettled: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const settled = new Map<string, { id: number; seal: number; counted: number[] }>()
  filled(world, draw, make, (witness) => {
    const line = world.line(witness.tip)
    for (const { id, seal, counted } of settled.values()) {
      const isOnLine = line.some((it) => it.id === seal)
      reached.note('seal left the line', !isOnLine)
      if (!isOnLine) continue
      const { isSettled, isContested, isLate } = witness.standing(id)
      expect([isSettled, isContested, isLate]).toEqual([true, false, false])
      expect(witness.isShown(id)).toBe(true)
      for (const act of counted) expect(witness.isCounted(id, act)).toBe(true)
    }
    for (const seal of line) {
      for (const id of [...seal.frontier.values()].flatMap((head) => ids(world.at(head).chain))) {
        const counted = [...world.at(id).acts.keys()].filter((act) => witness.isCounted(id, act))
        settled.set(`${id}/${seal.id}`, { id, seal: seal.id, counted })
      }
    }
  })
  reached.note('settled acts', [...settled.values()].filter((it) => it.counted.length > 0).length > 2)
}

/** Every unit adds up at every step, and so do the loss accounts. */
export const addsUp: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const units = unitsOf(world)
  const met = new Set<string>()
  filled(world, draw, make, (witness) => {
    for (const unit of units) {
      const totals = witness.totals(unit)
      const { issued, replaced, used, returned, writtenBack, held, deficits, inFlight } = totals
      expect(used + returned + writtenBack + held - deficits + inFlight).toBe(issued + replaced)
      const losses = devicesOf(world).map((device) => witness.lossOf(device, unit))
      expect([sum(losses), totals.loss]).toEqual([replaced - writtenBack, replaced - writtenBack])
      // The sums are those of the accounts.
      const all = (account: string): bigint =>
        sum(devicesOf(world).map((device) => witness.holding(device, account)))
      expect(all(unit)).toBe(held - deficits)
      expect(all(`${unit}+`)).toBe(totals.rights - totals.rightsLacking)
      expect(all(`${unit}=`)).toBe(totals.credit - totals.creditLacking)
      expect([all(`${unit}~`), all(`${unit}!`)]).toEqual([returned, writtenBack])
      for (const [name, amount] of Object.entries(totals)) if (amount !== 0n) met.add(name)
    }
  })
  for (const name of TOTALS) reached.note(name, met.has(name))
}

/** Honest devices are below zero on no account, and their debits are never void. */
export const sparesTheHonest: Law = (draw, reached, make = SUBJECT) => {
  const mesh = generateHistory(draw)
  const { world, isHostile } = mesh
  const accounts = accountsOf(world)
  filled(world, draw, make, (witness) => {
    for (const account of accounts)
      for (const device of honestDevices(mesh))
        expect(witness.holding(device, account)).toBeGreaterThanOrEqual(0n)
    for (const id of witness.store.commits)
      if (!isHostile[world.at(id).device]) expect(witness.voidReason(id)).toBe(null)
  })
  for (const reason of ['unknown-unit', 'relay-limit'] as const)
    reached.note(`not signed: ${reason}`, mesh.refused.has(reason))
}

/** What somebody accepted counts for ever, and who accepted it has accepted it for ever. */
export const keepsWhatWasAccepted: Law = (draw, reached, make = SUBJECT) => {
  const mesh = generateHistory(draw)
  const { world, isHostile } = mesh
  const accepted = new Map<number, string[]>()
  const met = { bad: false, passedOn: false }
  filled(world, draw, make, (witness) => {
    for (const [by, names] of accepted) expect(witness.accepts(by)).toEqual(names)
    for (const by of witness.store.commits) {
      const names = witness.accepts(by)
      accepted.set(by, names)
      for (const [id, act] of names.map((name) => name.split('.').map(Number) as [number, number])) {
        expect(witness.isCounted(id, act)).toBe(true)
        expect(witness.acceptedBy(id, act)).toContain(by)
        const { isLate, isContested } = witness.standing(id)
        met.bad ||= isLate || isContested
        met.passedOn ||= !isHostile[world.at(by).device] && world.at(by).acts.length > 0
      }
    }
  })
  reached.note('accepted and bad', met.bad)
  reached.note('accepted and spent', met.passedOn)
}

/** Facts and definitions of valid commits are in the books wherever they are stored. */
export const booksWhatWasDone: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw)
  const met = { late: false, contested: false }
  filled(world, draw, make, (witness) => {
    for (const id of witness.store.commits) {
      if (witness.voidReason(id) !== null) continue
      for (const [act, { kind }] of world.at(id).acts.entries()) {
        if (kind === 'transfer') continue
        expect(witness.isCounted(id, act)).toBe(true)
        const { isLate, isContested } = witness.standing(id)
        met.late ||= isLate
        met.contested ||= isContested
      }
    }
  })
  reached.note('late fact', met.late)
  reached.note('contested fact', met.contested)
}

/** Honest devices alone never sell what is not there, however they are cut off and whatever stewards seal. */
export const neverOversells: Law = (draw, reached, make = SUBJECT) => {
  const { world } = generateHistory(draw, { areAllHonest: true })
  const met = new Set<string>()
  const units = unitsOf(world)
  filled(world, draw, make, (witness) => {
    for (const unit of units) {
      const { issued, replaced, used, held, ...totals } = witness.totals(unit)
      expect(used + held).toBeLessThanOrEqual(issued + replaced)
      expect([totals.deficits, totals.rightsLacking, totals.creditLacking]).toEqual([0n, 0n, 0n])
      if (used > 0n) met.add('used')
      if (replaced > 0n && totals.writtenBack > 0n) met.add('written back')
    }
  })
  const { seals } = world
  reached.note('used', met.has('used'))
  reached.note('written back', met.has('written back'))
  reached.note(
    'sibling seals',
    seals.some(({ id, parent }) => seals.some((it) => it.id < id && it.parent === parent)),
  )
}

/**
 * In each group that is cut off from the others, honest devices accept of colluders at most what these owned at the
 * frontier and one relay limit for each of them.
 */
export const boundsColluders: Law = (draw, reached, make = SUBJECT) => {
  const { world, colluders, groups, relayMax, owned } = generateRing(draw)
  const witness = filled(world, draw, make)
  const amountOf = (name: string): bigint => {
    const [id, index] = name.split('.').map(Number) as [number, number]
    const act = world.at(id).acts[index]
    return colluders.includes(world.at(id).device) && act?.kind === 'transfer' ? act.amount : 0n
  }
  const most = owned + BigInt(colluders.length) * relayMax
  const gains = groups.map((group) => {
    const commits = world.commits.filter(({ device, epoch }) => group.includes(device) && epoch > 0)
    const gain = sum(commits.flatMap(({ id }) => witness.accepts(id).map(amountOf)))
    expect(gain).toBeLessThanOrEqual(most)
    for (const { id } of commits) expect(witness.voidReason(id)).toBe(null)
    return gain
  })
  reached.note(
    'more than they owned',
    gains.some((gain) => gain > owned),
  )
  reached.note('more than they owned in two groups together', gains.length > 1 && sum(gains) > owned)
  reached.note(
    'all that the limits allow',
    gains.some((gain) => gain === most),
  )
}

/** Nothing stays in flight to an honest device that lists what it is advised to. */
export const leavesNothingInFlight: Law = (draw, reached) => leaveNothingInFlight(draw, reached)

/** The same of a device that takes the advice in its own way. */
export function leaveNothingInFlight(
  draw: Choices,
  reached: Reached,
  take: (heads: number[]) => number[] = (heads) => heads,
): void {
  const mesh = generateHistory(draw)
  const { world } = mesh
  const subject = filled(world, draw, SUBJECT)
  if (draw.chance(50)) settleAll(subject)
  const units = unitsOf(world)
  for (const device of honestDevices(mesh)) {
    const before = units.map((unit) => subject.inFlightTo(device, unit))
    const id = writeAdvised(subject, device, take)
    expect(subject.voidReason(id)).toBe(null)
    for (const unit of units) expect(subject.inFlightTo(device, unit)).toBe(0n)
    expect(subject.evaluation.incomingTo(keyOf(device))).toEqual([])
    reached.note(
      'in flight before',
      before.some((amount) => amount > 0n),
    )
  }
}

/** What of a unit's totals a law should have met. */
const TOTALS = [
  'replaced',
  'issuedAside',
  'returned',
  'writtenBack',
  'deficits',
  'inFlight',
  'rights',
  'rightsLacking',
  'credit',
  'creditLacking',
]

/** All that a replica says. */
function testimonyOf(witness: Witness): object {
  if (witness instanceof Subject) return said(witness)
  const { world, store } = witness
  const devices = devicesOf(world)
  return {
    commits: [...store.commits]
      .sort((a, b) => a - b)
      .map((id) => ({
        id,
        reason: witness.voidReason(id),
        accepts: witness.accepts(id),
        standing: witness.standing(id),
        isShown: witness.isShown(id),
        counted: [...world.at(id).acts.keys()].map((act) => witness.isCounted(id, act)),
      })),
    holdings: accountsOf(world).map((account) => devices.map((it) => witness.holding(it, account))),
    inFlight: accountsOf(world).map((account) => devices.map((it) => witness.inFlightTo(it, account))),
  }
}

function devicesOf({ deviceCount }: World): number[] {
  return [...Array(deviceCount).keys()]
}

function honestDevices({ world, isHostile }: Mesh): number[] {
  return devicesOf(world).filter((device) => !isHostile[device])
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, it) => total + it, 0n)
}

/** Seals one end of every chain under the winning line. */
function settleAll(subject: Subject): void {
  const { world, store, tip } = subject
  const frontier = new Map<number, number>()
  for (let device = 0; device < world.deviceCount; device += 1) {
    const before = world
      .line(tip)
      .findLast((seal) => seal.frontier.has(device))
      ?.frontier.get(device)
    const isFitting = (id: number): boolean => before === undefined || has(world.at(id).chain, before)
    const head = world.headsOf(store.commits, device).find(isFitting)
    if (head !== undefined) frontier.set(device, head)
  }
  subject.receive({ kind: 'seal', id: world.seal(tip, { signers: [0, 1, 2], frontier }) })
}

/** Writes a commit that lists what pays the device and proofs of forks, and cites the winning epoch. */
function writeAdvised(subject: Subject, device: number, take: (heads: number[]) => number[]): number {
  const { world, evaluation, store } = subject
  const [prev = -1] = world.headsOf(store.commits, device)
  const past = prev < 0 ? 0n : world.at(prev).past
  const proofs = [...storedForks(world, store).values()].flatMap((it) => it.commits)
  const incoming = take(evaluation.incomingTo(keyOf(device)).map((order) => subject.idOf(order)))
  const seen = [...new Set([...incoming, ...proofs.filter((it) => !has(past, it))])]
  const id = world.commit(device, prev, { epoch: subject.tip, seen })
  subject.receive({ kind: 'commit', id })
  return id
}
