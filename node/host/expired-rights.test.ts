import { beforeEach, expect, test, vi } from 'vitest'
import type { Signer } from '#protocol/identity'
import type { ExpiringGrant, LedgerEntry } from '#protocol/ledger'
import type { MemoryNode } from '#simulations/mesh'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { hand, idOf, ledgerOf, ledgerSection, move, unitOf } from '../../test/actors/ledger-hand.ts'
import { MemorySource } from '../../test/actors/memory-source.ts'
import { ExpiredRights } from './expired-rights.ts'

const EXPIRED_MS = 1_000
const NOW_MS = 2_000

let coop: TestCoop
let till: MemoryNode & { signer: Signer }
let unit: string
/** Places of the log that were read. */
let read: number[]

beforeEach(() => {
  coop = testCoop(1)
  till = coop.admit('venue')
  read = []
  coop.mesh.connect(coop.founder, till)
  coop.mesh.settle()
  const definition = unitOf({ nonce: coop.random.bytes(16) })
  unit = idOf(coop.founderSigner.publicKey, definition)
  must(coop.founder.author([ledgerSection({ t: 'define', unit: definition }, move('issue', unit, 1_000))]))
})

/** A right that the founder hands to the till. */
function grant(amount: number, expiresMs: number): LedgerEntry {
  return { ...hand(till.signer.publicKey, unit, amount), expiresMs } as LedgerEntry
}

function give(...entries: LedgerEntry[]): void {
  must(coop.founder.author([ledgerSection(...entries)]))
  coop.mesh.settle()
}

function sell(amount: number): void {
  must(till.author([ledgerSection(move('consume', unit, amount))]))
}

async function at(
  rights: ExpiredRights,
  nowMs: number,
  of?: string,
): Promise<[unit: string, amount: bigint][]> {
  const source = new MemorySource(till)
  const counting = {
    replica: source.replica,
    read: async (orders: readonly number[]) => {
      const records = await source.read(orders)
      read.push(...orders.slice(0, records.length))
      return records
    },
    durable: async () => source.durable(),
  }
  const about = { source: counting, ledger: ledgerOf(till.replica) }
  const found = await rights.at(nowMs, of === undefined ? about : { ...about, unit: of })
  return found.map((it) => [it.unit, it.amount])
}

test('what was taken up is gone on from, and is what one finds who begins anew', async () => {
  const rights = new ExpiredRights()
  for (let round = 0; round < 12; round += 1) {
    if (round % 3 === 0) give(grant(5, EXPIRED_MS), grant(7, NOW_MS + round))
    const has = Number(till.replica.spendable(unit))
    if (has > 0) sell(round === 7 ? has : Math.min(has, 1 + (round % 4)))
    for (const nowMs of [EXPIRED_MS, NOW_MS + 6, NOW_MS + 100])
      expect(await at(rights, nowMs)).toEqual(await at(new ExpiredRights(), nowMs))
  }
  expect((await at(rights, NOW_MS + 100)).length).toBeGreaterThan(0)
})

test('a till that sells on after a right of it has expired reads none of its sales twice', async () => {
  give(grant(5, EXPIRED_MS), hand(till.signer.publicKey, unit, 500))
  const rights = new ExpiredRights()
  for (let sale = 0; sale < 100; sale += 1) {
    sell(1)
    await at(rights, NOW_MS, unit)
  }
  // Once the right is used up nothing is read any more.
  expect(read.length).toBeLessThanOrEqual(6)
  expect(await at(rights, NOW_MS, unit)).toEqual([])
  give(grant(9, EXPIRED_MS))
  sell(1)
  expect(await at(rights, NOW_MS, unit)).toEqual([[unit, 8n]])
  expect(await at(new ExpiredRights(), NOW_MS, unit)).toEqual([[unit, 8n]])
})

test('a disk that fails while rights are looked for is asked again, and nothing is forgotten', async () => {
  give(grant(5, EXPIRED_MS))
  sell(1)
  const rights = new ExpiredRights()
  const failing = {
    replica: till.replica,
    read: async () => Promise.reject(new Error('the disk failed')),
    durable: async () => undefined,
  }
  const about = { source: failing, ledger: ledgerOf(till.replica) }
  await expect(rights.at(NOW_MS, about)).rejects.toThrow('the disk failed')
  expect(await at(rights, NOW_MS)).toEqual([[unit, 4n]])
})

test('rights that nobody could give, of thousands of units, cost a sale nothing', async () => {
  give(grant(5, EXPIRED_MS))
  sell(1)
  const ledger = ledgerOf(till.replica)
  const theirs = Array.from({ length: 3_000 }, (_, act): ExpiringGrant => {
    return { order: 1, act, unit: `stock-${act}`, amount: 1n, expiresMs: EXPIRED_MS }
  })
  const known = ledger.grantsTo(till.replica.device ?? '')
  vi.spyOn(ledger, 'grantsTo').mockReturnValue([...known, ...theirs])
  const acceptedBy = vi.spyOn(till.replica.epochs.evaluation, 'acceptedBy')
  const rights = new ExpiredRights()
  expect(await at(rights, NOW_MS, unit)).toEqual([[unit, 4n]])
  expect(await at(rights, NOW_MS, unit)).toEqual([[unit, 4n]])
  expect(acceptedBy.mock.calls.length).toBeLessThanOrEqual(2)
})
