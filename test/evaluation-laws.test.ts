import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import type { Choices } from './evaluation/choices.ts'
import { UNITS, expectAgreement, said } from './evaluation/comparison.ts'
import { generateHistory } from './evaluation/history-generator.ts'
import type { Mesh } from './evaluation/mesh.ts'
import { evaluate } from './evaluation/oracle.ts'
import { Reached } from './evaluation/reached.ts'
import { Subject, itemsOf } from './evaluation/subject.ts'
import type { Item } from './evaluation/subject.ts'
import { has, ids, keyOf } from './evaluation/world.ts'
import type { World } from './evaluation/world.ts'

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

/** Stops in time to report what failed: histories of hundreds of numbers shrink for minutes. */
function runs(numRuns: number): fc.Parameters<[Choices]> {
  return { numRuns, interruptAfterTimeLimit: 45_000 }
}

function honestDevices({ world, isHostile }: Mesh): number[] {
  return [...Array(world.deviceCount).keys()].filter((device) => !isHostile[device])
}

test('a replica says what the rules say, after every commit and seal, in any order of arrival', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
      const { world } = generateHistory(draw)
      const replicas = [1, 2].map(() =>
        filled(world, draw, (subject) => {
          const rules = evaluate(world, subject.store, subject.tip)
          expectAgreement(subject, rules)
        }),
      )
      const [first] = replicas as [Subject, Subject]
      for (const replica of replicas) expect(said(replica)).toEqual(said(first))
      reached.noteHistory(world, evaluate(world, world.all(), first.tip))
    }),
    runs(150),
  )
  reached.expectAtLeast({ fork: 50, 'settled branch of a fork': 20, late: 60, contested: 50, hidden: 60 })
  reached.expectAtLeast({ 'endorsed and bad': 10, 'sibling seals': 20, uncovered: 15, 'void-before': 20 })
  reached.expectAtLeast({ 'epoch-outdated': 15 })
})

test('equal sets give equal states, whatever the order', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
      const { world } = generateHistory(draw)
      const first = filled(world, draw)
      for (const replica of [1, 2, 3].map(() => filled(world, draw)))
        expect(said(replica)).toEqual(said(first))
      reached.noteHistory(world, evaluate(world, world.all(), first.tip))
    }),
    runs(300),
  )
  reached.expectAtLeast({ fork: 110, deficit: 3, 'issued aside': 3, 'sibling seals': 50, malformed: 3 })
  reached.expectAtLeast({ 'accepted and bad': 4 })
})

test('a verdict is the same in a store that holds nothing but the causal past', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
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
    }),
    runs(200),
  )
  reached.expectAtLeast({ accepts: 50, void: 50, smaller: 500 })
})

test('what counts under a frontier counts as long as that seal is on the line', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
      const { world } = generateHistory(draw)
      const settled = new Map<string, { id: number; seal: number; counted: number[] }>()
      filled(world, draw, (subject) => {
        const line = world.line(subject.tip)
        for (const { id, seal, counted } of settled.values()) {
          const isOnLine = line.some((it) => it.id === seal)
          reached.note('seal left the line', !isOnLine)
          if (!isOnLine) continue
          expect(subject.standing(id).isSettled).toBe(true)
          expect(subject.standing(id).isVisible).toBe(true)
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
    }),
    runs(150),
  )
  reached.expectAtLeast({ 'settled acts': 60, 'seal left the line': 100 })
})

test('every unit adds up at every step', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
      const { world } = generateHistory(draw)
      let inFlight = 0n
      let deficits = 0n
      filled(world, draw, ({ evaluation }) => {
        for (const unit of UNITS) {
          const sums = evaluation.sums(unit)
          expect(sums.consumed + sums.held - sums.deficits + sums.inFlight).toBe(sums.issued)
          inFlight += sums.inFlight
          deficits += sums.deficits
        }
      })
      reached.note('in flight', inFlight > 0n)
      reached.note('deficits', deficits > 0n)
    }),
    runs(300),
  )
  reached.expectAtLeast({ 'in flight': 200, deficits: 3 })
})

test('honest devices are never below zero, their debits never void, their facts always booked', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
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
    }),
    runs(200),
  )
  reached.expectAtLeast({ 'late fact': 40, 'accepted and bad': 3 })
})

test('nothing stays in flight to an honest device that lists what it is advised to', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => {
      const mesh = generateHistory(draw)
      const { world } = mesh
      const subject = filled(world, draw)
      if (draw.chance(50)) settleAll(subject)
      for (const device of honestDevices(mesh)) {
        const before = UNITS.map((unit) => subject.evaluation.inFlightTo(keyOf(device), unit))
        const id = writeAdvised(subject, device)
        expect(subject.verdicts.get(id)?.voidBecause).toBe(null)
        for (const unit of UNITS) expect(subject.evaluation.inFlightTo(keyOf(device), unit)).toBe(0n)
        const order = subject.orderOf(id)
        expect(subject.evaluation.forksUnknownTo(order)).toEqual([])
        expect(subject.evaluation.incomingTo(keyOf(device))).toEqual([])
        reached.note(
          'in flight before',
          before.some((amount) => amount > 0n),
        )
      }
    }),
    runs(300),
  )
  reached.expectAtLeast({ 'in flight before': 200 })
})

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

/** Writes a commit that lists exactly what the evaluation advises, and cites the winning epoch. */
function writeAdvised(subject: Subject, device: number): number {
  const { world, evaluation, store } = subject
  const [prev = -1] = world.headsOf(store.commits, device)
  const orders = [
    ...evaluation.incomingTo(keyOf(device)),
    ...evaluation.forksUnknownTo(prev < 0 ? -1 : subject.orderOf(prev)).flatMap((it) => it.commits),
  ]
  const seen = [...new Set(orders)].map((order) => subject.idOf(order))
  const id = world.commit(device, prev, { epoch: subject.tip, seen })
  subject.receive({ kind: 'commit', id })
  return id
}
