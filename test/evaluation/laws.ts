import { expect } from 'vitest'
import type { Choices } from './choices.ts'
import { UNITS, expectAgreement, said } from './comparison.ts'
import { generateHistory } from './history-generator.ts'
import { storedForks } from './mesh.ts'
import type { Mesh } from './mesh.ts'
import { evaluate } from './oracle.ts'
import type { Reached } from './reached.ts'
import { Subject, itemsOf } from './subject.ts'
import type { Item } from './subject.ts'
import { has, ids, keyOf } from './world.ts'
import type { World } from './world.ts'

/** Holds for every history that is drawn; notes what the history reached. */
export type Law = (draw: Choices, reached: Reached) => void

/** A replica says what the rules say, after every commit and seal, in any order of arrival. */
export const agreesWithTheRules: Law = (draw, reached) => {
  const { world } = generateHistory(draw)
  const replicas = [1, 2].map(() =>
    filled(world, draw, (subject) => {
      const rules = evaluate(world, subject.store, subject.tip)
      expectAgreement(subject, rules)
    }),
  )
  const [first] = replicas as [Subject, Subject]
  for (const replica of replicas) expect(said(replica)).toEqual(said(first))
  reached.note('plain', first.plain > 0)
  reached.note('plain and not', first.plain > 0 && first.plain < first.store.commits.size)
  reached.noteHistory(world, evaluate(world, world.all(), first.tip))
}

/** Equal sets give equal states, whatever the order. */
export const ignoresTheOrder: Law = (draw, reached) => {
  const { world } = generateHistory(draw)
  const first = filled(world, draw)
  for (const replica of [1, 2, 3].map(() => filled(world, draw))) expect(said(replica)).toEqual(said(first))
  reached.noteHistory(world, evaluate(world, world.all(), first.tip))
}

/** A verdict is the same in a store that holds nothing but the causal past. */
export const judgesByThePastAlone: Law = (draw, reached) => {
  const { world } = generateHistory(draw)
  if (world.commits.length === 0) return
  const full = filled(world, draw)
  for (let probe = 0; probe < 6; probe += 1) {
    const id = draw.below(world.commits.length)
    const past = new Subject(world)
    past.receiveAll(world.closure([id]))
    expect(past.isStuck).toBe(false)
    expect(past.accepts(id)).toEqual(full.accepts(id))
    expect(past.verdicts.get(id)?.voidBecause).toBe(full.verdicts.get(id)?.voidBecause)
    expect(past.verdicts.get(id)?.left).toEqual(full.verdicts.get(id)?.left)
    reached.note('accepts', full.accepts(id).length > 0)
    reached.note('void', full.evaluation.isVoid(full.orderOf(id)))
    reached.note('smaller', past.store.commits.size < full.store.commits.size)
  }
}

/** What counts under a frontier counts as long as that seal is on the line. */
export const keepsWhatIsSettled: Law = (draw, reached) => {
  const { world } = generateHistory(draw)
  const settled = new Map<string, { id: number; seal: number; counted: number[] }>()
  filled(world, draw, (subject) => {
    const line = world.line(subject.tip)
    for (const { id, seal, counted } of settled.values()) {
      const isOnLine = line.some((it) => it.id === seal)
      reached.note('seal left the line', !isOnLine)
      if (!isOnLine) continue
      expect(subject.standing(id).isSettled).toBe(true)
      expect(subject.visible.has(id)).toBe(true)
      for (const act of counted) expect(subject.isCounted(id, act)).toBe(true)
    }
    for (const seal of line) {
      for (const id of [...seal.frontier.values()].flatMap((head) => ids(world.at(head).chain))) {
        const counted = [...world.at(id).acts.keys()].filter((act) => subject.isCounted(id, act))
        settled.set(`${id}/${seal.id}`, { id, seal: seal.id, counted })
      }
    }
  })
  reached.note('settled acts', [...settled.values()].filter((it) => it.counted.length > 0).length > 2)
}

