import { EventEmitter } from 'node:events'
import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Section } from '#protocol/commit'
import type { Signer } from '#protocol/identity'
import type { LedgerEntry, UnitDefinition } from '#protocol/ledger'
import type { MemoryNode } from '#simulations/mesh'
import { CoopError } from '#node/errors'
import type { ErrorCode } from '#node/errors'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { hand, heldBy, idOf, ledgerOf, ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { MemorySource } from '../../test/actors/memory-source.ts'
import type { CoopNode } from './coop-node.ts'
import { LedgerDesk } from './ledger-desk.ts'
import { RightsHand } from './rights-hand.ts'
import type { RightsHandParts } from './rights-hand.ts'

const NOW_MS = 1_900_000_000_000
const HOUR_MS = 3_600_000

/** As the engine has it. */
const CODES: Readonly<Record<string, ErrorCode>> = { uncovered: 'not-covered', 'relay-limit': 'relay-limit' }

let coop: TestCoop
let till: MemoryNode & { signer: Signer }
let asked: string[]
let warnings: string[]

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS })
  coop = testCoop(1)
  till = coop.admit('venue')
  coop.mesh.nowMs = NOW_MS
  asked = []
  warnings = []
  coop.mesh.connect(coop.founder, till)
  coop.mesh.settle()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The founder, who may be anybody, makes a unit and hands some of it to the till. */
function given(part: Partial<UnitDefinition>, ...grants: { amount: bigint; expiresMs?: number }[]): string {
  const { founder, founderSigner, mesh } = coop
  const definition = unitOf({ nonce: coop.random.bytes(16), ...part })
  const unit = idOf(founderSigner.publicKey, definition)
  const total = grants.reduce((sum, it) => sum + it.amount, 0n)
  const to = till.signer.publicKey
  const handed = grants.map((it): LedgerEntry => ({ ...hand(to, unit, it.amount), ...it }))
  must(
    founder.author([ledgerSection({ t: 'define', unit: definition }, move('issue', unit, total), ...handed)]),
  )
  mesh.settle()
  return unit
}

/** A till whose clock says `nowMs`, for as long as its hand needs for one look. */
async function look(marked: readonly string[] = []): Promise<void> {
  const { replica } = till
  const engine = Object.assign(new EventEmitter(), {
    ...{ replica, writeRefusal: null },
    append: async (sections: readonly Section[]) => {
      const result = till.author(sections)
      if (!result.ok) throw new CoopError(CODES[result.refusal] ?? 'refused', result.refusal, '')
      return result.commit
    },
    read: async (orders: readonly number[]) => new MemorySource(till).read(orders),
    durable: async () => undefined,
  })
  const parts = {
    ...{ engine, ledger: new LedgerDesk({ membership: { engine } } as unknown as CoopNode) },
    rights: {
      refill: async ({ id }: { id: string }) => {
        asked.push(id)
        return null
      },
    },
    marks: { all: marked.map((it) => [it, { low: 5n, high: 9n }]) },
    log: { ...pino({ level: 'silent' }), warn: (_: unknown, text: string) => warnings.push(text) },
  } as unknown as RightsHandParts
  const doing = new RightsHand(parts)
  await vi.advanceTimersByTimeAsync(1_000)
  doing.close()
  coop.mesh.settle()
}

function heldHere(unit: string): bigint {
  return heldBy(till.replica, till.signer.publicKey, unit)
}

test('what expired goes home by itself, and what has not stays', async () => {
  const unit = given({}, { amount: 7n, expiresMs: NOW_MS - 1 }, { amount: 3n, expiresMs: NOW_MS + HOUR_MS })
  await look()
  await look()
  expect(heldHere(unit)).toBe(3n)
  expect(heldBy(coop.founder.replica, coop.founderSigner.publicKey, unit)).toBe(0n)
  expect(ledgerOf(till.replica).books.totals(unit).inFlight).toBe(7n)
})

test('an expired right that may not be passed on is handed back, and keeps nothing else from being done', async () => {
  const bound = given({ relayMax: 0n }, { amount: 7n, expiresMs: NOW_MS - 1 })
  const other = given({}, { amount: 4n, expiresMs: NOW_MS - 1 })
  await look([bound])
  await look([bound])
  expect(warnings).toEqual([])
  expect([heldHere(bound), heldHere(other), asked.length > 0]).toEqual([0n, 0n, true])
  expect(ledgerOf(till.replica).books.totals(bound).returned).toBe(7n)
})

test('a device that names this one in very many rights that expire does not bring it down', async () => {
  const thrown: unknown[] = []
  const note = (cause: unknown): void => void thrown.push(cause)
  process.on('unhandledRejection', note)
  vi.spyOn(ledgerOf(till.replica), 'grantsTo').mockReturnValue(
    Array.from({ length: 150_000 }, (_, act) => {
      return { order: 1, act, unit: 'stock-x', amount: 1n, expiresMs: NOW_MS + HOUR_MS }
    }),
  )
  given({}, { amount: 1n })
  await look()
  await vi.advanceTimersByTimeAsync(1)
  process.off('unhandledRejection', note)
  expect([thrown, warnings]).toEqual([[], []])
})

test('hundreds of units that expired cost a till little: none of those that it does not have, few commits for those that it has', async () => {
  const { founder, founderSigner, random } = coop
  const definitions = Array.from({ length: 600 }, () => {
    return unitOf({ nonce: random.bytes(16), expiresMs: NOW_MS - 1, supply: 1n })
  })
  must(founder.author([ledgerSection(...definitions.map((unit) => ({ t: 'define' as const, unit })))]))
  coop.mesh.settle()
  const spendable = vi.spyOn(till.replica, 'spendable')
  await look()
  expect(spendable.mock.calls.length).toBeLessThanOrEqual(2)
  const units = definitions.slice(0, 500).map((it) => idOf(founderSigner.publicKey, it))
  const to = till.signer.publicKey
  must(founder.author([ledgerSection(...units.flatMap((it) => [move('issue', it, 1), hand(to, it, 1)]))]))
  coop.mesh.settle()
  const before = till.log.length
  await look()
  expect(units.filter((it) => heldHere(it) > 0n)).toEqual([])
  expect(till.log.length - before).toBeLessThanOrEqual(4)
})

test('a till whose clock is a year ahead gives nothing away for that', async () => {
  const later = NOW_MS + 30 * 24 * HOUR_MS
  const granted = given({}, { amount: 7n, expiresMs: later })
  const season = given({ expiresMs: later }, { amount: 5n })
  await look()
  vi.setSystemTime(NOW_MS + 365 * 24 * HOUR_MS)
  await look([granted])
  await look([granted])
  expect([heldHere(granted), heldHere(season)]).toEqual([7n, 5n])
  expect(ledgerOf(till.replica).books.totals(season).returned).toBe(0n)
  vi.setSystemTime(NOW_MS + HOUR_MS)
  await look()
  expect([heldHere(granted), heldHere(season)]).toEqual([7n, 5n])
})
