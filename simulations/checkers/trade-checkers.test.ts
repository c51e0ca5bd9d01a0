import { describe, expect, test, vi } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import { LEDGER } from '#protocol/ledger'
import type { Replica } from '#protocol/replica'
import { Cover } from '../../protocol/evaluation/cover.ts'
import type { VoidReason } from '../../protocol/evaluation/cover.ts'
import { CALM, names, nodeOf, spoilt } from '../../test/actors/calm-world.ts'
import { hand, ledgerSection } from '../../test/actors/ledger-hand.ts'
import type { SimNode } from '../peers/index.ts'
import type {
  AuthorityConfig,
  Decision,
  ScriptedAct,
  TradeConfig,
  World,
  WorldConfig,
} from '../world/index.ts'

const SECOND = 1_000_000

const TRADE: TradeConfig = {
  ...{ kind: 'stock', units: 2, supply: 60, relayMax: null, spread: 'even', forecastError: 0 },
  ...{ isAsking: true, marks: null, customers: 60, itemsMax: 2, rush: 1, cheatActs: 4 },
  ...{ fromUs: 2 * SECOND, untilUs: 50 * SECOND, patienceUs: SECOND },
}

function scripted(act: Partial<ScriptedAct> & Pick<ScriptedAct, 'what' | 'atUs'>): ScriptedAct {
  return { forUs: 0, by: -1, of: -1, change: null, yes: null, groups: null, times: 1, everyUs: 0, ...act }
}

const SHOPS: Partial<WorldConfig> = { trade: TRADE, workload: { ...CALM.workload, lists: 0, edits: 0 } }

/** Person 5 is cut off with some others, is closed meanwhile, sells on, and is back. */
function closing(group: readonly number[]): Partial<WorldConfig> {
  const authority: AuthorityConfig = {
    ...{ stewards: 3, quorum: 'two-thirds', recovery: 'kits', doubleSigners: 0, admitters: 1, joiners: 0 },
    ...{ proposals: 0, suspensions: 0, leaves: 0, recoveries: 0, approval: 1 },
    ...{ considerUs: { kind: 'constant', value: SECOND }, lookEveryUs: 30 * SECOND, lineUsMax: 10 * SECOND },
    script: [
      scripted({ what: 'partition', atUs: 6 * SECOND, forUs: 36 * SECOND, groups: [group] }),
      scripted({ what: 'propose', atUs: 8 * SECOND, by: 0, of: 5, change: 'close', yes: [0, 1, 2] }),
    ],
  }
  return {
    ...{ ...SHOPS, authority, phases: { ...CALM.phases, isWhole: true } },
    trade: { ...TRADE, customers: 200, units: 1, supply: 150, marks: { low: 40, high: 80 } },
  }
}

/** Members, and two who collude across a partition, or whoever else cheats. */
function cheating(
  adversaries: Partial<WorldConfig['adversaries']>,
  trade: Partial<TradeConfig> = {},
): Partial<WorldConfig> {
  return {
    ...SHOPS,
    topology: { kind: 'full', nodes: 8 },
    adversaries: { ...CALM.adversaries, ...adversaries },
    trade: { ...TRADE, ...trade },
  }
}

/** A rule of the books that no replica keeps any more. */
function without<T>(reasons: readonly VoidReason[], run: () => T): T {
  const judge = Cover.prototype.judge
  const spy = vi.spyOn(Cover.prototype, 'judge').mockImplementation(function (this: Cover, ...given) {
    const judgement = judge.apply(this, given)
    const isOff = judgement.voidBecause !== null && reasons.includes(judgement.voidBecause)
    return isOff ? { ...judgement, voidBecause: null } : judgement
  })
  try {
    return run()
  } finally {
    spy.mockRestore()
  }
}

/** Does something to the replicas of all but one person, of whose device they get the key. */
function toOthers(world: World, but: number, spoil: (replica: Replica, key: string) => void): void {
  const { device: key } = world.nodes.find((it) => it.number === world.roles.members[but]) ?? expect.fail()
  for (const { replica, device } of world.nodes) if (replica !== null && device !== key) spoil(replica, key)
}

function booksAt(world: World, at: number): NonNullable<SimNode['replica']>['epochs']['evaluation'] {
  return nodeOf(world, at).replica?.epochs.evaluation ?? expect.fail('no books')
}