/** Every unit adds up at every step. */
export const addsUp: Law = (draw, reached) => {
  const { world } = generateHistory(draw)
  let inFlight = 0n
  let deficits = 0n
  filled(world, draw, ({ evaluation }) => {
    for (const unit of UNITS) {
      const sums = evaluation.sums(unit)
      const { consumed, movedIn, movedOut, held } = sums
      expect(consumed + movedOut + held - sums.deficits + sums.inFlight).toBe(sums.issued + movedIn)
      inFlight += sums.inFlight
      deficits += sums.deficits
    }
  })
  reached.note('in flight', inFlight > 0n)
  reached.note('deficits', deficits > 0n)
}

/** Honest devices are never below zero, their debits never void, their facts always booked. */
export const sparesTheHonest: Law = (draw, reached) => {
  const mesh = generateHistory(draw)
  const { world, isHostile } = mesh
  let isLateFact = false
  let isLateAcceptance = false
  filled(world, draw, (subject) => {
    for (const unit of UNITS)
      for (const device of honestDevices(mesh))
        expect(subject.evaluation.holding(keyOf(device), unit)).toBeGreaterThanOrEqual(0n)
    for (const id of subject.store.commits) {
      const { device, acts } = world.at(id)
      const { isLate, isContested } = subject.standing(id)
      if (!isHostile[device]) expect(subject.verdicts.get(id)?.voidBecause).toBe(null)
      for (const [act, { kind }] of acts.entries()) {
        if (!isHostile[device] && kind === 'fact') {
          expect(subject.isCounted(id, act)).toBe(true)
          isLateFact ||= isLate
        }
        if (subject.acceptedBy(id, act).length === 0) continue
        expect(subject.isCounted(id, act)).toBe(true)
        isLateAcceptance ||= isLate || isContested
      }
    }
  })
  reached.note('late fact', isLateFact)
  reached.note('accepted and bad', isLateAcceptance)
}

/** Nothing stays in flight to an honest device that lists what it is advised to. */
export const leavesNothingInFlight: Law = (draw, reached) => {
  const mesh = generateHistory(draw)
  const { world } = mesh
  const subject = filled(world, draw)
  if (draw.chance(50)) settleAll(subject)
  for (const device of honestDevices(mesh)) {
    const before = UNITS.map((unit) => subject.evaluation.inFlightTo(keyOf(device), unit))
    const id = writeAdvised(subject, device)
    expect(subject.verdicts.get(id)?.voidBecause).toBe(null)
    for (const unit of UNITS) expect(subject.evaluation.inFlightTo(keyOf(device), unit)).toBe(0n)
    expect(subject.evaluation.incomingTo(keyOf(device))).toEqual([])
    reached.note(
      'in flight before',
      before.some((amount) => amount > 0n),
    )
  }
}

/** Everything of a world in a random order, some of it twice. */
function arrivals(world: World, draw: Choices): Item[] {
  const items = itemsOf(world.all())
  return draw.shuffled([...items, ...items.filter(() => draw.chance(30))])
}

/** A replica that got everything, in a random order. */
function filled(world: World, draw: Choices, step?: (subject: Subject) => void): Subject {
  const subject = new Subject(world)
  for (const item of arrivals(world, draw)) subject.receive(item, () => step?.(subject))
  expect(subject.isStuck).toBe(false)
  return subject
}

function honestDevices({ world, isHostile }: Mesh): number[] {
  return [...Array(world.deviceCount).keys()].filter((device) => !isHostile[device])
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
function writeAdvised(subject: Subject, device: number): number {
  const { world, evaluation, store } = subject
  const [prev = -1] = world.headsOf(store.commits, device)
  const past = prev < 0 ? 0n : world.at(prev).past
  const proofs = [...storedForks(world, store).values()].flatMap((it) => it.commits)
  const incoming = evaluation.incomingTo(keyOf(device)).map((order) => subject.idOf(order))
  const seen = [...new Set([...incoming, ...proofs.filter((it) => !has(past, it))])]
  const id = world.commit(device, prev, { epoch: subject.tip, seen })
  subject.receive({ kind: 'commit', id })
  return id
}
