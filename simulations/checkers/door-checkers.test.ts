import { afterEach, describe, expect, test, vi } from 'vitest'
import { EventState } from '#protocol/event'
import { Replica } from '#protocol/replica'
import { Cover } from '../../protocol/evaluation/cover.ts'
import { CALM, names, nodeOf, spoilt } from '../../test/actors/calm-world.ts'
import type { DoorConfig, TradeConfig, World, WorldConfig } from '../world/index.ts'

const SECOND = 1_000_000

const EVENT: DoorConfig = {
  ...{ room: 36, isOpen: false, exposure: 4, clones: 0.2, atHome: 0.7 },
  ...{ stayUs: 15 * SECOND, lostAfterUs: null },
}

/** Six gates, and a hundred visitors of whom a fifth shows a copy. */
function gates(event: Partial<DoorConfig> = {}, changes: Partial<WorldConfig> = {}): Partial<WorldConfig> {
  const trade: TradeConfig = {
    ...{ kind: 'seat', units: 1, supply: 100, relayMax: null, spread: 'even', forecastError: 0 },
    ...{ isAsking: true, marks: null, customers: 100, itemsMax: 1, rush: 0, cheatActs: 4 },
    ...{ fromUs: 5 * SECOND, untilUs: 50 * SECOND, patienceUs: 2 * SECOND, event: { ...EVENT, ...event } },
  }
  return { trade, workload: { ...CALM.workload, lists: 0, edits: 0 }, ...changes }
}

function eventAt(world: World, at: number): EventState {
  const state = nodeOf(world, at).replica?.document(world.trade?.doors?.event ?? '')
  return state instanceof EventState ? state : expect.fail('no event')
}

afterEach(() => {
  vi.restoreAllMocks()
})

test('calm gates admit everybody once who has a ticket, while there is room', () => {
  const { world, found } = spoilt({}, gates())
  expect(found).toEqual([])
  const { visitorsAdmitted = 0, visitorsRefused = 0, bucketsFetched = 0 } = world.metrics
  expect(visitorsAdmitted).toBeGreaterThan(50)
  expect(visitorsRefused).toBeGreaterThan(10)
  expect(bucketsFetched).toBeGreaterThan(5)
  expect(eventAt(world, 3).tally()).toMatchObject({ sold: 100, admitted: visitorsAdmitted, doubles: 0 })
})

test('one seed gives one event, also when what happens in it is handed in', () => {
  const { world } = spoilt({}, gates())
  const { world: again } = spoilt({}, gates(), world.trace)
  expect([again.metrics, again.reached]).toEqual([world.metrics, world.reached])
})

test('open gates that are cut off from each other admit copies, and find them', () => {
  const partitions = {
    ...CALM.faults,
    partitions: 6,
    cutUs: { kind: 'constant', value: 20 * SECOND },
  } as const
  const { world, found } = spoilt(
    {},
    gates({ isOpen: true, clones: 0.5, room: null }, { faults: partitions }),
  )
  expect(found).toEqual([])
  expect(world.reached['double-found']).toBeGreaterThan(0)
})

test('a cheat that gives its bucket away on two histories gains one more admission', () => {
  const cheats = {
    topology: { kind: 'full', nodes: 8 },
    adversaries: { ...CALM.adversaries, forkers: 1 },
  } as const
  const { world, found } = spoilt({}, gates({ clones: 0.5, room: null }, cheats))
  expect(found).toEqual([])
  expect(world.reached['spent-twice']).toBeGreaterThan(0)
})

describe('each checker catches what it is there for', () => {
  test('no-double-admission: gates that forget who went in', () => {
    vi.spyOn(EventState.prototype, 'passesOf').mockReturnValue([])
    expect(names(spoilt({}, gates({ room: null, clones: 0.5 })).found)).toEqual(['no-double-admission'])
  })

  test('room-capacity: gates that let people in for whom there is no room', () => {
    const judge = Cover.prototype.judge
    vi.spyOn(Cover.prototype, 'judge').mockImplementation(function (this: Cover, ...given) {
      return { ...judge.apply(this, given), voidBecause: null }
    })
    vi.spyOn(Replica.prototype, 'spendable').mockReturnValue(1n)
    const { found } = spoilt({}, gates({ room: 6, clones: 0, stayUs: 60 * SECOND }))
    expect(names(found)).toContain('room-capacity')
  })

  test('equal-statistics: a node that counts otherwise', () => {
    const amid = (world: World): void => {
      const state = eventAt(world, 2)
      const tally = state.tally.bind(state)
      state.tally = () => ({ ...tally(), refused: 7 })
    }
    expect(names(spoilt({ amid }, gates()).found)).toEqual(['equal-statistics'])
  })

  test('doubles-found: a double that nobody tells of', () => {
    const faults = { ...CALM.faults, partitions: 6, cutUs: { kind: 'constant', value: 20 * SECOND } } as const
    const amid = (world: World): void => {
      for (const at of world.nodes.keys()) {
        const state = eventAt(world, at)
        const tally = state.tally.bind(state)
        state.tally = () => ({ ...tally(), doubles: 0 })
      }
    }
    const { found } = spoilt({ amid }, gates({ isOpen: true, clones: 0.5, room: null }, { faults }))
    expect(names(found)).toEqual(['doubles-found'])
  })
})