test('a calm trade has no violation: all that can be sold is sold once', () => {
  const { world, found } = spoilt({}, SHOPS)
  expect(found).toEqual([])
  const { itemsSold = 0, itemsLeft = 0, itemsRefused = 0, rightsGranted = 0 } = world.metrics
  expect(itemsSold + itemsLeft).toBe(120)
  expect([itemsSold > 60, itemsRefused, rightsGranted > 0]).toEqual([true, 0, true])
})

test('one seed gives one trade, also when what happens in it is handed in', () => {
  const shops = { ...SHOPS, trade: { ...TRADE, spread: 'forecast' as const } }
  const { world } = spoilt({}, shops)
  const { world: again } = spoilt({}, shops, world.trace)
  expect([again.metrics, again.reached]).toEqual([world.metrics, world.reached])
})

describe('each checker catches what it is there for', () => {
  test('unit-law: books that lose a sale', () => {
    const amid = (world: World): void => {
      const books = booksAt(world, 2)
      const totals = books.totals.bind(books)
      books.totals = (unit) => ({ ...totals(unit), used: totals(unit).used - 1n })
    }
    expect(names(spoilt({ amid }, SHOPS).found)).toEqual(['unit-law'])
  })

  test('recount: a balance that is not what the commits say', () => {
    const amid = (world: World): void => {
      for (const node of world.nodes) {
        const books = node.replica?.epochs.evaluation ?? expect.fail('no books')
        const balances = books.balances.bind(books)
        books.balances = () => balances().map((it) => ({ ...it, holding: it.holding + 1n }))
      }
    }
    expect(names(spoilt({ amid }, SHOPS).found)).toEqual(['recount'])
  })

  test('equal-books: a replica whose balances differ from those of others with the same commits', () => {
    const amid = (world: World): void => {
      const ledger = nodeOf(world, 3).replica?.document(LEDGER) ?? expect.fail('no ledger')
      ledger.stateHash = () => new Uint8Array(32)
    }
    expect(names(spoilt({ amid }, SHOPS).found)).toEqual(['equal-books', 'equal-states'])
  })

  test('honest-accounts: an author that does not ask its books before it signs', () => {
    const amid = (world: World): void => {
      const { replica } = nodeOf(world, 1)
      if (replica === null) return
      replica.spendable = () => 1_000n
      const judge = replica.epochs.evaluation.judge.bind(replica.epochs.evaluation)
      replica.epochs.evaluation.judge = (draft) => ({ ...judge(draft), voidBecause: null })
    }
    const scarce = { ...SHOPS, trade: { ...TRADE, supply: 12, customers: 200 } }
    expect(names(spoilt({ amid }, scarce).found)).toContain('honest-accounts')
  })

  test('honest-accounts and no-oversell: nobody keeps the rule that what is spent must be held', () => {
    const amid = (world: World): void => {
      for (const { replica } of world.nodes) if (replica !== null) replica.spendable = () => 1_000n
    }
    const scarce = { ...SHOPS, trade: { ...TRADE, supply: 12, customers: 200 } }
    const { found } = without(['uncovered'], () => spoilt({ amid }, scarce))
    expect(names(found)).toEqual(['honest-accounts', 'no-oversell'])
  })

  test('booked-sales: replicas that leave out what a closed device sold', () => {
    const { world, found } = spoilt({ seed: 1 }, closing([4, 5]))
    expect(found).toEqual([])
    expect(world.reached['sold-late']).toBeGreaterThan(0)
    expect(world.reached['accepted-late']).toBeGreaterThan(0)
    const amid = (spoiltWorld: World): void =>
      toOthers(spoiltWorld, 5, ({ history, epochs }, closed) => {
        const append = epochs.evaluation.append.bind(epochs.evaluation)
        epochs.evaluation.append = (order, epoch, acts, isOutdated) => {
          const isClosed = toHex(history.keyOf(history.deviceOf(order))) === closed
          return append(order, epoch, isClosed ? [] : acts, isOutdated)
        }
      })
    expect(names(spoilt({ seed: 1, amid }, closing([4, 5])).found)).toContain('booked-sales')
  })

  test('booked-sales: what a closed device sold is taken in by nobody', () => {
    const amid = (world: World): void =>
      toOthers(world, 5, (replica, closed) => {
        const ingest = replica.ingest.bind(replica)
        replica.ingest = (records) => ingest(records.filter(({ header }) => toHex(header.device) !== closed))
      })
    expect(names(spoilt({ amid }, closing([5])).found)).toEqual(['booked-sales', 'handed-in'])
  })

  test('accepted-rights: a replica that takes back what was accepted', () => {
    let isTaken = false
    const amid = (world: World): void => {
      world.check('running')
      const books = booksAt(world, 0)
      const acceptedBy = books.acceptedBy.bind(books)
      books.acceptedBy = (name) => (isTaken ? [] : acceptedBy(name))
      isTaken = true
    }
    expect(names(spoilt({ amid }, SHOPS).found)).toContain('accepted-rights')
  })

  test('cheat-gain: cheats hand over more than they have, and nobody minds', () => {
    const config = cheating({ colluders: 1 }, { relayMax: 1, units: 1 })
    const honest = spoilt({ seed: 2 }, config)
    expect(names(honest.found)).toEqual([])
    expect(honest.world.reached['spent-twice']).toBeGreaterThan(0)
    expect(honest.world.reached['deficit-booked']).toBeGreaterThan(0)
    const before = ({ trade }: World): void => {
      const cheat = trade?.cheat.bind(trade)
      if (trade === null || cheat === undefined) return
      trade.cheat = (decision, faces) => {
        for (const { replica } of faces?.writers() ?? [])
          if (replica !== null) replica.spendable = () => 1_000n
        cheat(decision, faces)
      }
    }
    const { found } = without(['uncovered', 'relay-limit'], () => spoilt({ seed: 2, before }, config))
    expect(names(found)).toContain('cheat-gain')
  })

  test('cheat-gain: nobody keeps the relay limit, and an accomplice passes on to a venue what that venue was given already', () => {
    const config = cheating({ colluders: 1 }, { relayMax: 1, units: 1, customers: 0, isAsking: false })
    const { colluders, members } = spoilt({}, config, []).world.roles
    const [first, second] = colluders[0] ?? expect.fail('nobody colludes')
    const groups = [members.slice(0, 3), members.slice(3)]
    const [venue = 0] = groups[0] ?? []
    const at = (
      what: Decision['what'],
      seconds: number,
      node: number,
      rest: Partial<Decision> = {},
    ): Decision => ({
      ...{ key: seconds, what, atUs: seconds * SECOND, node, peer: -1, forUs: 0, ...rest },
    })
    const decisions = [
      at('customer', 3, venue),
      at('partition', 5, first, { forUs: 40 * SECOND, groups }),
      // The accomplice spends before it hears of the first's other history, and is heard of when the venue has accepted that.
      at('partition', 4, -1, { forUs: 12 * SECOND, groups: [[second]] }),
      at('fork', 6, first, { groups }),
      at('fork', 7, second, { groups: groups.toReversed() }),
      at('cheat', 10, first),
      at('customer', 14, venue),
      at('cheat', 11, second),
      at('customer', 20, venue),
    ]
    const before = (world: World): void => {
      const { trade } = world
      const [{ unit } = expect.fail('no unit')] = trade?.units ?? []
      const keyAt = (place: number): Uint8Array => {
        const node = world.nodes.find((it) => it.number === place)
        return node?.signer?.publicKey ?? secondKey
      }
      const secondKey = fromHex([...(trade?.cheats ?? [])][1] ?? '') ?? expect.fail('no accomplice')
      const give = (node: SimNode, to: Uint8Array): unknown =>
        node.write(() => ledgerSection(hand(to, unit, node.replica?.spendable(unit) ?? 0n)))
      if (trade === null) return
      trade.cheat = ({ node }, faces) => {
        const [one, other] = faces?.writers() ?? []
        if (faces === undefined || one === undefined || other === undefined) return
        const near = faces.faceFor(venue)
        if (node === second) faces.collude()
        give(near, keyAt(venue))
        if (node === first) give(near === one ? other : one, secondKey)
      }
    }
    expect(spoilt({ before }, config, decisions).found).toEqual([])
    const { found } = without(['relay-limit'], () => spoilt({ before }, config, decisions))
    expect(names(found)).toContain('cheat-gain')
  })
})
