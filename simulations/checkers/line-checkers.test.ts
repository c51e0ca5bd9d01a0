import { describe, expect, test } from 'vitest'
import { equalBytes, toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { CALM, names, spoilt, takeNothing } from '../../test/actors/calm-world.ts'
import type { SimNode } from '../peers/index.ts'
import type { AuthorityConfig, ScriptedAct, World, WorldConfig } from '../world/index.ts'

const SECOND = 1_000_000
const DAY_MS = 86_400_000
const NOTHING = { forUs: 0, by: -1, of: -1, change: null, yes: null, groups: null, times: 1, everyUs: 0 }

/** Person 5 is cut off with person 3, who takes what it writes; meanwhile the stewards remove it. */
const SCRIPT: readonly ScriptedAct[] = [
  {
    ...NOTHING,
    what: 'partition',
    atUs: 5 * SECOND,
    forUs: 45 * SECOND,
    groups: [
      [3, 5],
      [0, 1, 2, 4],
    ],
  },
  { ...NOTHING, what: 'propose', atUs: 8 * SECOND, by: 0, of: 5, change: 'remove', yes: [0, 1, 2] },
  { ...NOTHING, what: 'list', atUs: 10 * SECOND, by: 5, times: 3, everyUs: SECOND },
  { ...NOTHING, what: 'list', atUs: 15 * SECOND, by: 3 },
  { ...NOTHING, what: 'list', atUs: 20 * SECOND, by: 5, times: 2, everyUs: SECOND },
  { ...NOTHING, what: 'list', atUs: 35 * SECOND, by: 1, times: 4, everyUs: 4 * SECOND },
]

const AUTHORITY: AuthorityConfig = {
  ...{ stewards: 3, quorum: 'two-thirds', recovery: 'kits', doubleSigners: 0, admitters: 1, joiners: 0 },
  ...{ proposals: 0, suspensions: 0, leaves: 0, recoveries: 0, approval: 1 },
  ...{ considerUs: { kind: 'constant', value: SECOND }, lookEveryUs: 30 * SECOND },
  ...{ lineUsMax: 10 * SECOND, script: SCRIPT },
}
const GOVERNED: Partial<WorldConfig> = {
  authority: AUTHORITY,
  phases: { ...CALM.phases, isWhole: true },
  workload: { lists: 0, edits: 0, boards: 1, untilUs: 1 },
}

/** The node of a member by its number in the script. */
function person(world: World, number: number): SimNode & { replica: Replica } {
  const place = world.roles.members[number]
  const node = world.nodes.find((it) => it.number === place)
  if (node === undefined || node.replica === null) return expect.fail('no such person, or it is off')
  return node as SimNode & { replica: Replica }
}

/** Checkers that notice what is planted when half of the time is over. */
function caught(plant: (world: World) => void, when: 'start' | 'amid' | 'healed' = 'amid'): string[] {
  const at = when === 'start' ? { before: (world: World) => later(world, plant) } : { [when]: plant }
  return names(spoilt(at, GOVERNED).found)
}

test('without a bug nothing is found, and all that the checkers look at comes about', () => {
  const { world, found } = spoilt({}, GOVERNED)
  expect(found).toEqual([])
  expect(world.reached).toMatchObject({ sealed: 2, 'member-removed': 1, approved: 3 })
  expect(world.reached['late-shown']).toBeGreaterThan(0)
  expect(world.reached['late-hidden']).toBeGreaterThan(0)
  expect(world.metrics.lineUs).toBeLessThanOrEqual(SECOND)
})

test('a removed device that leaves as well, as others hear later, is not back', () => {
  const leave: ScriptedAct = { ...NOTHING, what: 'leave', atUs: 25 * SECOND, by: 5 }
  // Person 3 takes it, so it is shown.
  const list: ScriptedAct = { ...NOTHING, what: 'list', atUs: 30 * SECOND, by: 3 }
  const authority = { ...AUTHORITY, script: [...SCRIPT, leave, list] }
  const amid = (world: World): void => expect(world.check('running')).toEqual([])
  const { world, found } = spoilt({ amid }, { ...GOVERNED, authority })
  expect(found).toEqual([])
  const gone = world.nodes.find((it) => it.number === world.roles.members[5])
  expect(person(world, 0).replica.authority.statusOf(gone?.device ?? '')).toBe('left')
})

describe('each checker catches what it is there for', () => {
  test('one-line: a node that finds commits late which are not', () => {
    const plant = (world: World): void => {
      const standing = { isContested: false, isLate: true, isSettled: false }
      person(world, 4).replica.epochs.evaluation.standingOf = () => standing
    }
    expect(caught(plant)).toContain('one-line')
  })

  test('quorums: a node to which one steward is a quorum', () => {
    const plant = (world: World): void => decideAlone(person(world, 1))
    const { found } = spoilt({ before: (world) => later(world, plant) }, GOVERNED)
    const detail = found.find((it) => it.checker === 'quorums')?.detail
    expect(detail).toMatch(/1 of 3 stewards signed it, 3 must/)
  })

  test('one-line: nodes on both sides of a partition to which one steward is a quorum', () => {
    const plant = (world: World): void => {
      for (const node of world.nodes) decideAlone(node)
    }
    const groups = [
      [0, 3, 5],
      [1, 2, 4],
    ]
    const asks = { ...NOTHING, what: 'propose', change: 'remove' } as const
    const script: readonly ScriptedAct[] = [
      { ...NOTHING, what: 'partition', atUs: 5 * SECOND, forUs: 45 * SECOND, groups },
      { ...asks, atUs: 8 * SECOND, by: 0, of: 4, yes: [0] },
      { ...asks, atUs: 8 * SECOND, by: 1, of: 5, yes: [1] },
    ]
    const authority = { ...AUTHORITY, script }
    const { found } = spoilt({ before: (world) => later(world, plant) }, { ...GOVERNED, authority })
    const details = found.filter((it) => it.checker === 'one-line').map((it) => it.detail)
    expect(details.join()).toMatch(/two seals of height 2 follow one epoch/)
  })

  test('settled-commits: a node that hides what is settled', () => {
    const plant = (world: World): void => {
      const { visibility } = person(world, 2).replica
      const isVisible = visibility.isVisible.bind(visibility)
      visibility.isVisible = (order) => order !== 1 && isVisible(order)
    }
    expect(caught(plant)).toContain('settled-commits')
  })

  test('cited-epochs: a node that goes on citing the founding epoch', () => {
    const plant = (world: World): void => {
      const { epochs, coop } = person(world, 1).replica
      epochs.toCite = () => coop
    }
    expect(caught(plant)).toContain('cited-epochs')
  })

  test('closed-devices: a node that forgets who was removed', () => {
    const plant = (world: World): void => {
      expect(world.check('running')).toEqual([])
      const { roster } = person(world, 4).replica.authority
      roster.statusOf = () => 'active'
    }
    expect(caught(plant, 'healed')).toContain('closed-devices')
  })

  test('closed-devices: a node whose gate does not follow the roster', () => {
    const plant = (world: World): void => {
      person(world, 4).onDecided = null
    }
    expect(caught(plant)).toContain('closed-devices')
  })

  test('accepted-commits: a node that hides what a closed device wrote and another took in good faith', () => {
    const plant = (world: World): void => {
      const gone = person(world, 5).device
      const { history, visibility } = person(world, 1).replica
      const isVisible = visibility.isVisible.bind(visibility)
      visibility.isVisible = (order) =>
        toHex(history.keyOf(history.deviceOf(order))) !== gone && isVisible(order)
    }
    expect(caught(plant)).toContain('accepted-commits')
  })

  test('handed-in: a node that takes nothing from who is outside', () => {
    const plant = (world: World): void => {
      const gone = person(world, 5).signer?.publicKey ?? new Uint8Array()
      for (const node of world.nodes) {
        const { replica } = node
        if (replica === null || node.device === toHex(gone)) continue
        const ingest = replica.ingest.bind(replica)
        replica.ingest = (records) => ingest(records.filter(({ header }) => !equalBytes(header.device, gone)))
      }
    }
    expect(caught(plant, 'start')).toContain('handed-in')
  })

  test('line-in-time: a node that takes nothing from peers once it is back', () => {
    const plant = (world: World): void => {
      person(world, 3).replica.ingest = takeNothing
    }
    expect(caught(plant)).toContain('line-in-time')
  })

  test('idle-seals: stewards whose clocks jump a day every five seconds', () => {
    const plant = (world: World): void => {
      const days = (): number => Math.floor(world.nowUs / (5 * SECOND))
      const nowMs = { get: () => DAY_MS * days() + Math.floor(world.nowUs / 1_000) }
      for (const node of world.nodes) Object.defineProperty(node, 'nowMs', nowMs)
    }
    const authority = { ...AUTHORITY, lookEveryUs: SECOND }
    expect(names(spoilt({ before: plant }, { ...GOVERNED, authority }).found)).toContain('idle-seals')
  })
})

/** For this node the stewards of the tip need no other one. */
function decideAlone({ replica }: SimNode): void {
  if (replica !== null) Object.defineProperty(replica.authority.epochs.tip, 'quorum', { get: () => 1 })
}

/** Plants something as soon as the founding is over and before anybody asks. */
function later(world: World, plant: (world: World) => void): void {
  const start = world.start.bind(world)
  world.start = () => {
    start()
    plant(world)
  }
}
